"""A program that does a transformation."""

from __future__ import annotations

from .declarations.messages import ProgramMessage, without_empty
from .declarations.names import checked_text

__all__ = ["Program"]


class Program:
    """A program by its name and path; give it to the `Transformation` that it does.

    Attributes:
        transformationTag: tag of that transformation, where it is not given to it.
        dataflowTag: tag of the dataflow, likewise.
    """

    def __init__(self, name: str, path: str) -> None:
        """Describe a program; raises DefinitionError where a part is no text."""
        self.name, self.path = name, path
        self.transformationTag = ""
        self.dataflowTag = ""

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = checked_text(name, "name of a Program")

    @property
    def path(self) -> str:
        """Where it is."""
        return self._path

    @path.setter
    def path(self, path: str) -> None:
        self._path = checked_text(path, "path of a Program")

    def get_specification(self) -> ProgramMessage:
        """The program as it stands in a message."""
        message: ProgramMessage = {
            "name": self._name,
            "path": self._path,
            "transformationTag": self.transformationTag,
            "dataflowTag": self.dataflowTag,
        }
        return without_empty(message, ("name", "path"))

    def __repr__(self) -> str:
        return f"Program({self._name!r}, {self._path!r})"
