"""The screen that compares executions: curves, what differs, parallel coordinates and more."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from ...analysis import Comparison, Runs, RunSummary
from ...analysis.by_epoch.adaptation_reading import adaptations_of
from ...analysis.comparing import compare_with
from ...analysis.plots.importance import importance
from ...store import Connection
from ...store.reading import Catalogue
from ..comparing.axes import axes_data, axis_names, chosen_axes, metrics_of, target_of
from ..comparing.compare_state import CURVES, MOST_RUNS, VIEWS, Asked, CompareState, read_comparison
from ..comparing.run_labels import differing_hyperparameters, groups_of, label_of
from ..comparing.side_by_side import side_by_side
from ..curve_data import curve_data, spread
from ..events import Event, event_stream, json_event
from ..pages import json_answer, page
from ..reading import Reading

__all__ = ["router"]

router = APIRouter()

VALIDATION, FIRST_CHART = "val_", "loss"
FIRST_CHARTS = 4
"""So many metrics are drawn where nobody has chosen."""

MOST_DRAWN = 200
"""So many executions have curves."""

MOST_POINTS = 1_000_000
"""Of all curves of an answer: 50 executions of 10,000 epochs with two metrics."""

MOST_KEPT = 40_000
"""Of all curves of a chart: of more, only the lowest and the highest of each stretch are sent."""

MOST_FIRST = 10_000
"""The same of the chart that the page has when it opens; the page then asks for more of it."""

ENDED = ("FINISHED", "FAILED", "INTERRUPTED", "PRUNED", "ABANDONED")


@router.get("/compare")
def compare(request: Request, connection: Reading, state: Asked) -> Response:
    """The page."""
    request.app.state.database.store_leftovers()
    if state.is_empty:
        tags = [tag for _, tag in Catalogue(connection).dataflows()]
        return page(request, "compare_nothing.html", state=state, dataflows=tags)
    compared = read_comparison(connection, state)
    if not len(compared.runs):
        tags = [tag for _, tag in Catalogue(connection).dataflows()]
        return page(request, "compare_nothing.html", state=state, dataflows=tags)
    differing = differing_hyperparameters(compared)
    values = READERS[state.view](compared, state)
    if state.view == CURVES:
        values["data"]["drawn"] = _first_chart(connection, compared, state)
    return page(
        request,
        "compare.html",
        state=state,
        views=VIEWS,
        runs=list(compared.runs),
        labels=[label_of(run, differing) for run in compared.runs],
        is_cut=not state.runs and len(compared.runs) == MOST_RUNS,
        **values,
    )


@router.get("/compare/curves")
def curves(connection: Reading, state: Asked) -> Response:
    """The curves of the metrics that are asked for, as JSON."""
    return json_answer(_curves(connection, read_comparison(connection, state), state))


@router.get("/compare/adaptations")
def adaptations(connection: Reading, state: Asked) -> Response:
    """What was adapted while the executions trained, as JSON; the page shows curves before."""
    runs = list(read_comparison(connection, state).runs)[:MOST_DRAWN]
    with connection.transaction():
        changes = adaptations_of(connection, runs).to_dicts()
    place = {run.id: number for number, run in enumerate(runs)}
    return json_answer([{**each, "run": place[each.pop("id")]} for each in spread(changes)])


@router.get("/compare/events")
def events(request: Request, state: Asked) -> Response:
    """The curves of the executions that are asked for, whenever some have new points."""
    return event_stream(request, _new_points(request, state))


def _new_points(request: Request, state: CompareState) -> Callable[[], list[Event]]:
    """Reads the executions that train, until they have ended; at first, all is new."""
    going, seen = list(state.runs), dict[str, tuple[int, str]]()

    def ask() -> list[Event]:
        nonlocal going
        if not going:
            return []
        with request.app.state.database.reading() as connection, connection.snapshot():
            with connection.transaction():
                runs = list(compare_with(connection, going, ends=False).runs)
            new = [run for run in runs if seen.get(run.execution) != (run.epochs, run.status)]
            metrics = _with_validation(new, state.metrics)
            most = MOST_KEPT * max(1, len(state.metrics))
            found = curve_data(connection, new, metrics, times=state.over_time, most=most)
        seen.update({run.execution: (run.epochs, run.status) for run in new})
        going = [run.execution for run in runs if run.status not in ENDED]
        return [json_event("curves", found)] if new else []

    return ask


def _first_chart(
    connection: Connection, compared: Comparison, state: CompareState
) -> dict[str, Any]:
    """The curves of one chart: the page has them, so that it shows something at once."""
    charts = _charts(list(compared.runs)[:MOST_DRAWN])
    chosen = [name for name in charts if name in (state.metrics or charts[:FIRST_CHARTS])]
    return _curves(connection, compared, replace(state, metrics=tuple(chosen[:1])), MOST_FIRST)


def _curves(
    connection: Connection, compared: Comparison, state: CompareState, of_chart: int = MOST_KEPT
) -> dict[str, Any]:
    """The curves of the metrics that a state names, thinned out if they are many."""
    runs = list(compared.runs)[:MOST_DRAWN]
    metrics = _with_validation(runs, state.metrics)
    runs = _affordable(runs, len(metrics))
    most = of_chart * max(1, len(state.metrics))
    return curve_data(
        connection, runs, metrics, times=state.over_time, most=most, adaptations=False
    )


def _affordable(runs: Sequence[RunSummary], metrics: int) -> list[RunSummary]:
    """The first executions that have no more points than a page can take, at least one."""
    points = itertools.accumulate(run.epochs * metrics for run in runs)
    return [
        run
        for place, (run, sum_) in enumerate(zip(runs, points, strict=True))
        if place == 0 or sum_ <= MOST_POINTS
    ]


def _with_validation(runs: Sequence[RunSummary], charts: Sequence[str]) -> list[str]:
    """The metrics of some charts: each has the validation's beside the training's."""
    wanted = charts or _charts(runs)[:FIRST_CHARTS]
    return [name for name in metrics_of(runs) if name.removeprefix(VALIDATION) in wanted]


def _charts(runs: Sequence[RunSummary]) -> list[str]:
    names = dict.fromkeys(name.removeprefix(VALIDATION) for name in metrics_of(runs))
    return sorted(names, key=lambda name: name != FIRST_CHART)


def _curves_view(compared: Comparison, state: CompareState) -> dict[str, Any]:
    drawn = list(compared.runs)[:MOST_DRAWN]
    differing = differing_hyperparameters(compared)
    charts = _charts(drawn)
    data = {
        "runs": [
            {"execution": run.execution, "label": label_of(run, differing), "status": run.status}
            for run in drawn
        ],
        "total": len(compared.runs),
        "charts": charts,
        "first": charts[:FIRST_CHARTS],
        "groups": groups_of(drawn, differing),
    }
    return {"data": data}


def _table_view(compared: Comparison, state: CompareState) -> dict[str, Any]:
    return {
        "table": side_by_side(compared, state.baseline, same=state.same, whole=state.whole),
    }


def _axes_view(compared: Comparison, state: CompareState) -> dict[str, Any]:
    target = target_of(compared, state.target)
    axes = chosen_axes(compared, state.axes, target)
    names = axis_names(compared)
    return {
        "data": axes_data(compared, axes, target),
        "axes": axes,
        "names": names,
        "target": target,
        "targets": _targets(compared.runs),
    }


def _importance_view(compared: Comparison, state: CompareState) -> dict[str, Any]:
    target = target_of(compared, state.target)
    values = {"target": target, "targets": _targets(compared.runs), "strengths": [], "reason": ""}
    if not target:
        return {**values, "reason": "No execution has a metric whose last value is a number."}
    try:
        return {**values, "strengths": importance(compared.runs, target)}
    except ValueError as error:
        return {**values, "reason": str(error)}


def _targets(runs: Runs) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in run.metrics))


READERS: dict[str, Callable[[Comparison, CompareState], dict[str, Any]]] = {
    "curves": _curves_view,
    "table": _table_view,
    "parallel": _axes_view,
    "scatter": _axes_view,
    "importance": _importance_view,
}
