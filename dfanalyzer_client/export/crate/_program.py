"""The program of a crate: its script and the modules beside it, copied into the crate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ...executions.environment import Environment
from ...support.regular_file import copy_regular
from ._files import safe_name
from ._script import Script, find_script
from ._sources import FOLDER, SourceFile, collect_sources, source_of

__all__ = ["Program", "find_program"]


@dataclass(frozen=True)
class Program:
    """What was run.

    Attributes:
        script: what is known of the script.
        path: where the script is in the crate; None if it is not in it.
        recorded: the script among the recorded files; None if it is not one of them.
        sources: all files of the program whose SHA-256 was recorded.
    """

    script: Script
    path: str | None
    recorded: SourceFile | None
    sources: Sequence[SourceFile]

    @property
    def entry(self) -> str | None:
        """Name of the script among the recorded files."""
        return self.recorded.name if self.recorded else None

    @property
    def is_recorded(self) -> bool:
        """Whether the script in the crate is the one that was recorded."""
        return self.recorded is not None and self.recorded.path is not None

    @property
    def differs(self) -> bool:
        """Whether the script in the crate is another one than was recorded."""
        return self.recorded is not None and self.recorded.path is None

    @property
    def modules(self) -> list[SourceFile]:
        """The recorded files without the script."""
        return [each for each in self.sources if each is not self.recorded]


def find_program(environment: Environment, began: datetime | None, crate: Path) -> Program:
    """Copy the program of an execution that began at `began` into the folder of a crate."""
    script, sources = find_script(environment, began), collect_sources(environment, crate)
    folder = environment.first("process", "source_folder") or ""
    found = (source_of(sources, folder, path.resolve()) for path in script.candidates)
    recorded = next((each for each in found if each is not None), None)
    if recorded is not None and recorded.path is not None:
        return Program(script, recorded.path, recorded, sources)
    path = None if script.path is None else _copied(script.path, crate)
    return Program(script, path, recorded, sources)


def _copied(file: Path, crate: Path) -> str:
    """Copy the script as it is now, and return its path in the crate."""
    path = f"{FOLDER}/{safe_name(file.name)}"
    target = crate / path
    target.parent.mkdir(exist_ok=True)
    copy_regular(file, target)
    return path
