"""Find the script of a training from the recorded command line.

Nothing is guessed: if the line names no file, or the file no longer exists, we give the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ...executions.environment import Environment
from ...keras_schema.names import MASK
from ._command_line import Launch, parse_command

__all__ = ["Script", "find_script"]


@dataclass(frozen=True)
class Script:
    """The script that was run.

    Attributes:
        path: its file; None if it cannot be found.
        reason: why it cannot be found, as the end of a sentence.
        changed: when it was changed, if that was after the execution began (UTC).
        command: the command line, as it was recorded.
        candidates: where it may have been, whether it is there or not.
    """

    path: Path | None = None
    reason: str = ""
    changed: datetime | None = None
    command: str | None = None
    candidates: tuple[Path, ...] = ()


def find_script(environment: Environment, began: datetime | None) -> Script:
    """The script of an execution that began at `began`, or why it cannot be found."""
    command = environment.first("process", "command_line")
    if command is None:
        return Script(reason="the command line was not captured (key ENVIRONMENT)")
    folder = environment.first("process", "working_directory")
    notebook = environment.first("process", "notebook")
    target = Launch(notebook) if notebook else parse_command(command)
    if not target.reason and any(MASK in text for text in (target.file, target.module)):
        target = Launch(reason="its name is masked in the recorded command line")
    if target.reason:
        return Script(reason=target.reason, command=command)
    if _is_installed(target.file, environment.first("python", "executable")):
        reason = f"it was run by the installed command {Path(target.file).name}"
        return Script(reason=reason, command=command)
    candidates = tuple(_candidates(target, Path(folder) if folder else None))
    for path in candidates:
        if os.path.isfile(path):  # noqa: PTH113  # Path.is_file raises if a folder may not be read
            if not os.access(path, os.R_OK):
                return Script(reason=f"{path} may not be read", command=command)
            changed = _changed(path, began)
            return Script(path, changed=changed, command=command, candidates=candidates)
    if target.module:
        reason = f"module {target.module} is not in the folder that it was started in"
    else:
        reason = f"file {target.file} is not where it was"
    return Script(reason=reason, command=command, candidates=candidates)


def _is_installed(file: str, python: str | None) -> bool:
    """Whether a file is a command beside the interpreter, as pytest or torchrun are."""
    return bool(file and python) and Path(file).parent == Path(python or "").parent


def _candidates(target: Launch, folder: Path | None) -> Iterator[Path]:
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
