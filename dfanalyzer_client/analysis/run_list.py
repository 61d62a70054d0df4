"""The runs that a question found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from .plotting import plotted
from .run_summary import FIELD_TYPES, FIELDS, RunSummary
from .table import Table

__all__ = ["Runs"]

GROUPS = ("hyperparameters", "metrics", "tags")
MEASURED = "metrics."


class Runs(Table):
    """Runs, each a `RunSummary`; as a table, a row for each.

    Its columns are the fields that every run has, then ``hyperparameters.…``, ``metrics.…`` and
    ``tags.…`` of those that some of the runs have.

    Attributes:
        summaries: the runs, in the order that was asked for.
    """

    def __init__(self, summaries: Sequence[RunSummary]) -> None:
        self.summaries = list(summaries)
        names = [
            (group, name)
            for group in GROUPS
            for name in dict.fromkeys(
                name for each in self.summaries for name in getattr(each, group)
            )
        ]
        super().__init__(
            [*FIELDS, *(f"{group}.{name}" for group, name in names)],
            [
                [
                    *(getattr(each, field) for field in FIELDS),
                    *(getattr(each, group).get(name) for group, name in names),
                ]
                for each in self.summaries
            ],
        )

    def _empty_types(self) -> Mapping[str, type]:
        measured = [name for name in self.columns if name.startswith(MEASURED)]
        return FIELD_TYPES | dict.fromkeys(measured, float)

    def __iter__(self) -> Iterator[RunSummary]:
        return iter(self.summaries)

    @overload
    def __getitem__(self, index: int) -> RunSummary: ...

    @overload
    def __getitem__(self, index: slice) -> Runs: ...

    def __getitem__(self, index: int | slice) -> RunSummary | Runs:
        if isinstance(index, slice):
            return Runs(self.summaries[index])
        return self.summaries[index]

    def plot(self, **options: Any) -> Any:
        """Draw hyperparameters and metrics; needs matplotlib.

        Args:
            options: ``kind="parallel"``, the default, draws parallel coordinates, and
                ``kind="importance"`` what a metric goes with; for others see
                `dfanalyzer_client.analysis.plots`.
        """
        return plotted("runs", self, options)
