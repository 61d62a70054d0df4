"""Find the script of a training from the recorded command line.

Nothing is guessed: if the line names no file, or the file no longer exists, we give the reason.
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

OF_NOTEBOOK = re.compile(r".*, In \[\d+\]")
"""What stands for the command line of a notebook's cell."""

RUN_OPTIONS = ("--capture", "--tag", "--store")
"""Options of ``keras-prov run`` that take a value."""


@dataclass(frozen=True)
class Script:
    """The script that was run.

    Attributes:
        path: its file; None if it cannot be found.
        reason: why it cannot be found, as the end of a sentence.
        changed: when it was changed, if that was after the execution began (UTC).
        command: the command line, as it was recorded.
    """

    path: Path | None = None
    reason: str = ""
    changed: datetime | None = None
    command: str | None = None


@dataclass(frozen=True)
class _Target:
    """What a command line runs: a file, a module, or the reason why neither is known."""

    file: str = ""
    module: str = ""
    reason: str = ""


def find_script(environment: Environment, began: datetime | None) -> Script:
    """The script of an execution that began at `began`, or why it cannot be found."""
    command = environment.first("process", "command_line")
    if command is None:
        return Script(reason="the command line was not captured (key ENVIRONMENT)")
    folder = environment.first("process", "working_directory")
    notebook = environment.first("process", "notebook")
    target = _Target(notebook) if notebook else _named(command)
    if not target.reason and any(MASK in text for text in (target.file, target.module)):
        target = _Target(reason="its name is masked in the recorded command line")
    if target.reason:
        return Script(reason=target.reason, command=command)
    if _is_installed(target.file, environment.first("python", "executable")):
        reason = f"it was run by the installed command {Path(target.file).name}"
        return Script(reason=reason, command=command)
    for path in _candidates(target, Path(folder) if folder else None):
        if os.path.isfile(path):  # noqa: PTH113  # Path.is_file raises if a folder may not be read
            if not os.access(path, os.R_OK):
                return Script(reason=f"{path} may not be read", command=command)
            return Script(path, changed=_changed(path, began), command=command)
    if target.module:
        reason = f"module {target.module} is not in the folder that it was started in"
    else:
        reason = f"file {target.file} is not where it was"
    return Script(reason=reason, command=command)


def _is_installed(file: str, python: str | None) -> bool:
    """Whether a file is a command beside the interpreter, as pytest or torchrun are."""
    return bool(file and python) and Path(file).parent == Path(python or "").parent


def _candidates(target: _Target, folder: Path | None) -> Iterator[Path]:
    """Where the file may be; relative paths start at the working directory."""
    if target.file and (folder is not None or Path(target.file).is_absolute()):
        path = (folder or Path()) / target.file
        yield from (path, path / "__main__.py")
    if target.module and folder is not None:
        path = folder.joinpath(*target.module.split("."))
        yield path / "__main__.py"
        yield path.with_name(f"{path.name}.py")


def _changed(path: Path, began: datetime | None) -> datetime | None:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    return changed.replace(microsecond=0) if began is not None and changed > began else None


def _named(command: str) -> _Target:
    """What a Python command line runs."""
    if OF_NOTEBOOK.fullmatch(command):
        return _Target(reason="it was run in a notebook whose file is not known")
    try:
        words = shlex.split(command)
    except ValueError:  # the line was cut within quotes
        return _Target(reason="the recorded command line is incomplete")
    target, rest = _of_python(words[1:])
    is_ours = Path(target.file).name == "keras-prov" or target.module in OURS
    return _of_run(rest[1:]) if is_ours and rest[:1] == ["run"] else target


def _of_python(words: Sequence[str]) -> tuple[_Target, list[str]]:
    """What Python's own arguments name, and the arguments after it."""
    position = 0
    while position < len(words):
        word = words[position]
        if word == "-":
            return _Target(reason="the program was read from standard input"), []
        if not word.startswith("-"):
            return _Target(word), list(words[position + 1 :])
        if word == "--check-hash-based-pycs":
            position += 1
        elif found := re.fullmatch(r"-([a-zA-Z]*?)([cmWX])(.*)", word, re.DOTALL):
            value = [found[3]] if found[3] else list(words[position + 1 : position + 2])
            if found[2] == "c":
                return _Target(reason="the program was given on the command line (python -c)"), []
            if found[2] == "m" and value:
                skipped = position + (1 if found[3] else 2)
                return _Target(module=value[0]), list(words[skipped:])
            position += 0 if found[3] else 1
        position += 1
    return _Target(reason="it was typed at a prompt"), []


def _of_run(words: Sequence[str]) -> _Target:
    """What the arguments of ``keras-prov run`` name."""
    is_module, position = False, 0
    while position < len(words):
        word = words[position]
        if not word.startswith("-"):
            return _Target(module=word) if is_module else _Target(word)
        is_module |= word == "-m"
        position += 2 if word in RUN_OPTIONS else 1
    return _Target(reason="the recorded command line names no script")
