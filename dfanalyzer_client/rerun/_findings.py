"""What a comparison found: parts that are equal, or their differences."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Difference", "Part", "State", "Verdict", "relative_difference"]


class State(StrEnum):
    """How a part of the execution that was run again compares with the recorded one."""

    EQUAL = "equal"
    """Bit for bit."""
    WITHIN = "within"
    """Its numbers differ by no more than the tolerance."""
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    """It cannot be compared."""


@dataclass(frozen=True)
class Difference:
    """A value that is not the recorded one.

    Attributes:
        place: where it is: the task and the epoch, or the variable.
        name: what it is a value of.
        recorded: the value in the crate.
        found: the value now.
        relative: how far apart two numbers are, relative to the larger one; else None.
    """

    place: str
    name: str
    recorded: str
    found: str
    relative: float | None = None


@dataclass
class Part:
    """A part of an execution: the metrics, the data, or a model.

    Attributes:
        name: what it is.
        compared: how many values were compared.
        differences: those beyond the tolerance first found first.
        within: the largest relative difference that the tolerance allowed; None if all others are
            equal.
        note: why it cannot be compared, or what was compared.
        is_known: whether it could be compared.
    """

    name: str
    compared: int = 0
    differences: list[Difference] = field(default_factory=list)
    within: float | None = None
    note: str = ""
    is_known: bool = True

    @property
    def state(self) -> State:
        """How it compares."""
        if self.differences:
            return State.DIFFERS
        if not self.is_known:
            return State.UNKNOWN
        return State.EQUAL if self.within is None else State.WITHIN

    @property
    def largest(self) -> Difference | None:
        """The largest difference between two numbers."""
        numbers = [each for each in self.differences if each.relative is not None]
        return max(numbers, key=lambda each: each.relative or 0.0, default=None)

    def add_number(self, found: Difference, tolerance: float) -> None:
        """Add a difference of two numbers, or note that it is within the tolerance."""
        relative = math.inf if found.relative is None else found.relative
        if relative <= tolerance:
            self.within = max(self.within or 0.0, relative)
        else:
            self.differences.append(found)


@dataclass(frozen=True)
class Verdict:
    """All parts of a comparison, and what else the user should know."""

    execution: str
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """The worst that was found; UNKNOWN only if nothing could be compared."""
        states = {part.state for part in self.parts}
        order: Iterable[State] = (State.DIFFERS, State.WITHIN, State.EQUAL)
        return next((state for state in order if state in states), State.UNKNOWN)


def relative_difference(one: float, other: float) -> float:
    """How far apart two numbers are, relative to the larger one; equal ones, and two NaN: 0."""
    if one == other or (math.isnan(one) and math.isnan(other)):
        return 0.0
    if not (math.isfinite(one) and math.isfinite(other)):
        return math.inf
    return abs(one - other) / max(abs(one), abs(other))
