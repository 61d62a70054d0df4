"""A transformation: a kind of step of a dataflow, with what it reads and writes."""

from __future__ import annotations

from collections.abc import Sequence

from .declarations.messages import (
    ProgramMessage,
    SetMessage,
    TransformationMessage,
    without_empty,
)
from .declarations.provenance_object import ProvenanceObject
from .errors import DefinitionError
from .program import Program
from .set import Set
from .set_type import SetType

__all__ = ["Transformation"]


class Transformation(ProvenanceObject):
    """A step of a dataflow.

    A set is copied when it is added, so that the same `Set` may be turned to INPUT afterwards and
    added to the transformation that reads it.
    """

    def __init__(
        self, tag: str, sets: Sequence[Set] = (), programs: Sequence[Program] = ()
    ) -> None:
        """Describe a transformation; raises DefinitionError for a bad tag, set or program."""
        super().__init__(tag)
        self.sets = sets
        self._programs: list[ProgramMessage] = []
        for program in programs:
            self.add_program(program)

    @property
    def sets(self) -> list[SetMessage]:
        """The sets, as they stand in a message."""
        return self._sets

    @sets.setter
    def sets(self, sets: Sequence[Set]) -> None:
        self._sets: list[SetMessage] = []
        self.set_sets(sets)

    @property
    def input(self) -> list[SetMessage]:
        """The sets that are read."""
        return [each for each in self._sets if each["type"] == SetType.INPUT.value]

    @input.setter
    def input(self, sets: Sequence[Set]) -> None:
        self._replace(SetType.INPUT, sets, kept=self.output)

    @property
    def output(self) -> list[SetMessage]:
        """The sets that are written."""
        return [each for each in self._sets if each["type"] == SetType.OUTPUT.value]

    @output.setter
    def output(self, sets: Sequence[Set]) -> None:
        self._replace(SetType.OUTPUT, sets, kept=self.input)

    def set_sets(self, sets: Sequence[Set]) -> None:
        """Add several sets."""
        if isinstance(sets, Set) or not isinstance(sets, Sequence):
            raise DefinitionError(
                f"Transformation {self._tag!r} takes a list of sets. Received: {sets!r}."
            )
        for each in sets:
            self.add_set(each)

    def add_set(self, set: Set) -> None:
        """Add one set, as it is now."""
        if not isinstance(set, Set):
            raise DefinitionError(
                f"Transformation {self._tag!r} takes Set objects. Received: {set!r}."
            )
        self._sets.append(set.get_specification())

    @property
    def programs(self) -> list[ProgramMessage]:
        """The programs that do it, as they stand in a message."""
        return self._programs

    def add_program(self, program: Program) -> None:
        """Add a program that does this transformation, as it is now."""
        if not isinstance(program, Program):
            raise DefinitionError(
                f"Transformation {self._tag!r} takes Program objects. Received: {program!r}."
            )
        self._programs.append(program.get_specification())

    def get_specification(self) -> TransformationMessage:
        """The transformation as it stands in a message."""
        message: TransformationMessage = {
            "tag": self._tag,
            "sets": list(self._sets),
            "programs": list(self._programs),
        }
        return without_empty(message, ("tag", "sets"))

    def _replace(self, side: SetType, sets: Sequence[Set], kept: list[SetMessage]) -> None:
        for each in sets:
            if each.type != side.value:
                raise DefinitionError(
                    f"Set {each.tag!r} of transformation {self._tag!r} must be of type "
                    f"{side.value}. Received: {each.type}."
                )
        self._sets = kept
        self.set_sets(sets)
