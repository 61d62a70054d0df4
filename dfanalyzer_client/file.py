"""A file that a task read or wrote."""

from __future__ import annotations

from typing import Any

from .declarations.names import checked_text
from .errors import DefinitionError

__all__ = ["READ", "WRITTEN", "File"]

READ, WRITTEN = "read", "written"


class File:
    """A file by its path, with what identifies its content.

    Two tasks that name the same content, one that wrote it and one that read it, link their
    executions: see the view ``"public".lineage``.
    """

    def __init__(
        self,
        path: str,
        name: str,
        *,
        mode: str = WRITTEN,
        size: int | None = None,
        sha256: str | None = None,
    ) -> None:
        """Describe a file.

        Args:
            path: where it is.
            name: what it is called there.
            mode: ``"written"`` or ``"read"`` by the task.
            size: in bytes.
            sha256: SHA-256 of its content, in hexadecimal digits.

        Raises:
            DefinitionError: a part cannot be stored.
        """
        if mode not in (READ, WRITTEN):
            raise DefinitionError(f"A task's file is 'read' or 'written'. Received: mode={mode!r}.")
        self._specification = {
            "name": checked_text(name, "name of a File"),
            "path": checked_text(path, "path of a File"),
            "mode": mode,
            "size": size,
            "sha256": sha256,
        }

    @property
    def path(self) -> str:
        """Where it is."""
        return str(self._specification["path"])

    @property
    def name(self) -> str:
        """What it is called there."""
        return str(self._specification["name"])

    def get_specification(self) -> dict[str, Any]:
        """The file as it stands in a message; parts that are unknown are left out."""
        return {name: value for name, value in self._specification.items() if value is not None}
