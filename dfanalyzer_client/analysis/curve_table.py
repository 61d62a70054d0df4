"""Metrics by epoch, of several runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from .plotting import plotted
from .table import Table

__all__ = ["Curves"]


class Curves(Table):
    """Metrics by epoch: a row for each run, training, metric and epoch.

    The columns are ``id``, ``execution``, ``training`` (its number within the run, from 1),
    ``metric``, ``epoch`` (from 0) and ``value``.

    Attributes:
        adaptations: changes of the configuration while the runs trained, with the columns ``id``,
            ``execution``, ``epoch`` (the first that it holds for), ``name``, ``before``, ``value``,
            ``cause``, ``detail``, ``optimizer``; of those made by steering also ``attribute``,
            ``old_value`` and ``new_value`` (JSON), ``batch``, ``person``, ``reason``, ``request``;
            and ``training``, the number of the training within its execution.
        ids: the ids of the runs that were asked for, also of those without epochs, by their tags.
    """

    TYPES: ClassVar[dict[str, type]] = {
        "id": int,
        "execution": str,
        "training": int,
        "metric": str,
        "epoch": int,
        "value": float,
    }
    COLUMNS = tuple(TYPES)

    def __init__(
        self,
        rows: Sequence[Sequence[Any]],
        adaptations: Table,
        ids: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(self.COLUMNS, rows)
        self.adaptations = adaptations
        found = {execution: id_ for id_, execution, *_ in self.rows}
        self.ids = found if ids is None else dict(ids)

    def _empty_types(self) -> Mapping[str, type]:
        return self.TYPES

    @property
    def series(self) -> dict[tuple[str, int, str], list[tuple[int, float | None]]]:
        """The points of each curve, by execution, training and metric."""
        found: dict[tuple[str, int, str], list[tuple[int, float | None]]] = {}
        for _, execution, training, metric, epoch, value in self.rows:
            found.setdefault((execution, training, metric), []).append((epoch, value))
        return found

    def plot(self, **options: Any) -> Any:
        """Draw the curves, and mark the adaptations; needs matplotlib.

        Args:
            options: see `dfanalyzer_client.analysis.plots`.
        """
        return plotted("curves", self, options)
