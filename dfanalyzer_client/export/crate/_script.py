"""Which file a training was started from, as the recorded command line says.

Nothing is guessed: where the line names no file, or the file is not there any more, the reason is
told instead.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...executions.environment import Environment
from ...keras_schema.names import MASK

__all__ = ["Script", "find_script"]

OURS = ("keras_prov", "dfanalyzer_client.cli")
"""Modules that are the `keras-prov` command."""

RUN_OPTIONS = ("--capture", "--tag", "--store")
"""Options of ``keras-prov run`` that a value follows."""


@dataclass(frozen=True)
class Script:
    """What was run.

    Attributes:
        path: its file, where it still is; else None.
        reason: why there is none, as the end of a sentence.
        changed: when it was changed, if that was after the execution began (UTC).
        command: the command line, as it was recorded.
    """

    path: Path | None = None
    reason: str = ""
    changed: datetime | None = None
    command: str | None = None


@dataclass(frozen=True)
class _Said:
    """What a command line names: a file, or a module, or why neither."""

    file: str = ""
    module: str = ""
    reason: str = ""


def find_script(environment: Environment, began: datetime | None) -> Script:
    """The script of an execution that began then, or why it cannot be found."""
    command = environment.first("process", "command_line")
    if command is None:
        return Script(reason="the command line was not captured (key ENVIRONMENT)")
    folder = environment.first("process", "working_directory")
    notebook = environment.first("process", "notebook")
    said = _Said(notebook) if notebook else _named(command)
    if not said.reason and any(MASK in each for each in (said.file, said.module)):
        said = _Said(reason="its name is masked in the recorded command line")
    if said.reason:
        return Script(reason=said.reason, command=command)
    if _is_installed(said.file, environment.first("python", "executable")):
        reason = f"it was run by the installed command {Path(said.file).name}"
        return Script(reason=reason, command=command)
    for path in _places(said, Path(folder) if folder else None):
        if os.path.isfile(path):  # noqa: PTH113  # Path's raises where a folder is not ours to read
            if not os.access(path, os.R_OK):
                return Script(reason=f"{path} is not ours to read", command=command)
            return Script(path, changed=_changed(path, began), command=command)
    if said.module:
        reason = f"module {said.module} is not in the folder that it was started in"
    else:
        reason = f"file {said.file} is not where it was"
    return Script(reason=reason, command=command)


def _is_installed(file: str, python: str | None) -> bool:
    """Whether a file is a command beside the interpreter, as pytest or torchrun are."""
    return bool(file and python) and Path(file).parent == Path(python or "").parent


def _places(said: _Said, folder: Path | None) -> Iterator[Path]:
    """Where the file may be; a relative path begins at the working directory."""
    if said.file and (folder is not None or Path(said.file).is_absolute()):
        path = (folder or Path()) / said.file
        yield from (path, path / "__main__.py")
    if said.module and folder is not None:
        path = folder.joinpath(*said.module.split("."))
        yield path / "__main__.py"
        yield path.with_name(f"{path.name}.py")


def _changed(path: Path, began: datetime | None) -> datetime | None:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    return changed.replace(microsecond=0) if began is not None and changed > began else None


def _named(command: str) -> _Said:
    """What a command line of Python runs."""
    try:
        words = shlex.split(command)
    except ValueError:  # cut off within a quotation
        return _Said(reason="the recorded command line is not whole")
    said, rest = _of_python(words[1:])
    is_ours = Path(said.file).name == "keras-prov" or said.module in OURS
    return _of_run(rest[1:]) if is_ours and rest[:1] == ["run"] else said


def _of_python(words: Sequence[str]) -> tuple[_Said, list[str]]:
    """What Python's own arguments name, and the arguments after it."""
    position = 0
    while position < len(words):
        word = words[position]
        if word == "-":
            return _Said(reason="the program was read from standard input"), []
        if not word.startswith("-"):
            return _Said(word), list(words[position + 1 :])
        if word == "--check-hash-based-pycs":
            position += 1
        elif found := re.fullmatch(r"-([a-zA-Z]*?)([cmWX])(.*)", word, re.DOTALL):
            value = [found[3]] if found[3] else list(words[position + 1 : position + 2])
            if found[2] == "c":
                return _Said(reason="the program was given on the command line (python -c)"), []
            if found[2] == "m" and value:
                skipped = position + (1 if found[3] else 2)
                return _Said(module=value[0]), list(words[skipped:])
            position += 0 if found[3] else 1
        position += 1
    return _Said(reason="it was typed at a prompt"), []


def _of_run(words: Sequence[str]) -> _Said:
    """What the arguments of ``keras-prov run`` name."""
    is_module, position = False, 0
    while position < len(words):
        word = words[position]
        if not word.startswith("-"):
            return _Said(module=word) if is_module else _Said(word)
        is_module |= word == "-m"
        position += 2 if word in RUN_OPTIONS else 1
    return _Said(reason="the recorded command line names no script")
