"""What is drawn: the parts of results that the pictures read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

__all__ = ["Comparable", "Drawable", "Rows", "Series", "Summary", "WithCurves", "WithEpochs"]

Series = Mapping[tuple[str, int, str], Sequence[tuple[int, "float | None"]]]
"""Points of curves, as epoch and value, by execution, training and metric."""


class Rows(Protocol):
    """A table."""

    columns: Any
    rows: Any


class Summary(Protocol):
    """One run, by its values."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def execution(self) -> str:
        """Its tag."""

    @property
    def hyperparameters(self) -> Mapping[str, Any]:
        """Its configuration, by name."""

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The last value of each metric."""


class Drawable(Protocol):
    """Several runs."""

    @property
    def summaries(self) -> Iterable[Summary]:
        """The runs, in their order."""


class Comparable(Protocol):
    """Several runs and what they differ in."""

    runs: Any
    differing: Any


class WithCurves(Protocol):
    """Curves, and what was adapted meanwhile."""

    adaptations: Any

    @property
    def series(self) -> Any:
        """See `Series`."""


class WithEpochs(Protocol):
    """A run whose metrics are a row for each epoch."""

    @property
    def execution(self) -> str:
        """Its tag."""

    @property
    def metrics(self) -> Any:
        """A table: an epoch, and a column for each metric."""

    @property
    def adaptations(self) -> Any:
        """A table: a row for each change."""
