"""A crate that is being written, and what it is written from."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...executions.environment import Environment
from ._actions import Material
from ._crate import Crate
from ._labels import Run
from ._lock import Locked
from ._parameters import Parameters
from ._readme import Notes
from ._tables import Table

__all__ = ["Work"]


@dataclass
class Work:
    """A crate that is being written."""

    crate: Crate
    run: Run
    environment: Environment
    tables: list[Table]
    parameters: Parameters
    locked: list[Locked] | None = None
    materials: list[Material] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)

    def add_text(self, path: str, text: str, description: str, **properties: object) -> str:
        """Add a file, and list it in the README."""
        self.notes.inside.append((path, description))
        return self.crate.add_text(path, text, description, **properties)
