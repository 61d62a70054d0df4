"""Several runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .plotting import plotted
from .run_list import Runs
from .run_summary import RunSummary
from .table import Table

__all__ = ["Comparison"]

IDENTITY = ("id", "execution")


class Comparison(Table):
    """Runs side by side: a row for each run; first the columns in which they differ.

    It is shown the other way round: a line for each value that differs, and a column for each run.

    Attributes:
        runs: the runs.
        differing: names of the columns in which they differ, but for their ids.
    """

    def __init__(self, summaries: Sequence[RunSummary]) -> None:
        self.runs = Runs(summaries)
        values = {name: self.runs.column(name) for name in self.runs.columns}
        others = [name for name in self.runs.columns if name not in IDENTITY]
        self.differing = [name for name in others if len(set(map(repr, values[name]))) > 1]
        columns = [*IDENTITY, *self.differing, *(n for n in others if n not in self.differing)]
        rows = list(zip(*(values[name] for name in columns), strict=True))
        super().__init__(columns, rows)

    def transposed(self, *, same: bool = False) -> Table:
        """A row for each value that differs, and a column for each run.

        Args:
            same: whether to have the values that do not differ, too.
        """
        names = self.columns[len(IDENTITY) :] if same else self.differing
        return Table(
            ["name", *(str(summary.execution) for summary in self.runs)],
            [[name, *self.column(name)] for name in names],
        )

    def plot(self, **options: Any) -> Any:
        """Draw what differs, as parallel coordinates; needs matplotlib.

        Args:
            options: see `dfanalyzer_client.analysis.plots`.
        """
        return plotted("comparison", self, options)

    def __repr__(self) -> str:
        return repr(self.transposed())

    def _repr_html_(self) -> str:
        return self.transposed()._repr_html_()
