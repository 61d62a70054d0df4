"""What an address says of a comparison: which executions, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from ...analysis import Comparison
from ...analysis.comparing import compare_with
from ...analysis.finding import runs_with
from ...errors import SelectionError
from ...store import Connection
from ..pages import address

__all__ = ["CURVES", "MOST_RUNS", "VIEWS", "Asked", "CompareState", "read_comparison"]

MOST_RUNS = 1000
"""So many executions are compared on one page."""

CURVES = "curves"

VIEWS = {
    CURVES: "Curves",
    "table": "Table",
    "parallel": "Parallel coordinates",
    "scatter": "Scatter matrix",
    "importance": "Importance",
}
"""The views of a comparison, and their titles."""


@dataclass(frozen=True)
class CompareState:
    """Which executions are compared, and in which view.

    Attributes:
        runs: tags or ids of the executions.
        where: without `runs`, a condition that they fulfil.
        dataflow: without `runs`, the tag of their dataflow.
        view: one of `VIEWS`.
        target: the metric that gives colours, and that hyperparameters are important for.
        axes: names of the axes; empty: what differs, and the target.
        baseline: tag or id of the execution that others are measured against; empty: the first.
        same: whether the table has what is the same, too.
        whole: whether the table has all rows.
        metrics: the charts; empty: the first ones.
        over_time: whether curves are drawn over seconds instead of epochs.
        query: all that the address says, also what only scripts read.
    """

    runs: tuple[str, ...] = ()
    where: str = ""
    dataflow: str = ""
    view: str = CURVES
    target: str = ""
    axes: tuple[str, ...] = ()
    baseline: str = ""
    same: bool = False
    whole: bool = False
    metrics: tuple[str, ...] = ()
    over_time: bool = False
    query: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no executions are asked for."""
        return not (self.runs or self.where or self.dataflow)

    def address(self, path: str = "compare", **changed: Any) -> str:
        """The address of this view with some things changed."""
        query: dict[str, list[Any]] = {}
        for name, value in self.query:
            query.setdefault(name, []).append(value)
        return address(path, **{**query, **changed})


def read_comparison(connection: Connection, state: CompareState) -> Comparison:
    """The executions of an address, for curves without their stop reasons.

    Raises UnknownTagError, SelectionError.
    """
    if len(state.runs) > MOST_RUNS:
        raise SelectionError(
            f"{len(state.runs)} executions are too many to compare: expected {MOST_RUNS} or fewer."
        )
    ends = state.view != CURVES
    with connection.transaction():
        if state.runs:
            return compare_with(connection, state.runs, ends=ends)
    dataflow = state.dataflow or None
    found = runs_with(connection, state.where, limit=MOST_RUNS, dataflow=dataflow, ends=ends)
    return Comparison(list(found))


def _asked(
    request: Request,
    run: Annotated[list[str] | None, Query()] = None,
    where: str = "",
    dataflow: str = "",
    view: str = CURVES,
    target: str = "",
    axis: Annotated[list[str] | None, Query()] = None,
    baseline: str = "",
    same: bool = False,
    rows: str = "",
    metric: Annotated[list[str] | None, Query()] = None,
    x: str = "",
) -> CompareState:
    return CompareState(
        tuple(dict.fromkeys(_stripped(run))),
        where.strip(),
        dataflow.strip(),
        view if view in VIEWS else CURVES,
        target,
        _stripped(axis),
        baseline.strip(),
        same,
        rows == "all",
        _stripped(metric),
        x == "time",
        tuple(request.query_params.multi_items()),
    )


def _stripped(texts: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts or () if text.strip())


Asked = Annotated[CompareState, Depends(_asked)]
