"""A file that a task read or wrote."""

from __future__ import annotations

from .declarations.messages import FileMessage
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
        self._specification: FileMessage = {
            "name": checked_text(name, "name of a File"),
            "path": checked_text(path, "path of a File"),
            "mode": mode,
        }
        if size is not None:
            self._specification["size"] = size
        if sha256 is not None:
            self._specification["sha256"] = sha256

    @property
    def path(self) -> str:
        """Where it is."""
        return self._specification["path"]

    @property
    def name(self) -> str:
        """What it is called there."""
        return self._specification["name"]

    def get_specification(self) -> FileMessage:
        """The file as it stands in a message; parts that are unknown are left out."""
        return self._specification.copy()
