"""What a re-execution needs, as `rerun.json`: the command, the files, the environment."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...executions.environment import Environment
from ...executions.record import ExecutionRecord, FileRecord
from ...file import READ
from ...keras_schema.names import MASK
from ..file_locations import is_url
from ._command_line import Launch, parse_command
from ._files import CrateFile
from ._labels import key_of
from ._sources import SourceFile

__all__ = ["FORMAT", "RECIPE", "recipe_of"]

RECIPE = "rerun.json"
FORMAT = 1


def recipe_of(
    record: ExecutionRecord,
    environment: Environment,
    sources: Sequence[SourceFile],
    entry: str | None,
    files: Sequence[CrateFile],
) -> str:
    """The text of the file.

    Args:
        record: the execution.
        environment: its environment.
        sources: the program's files.
        entry: which of them was started; None if it is unknown.
        files: the files that tasks read or wrote.
    """
    process = environment.values.get("process", {})
    launch = parse_command(environment.first("process", "command_line") or "")
    root, folder, started_in = _folders(environment)
    content = {
        "format": FORMAT,
        "execution": record.tag,
        "dataflow": record.dataflow.tag,
        "obstacles": list(_obstacles(process, launch, entry, sources)),
        "python": environment.last("python") | environment.last("platform"),
        "keras": environment.last("keras"),
        "options": list(launch.options),
        "run_options": None if launch.run_options is None else list(launch.run_options),
        "module": launch.module,
        "script": entry,
        "arguments": list(launch.arguments),
        "source_folder": folder,
        "working_directory": started_in,
        "variables": environment.last("variable"),
        "packages": environment.last("package"),
        "sources": [
            {"name": each.name, "path": each.path, "sha256": each.sha256} for each in sources
        ],
        "inputs": [_input(file, root) for file in _inputs(record.files)],
        "models": list(_models(record.files, files)),
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _folders(environment: Environment) -> tuple[str | None, str, str]:
    """What both folders are in, and from there, that of the program and that it was started in."""
    folder = environment.first("process", "source_folder")
    started_in = environment.first("process", "working_directory")
    if not folder or not started_in:
        return None, ".", "."
    try:
        root = os.path.commonpath([folder, started_in])
    except ValueError:  # on two drives
        return None, ".", "."
    below = Path(folder).relative_to(root), Path(started_in).relative_to(root)
    return root, below[0].as_posix(), below[1].as_posix()


def _obstacles(
    process: dict[str, list[str]],
    launch: Launch,
    entry: str | None,
    sources: Sequence[SourceFile],
) -> Iterator[str]:
    """Why it cannot be run again as it was, in sentences."""
    if "notebook" in process or "cell" in process:
        yield "It ran in a notebook, whose cells may have run in any order."
    elif launch.reason:
        yield f"The program is not known: {launch.reason}."
    elif not sources:
        yield "The program's files were not recorded."
    elif entry is None:
        yield "The script is not among the recorded files."
    if any(MASK in word for word in (*launch.arguments, *launch.options)):
        yield "An argument of the command line is masked."
    for source in sources:
        if source.path is None:
            yield f"{source.name} is not in the crate: {source.note}."
    if any(source.name == MASK for source in sources):
        yield "The program has more files than are recorded."


def _inputs(files: Sequence[FileRecord]) -> list[FileRecord]:
    """Files that were read and that the execution itself had not written before."""
    written: set[str] = set()
    found: dict[str, FileRecord] = {}
    for file in files:
        if file.mode != READ:
            written.add(file.path)
        elif file.path not in written and not is_url(file.path):
            found.setdefault(file.path, file)
    return list(found.values())


def _input(file: FileRecord, root: str | None) -> dict[str, Any]:
    path = Path(file.path)
    below = path.relative_to(root).as_posix() if root and path.is_relative_to(root) else None
    return {
        "name": file.name,
        "path": file.path,
        "below": below,
        "size": file.size,
        "sha256": file.sha256,
    }


def _models(recorded: Sequence[FileRecord], files: Sequence[CrateFile]) -> Iterator[dict[str, Any]]:
    """The files that tasks wrote, in order, and where each is in the crate."""
    paths = {file.sha256: file.path for file in files if file.sha256}
    for file in recorded:
        if file.mode != READ and file.sha256:
            yield {
                "task": key_of(file.task),
                "name": file.name,
                "path": paths.get(file.sha256),
                "sha256": file.sha256,
            }
