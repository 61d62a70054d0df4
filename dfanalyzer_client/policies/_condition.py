"""A condition over the epochs of a training, computed as the epochs come.

Its logic is that of SQL: with a value that is unknown, a comparison is neither true nor false. NaN
is unknown, as it is NULL in the database; `isnan` finds it. Infinities are compared as numbers.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = [
    "Aggregate",
    "Arithmetic",
    "Between",
    "Both",
    "Comparison",
    "Condition",
    "Function",
    "Name",
    "Node",
    "Not",
    "Number",
    "Row",
    "Test",
    "short",
]

Row = Mapping[str, float | None]
"""The values of an epoch, by the names of the condition."""

ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
FUNCTIONS: Mapping[str, Callable[[float], float]] = {"abs": abs, "-": operator.neg}
TESTS: Mapping[str, Callable[[float | None], bool]] = {
    "isnan": lambda value: value is not None and math.isnan(value),
    "isinf": lambda value: value is not None and math.isinf(value),
    "IS NULL": lambda value: value is None or math.isnan(value),
    "IS NOT NULL": lambda value: value is not None and not math.isnan(value),
}


class Node(Protocol):
    """A part of a condition: a number, or something that is true or false (1 or 0), or unknown."""

    def value(self, row: Row) -> float | None:
        """What it is in an epoch, which its aggregates have seen; None: unknown."""

    def text(self, row: Row) -> str:
        """It as it was written, with the values of that epoch behind the names."""


@dataclass
class Condition:
    """A condition, and what it has seen of a training.

    Attributes:
        node: the condition itself.
        names: the names in it.
        aggregates: those parts of it that are over all epochs.
    """

    node: Node
    names: frozenset[str]
    aggregates: tuple[Aggregate, ...]

    def begin(self) -> None:
        """Forget the epochs that were seen: another training begins."""
        for each in self.aggregates:
            each.begin()

    def see(self, row: Row) -> str | None:
        """See the next epoch; returns what fulfils the condition, in words, or None."""
        for each in self.aggregates:
            each.see(row)
        return self.node.text(row) if self.node.value(row) else None


@dataclass
class Number:
    """A number as it was written."""

    number: float

    def value(self, row: Row) -> float | None:
        """The number."""
        return self.number

    def text(self, row: Row) -> str:
        """The number."""
        return short(self.number)


@dataclass
class Name:
    """A metric, or another value of an epoch."""

    name: str

    def value(self, row: Row) -> float | None:
        """Its value in the epoch."""
        return row.get(self.name)

    def text(self, row: Row) -> str:
        """The name and the value."""
        return f"{self.name} {short(self.value(row))}"


@dataclass
class Aggregate:
    """The lowest, the highest or the mean of what is known in the epochs so far."""

    function: str
    inner: Node
    written: str
    _count: int = field(default=0, init=False)
    _result: float = field(default=0.0, init=False)

    def begin(self) -> None:
        """Forget what was seen."""
        self._count, self._result = 0, 0.0

    def see(self, row: Row) -> None:
        """Take an epoch into account; one in which the value is unknown changes nothing."""
        value = _known(self.inner.value(row))
        if value is None:
            return
        self._count += 1
        if self._count == 1:
            self._result = value
        elif self.function == "avg":
            self._result += (value - self._result) / self._count
        else:
            self._result = (min if self.function == "min" else max)(self._result, value)

    def value(self, row: Row) -> float | None:
        """The result; None if there is no epoch with a value."""
        return self._result if self._count else None

    def text(self, row: Row) -> str:
        """The function as written, and its result."""
        return f"{self.written} {short(self.value(row))}"


@dataclass
class Arithmetic:
    """``+ - * /`` of two numbers; what cannot be computed is unknown."""

    sign: str
    left: Node
    right: Node

    def value(self, row: Row) -> float | None:
        """The result."""
        left, right = _known(self.left.value(row)), _known(self.right.value(row))
        if left is None or right is None:
            return None
        try:
            return _known(ARITHMETIC[self.sign](left, right))
        except ArithmeticError:
            return None

    def text(self, row: Row) -> str:
        """Both sides."""
        return f"{_inner(self.left, row)} {self.sign} {_inner(self.right, row)}"


@dataclass
class Function:
    """``abs(…)``, or a sign before a number."""

    function: str
    inner: Node

    def value(self, row: Row) -> float | None:
        """The result."""
        value = _known(self.inner.value(row))
        return None if value is None else FUNCTIONS[self.function](value)

    def text(self, row: Row) -> str:
        """The function around its argument."""
        if self.function == "-":
            return f"-{_inner(self.inner, row)}"
        return f"{self.function}({self.inner.text(row)})"


@dataclass
class Comparison:
    """Two numbers, compared."""

    sign: str
    left: Node
    right: Node

    def value(self, row: Row) -> float | None:
        """Whether it holds; None if a side is unknown."""
        left, right = _known(self.left.value(row)), _known(self.right.value(row))
        if left is None or right is None:
            return None
        return float(COMPARISONS[self.sign](left, right))

    def text(self, row: Row) -> str:
        """Both sides."""
        return f"{self.left.text(row)} {self.sign} {self.right.text(row)}"


@dataclass
class Between:
    """A number between two others, or equal to one of them."""

    inner: Node
    low: Node
    high: Node

    def value(self, row: Row) -> float | None:
        """Whether it is; None if one of the three is unknown."""
        found = [_known(each.value(row)) for each in (self.inner, self.low, self.high)]
        known = [each for each in found if each is not None]
        return float(known[1] <= known[0] <= known[2]) if len(known) == len(found) else None

    def text(self, row: Row) -> str:
        """The three of them."""
        low, high = self.low.text(row), self.high.text(row)
        return f"{self.inner.text(row)} BETWEEN {low} AND {high}"


@dataclass
class Test:
    """``isnan(…)``, ``isinf(…)``, ``… IS NULL`` or ``… IS NOT NULL``: never unknown."""

    test: str
    inner: Node

    def value(self, row: Row) -> float | None:
        """Whether it holds."""
        return float(TESTS[self.test](self.inner.value(row)))

    def text(self, row: Row) -> str:
        """The test and its argument."""
        inner = self.inner.text(row)
        return f"{inner} {self.test}" if self.test.isupper() else f"{self.test}({inner})"


@dataclass
class Both:
    """``AND`` or ``OR`` of two conditions."""

    word: str
    left: Node
    right: Node

    def value(self, row: Row) -> float | None:
        """Whether it holds: with one side that decides, the other one may be unknown."""
        decides = 0.0 if self.word == "AND" else 1.0
        sides = self.left.value(row), self.right.value(row)
        if decides in sides:
            return decides
        return None if None in sides else 1.0 - decides

    def text(self, row: Row) -> str:
        """Both sides."""
        return f"{_inner(self.left, row)} {self.word} {_inner(self.right, row)}"


@dataclass
class Not:
    """A condition that is not to hold."""

    inner: Node

    def value(self, row: Row) -> float | None:
        """Whether it does not hold."""
        value = self.inner.value(row)
        return None if value is None else 1.0 - value

    def text(self, row: Row) -> str:
        """The condition behind NOT."""
        return f"NOT ({self.inner.text(row)})"


def short(value: float | None) -> str:
    """A number as people read it, with six digits."""
    return "NULL" if value is None else f"{value:.6g}"


def _known(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value


def _inner(node: Node, row: Row) -> str:
    """A part within another one, in brackets if it has parts of its own."""
    text = node.text(row)
    return f"({text})" if isinstance(node, (Arithmetic, Both)) else text
