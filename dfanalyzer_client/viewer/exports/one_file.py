"""Executions as one HTML file: the viewer's curves and comparison, without the viewer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ...analysis import Comparison, Run, Runs, Table
from ...analysis.finding import run_with
from ...masking import masked, masked_row
from ...store import Connection
from ...support.distribution import installed_version
from ..curve_data import curve_data
from ..one_run.layer_lists import layers_of
from ..one_run.tabs import TABS, continued, read_tab
from ..pages import ENVIRONMENT, middle
from .compared import axes_of, groups, side_by_side
from .inlined import inlined
from .thinning import thinned

__all__ = ["static_page"]

MODULE = "exported.js"
SCRIPTS = ("theme.js", "vendor/uPlot.iife.min.js")
ECHARTS = "vendor/echarts.min.js"
"""1.1 MB, for parallel coordinates."""

STYLES = ("vendor/uPlot.min.css", "viewer.css", "exported.css")

MAX_ROWS = 2_000
"""Of one table; a file of more would open slowly."""

NAME_CHARACTERS = 24
"""Of an execution in a legend."""


@dataclass(frozen=True)
class Section:
    """A table of an execution.

    Attributes:
        title: what is above it.
        table: its rows; secrets in texts are masked.
        is_named: whether its first column names the row.
    """

    title: str
    table: Table
    is_named: bool = False


def static_page(connection: Connection, runs: Runs) -> str:
    """The file: of one execution all that is known of it, of several their comparison.

    Args:
        connection: to the database.
        runs: the executions.
    """
    curves = curve_data(connection, list(runs), times=True)
    for change in curves["adaptations"]:
        change |= {name: masked(each) for name, each in change.items() if isinstance(each, str)}
    curves["names"] = [middle(run.execution, NAME_CHARACTERS) for run in runs]
    one = run_with(connection, runs[0]) if len(runs) == 1 else None
    compared = None if one is not None else Comparison(list(runs))
    axes = None if compared is None else axes_of(compared)
    curves["groups"] = {} if compared is None else groups(compared)
    scripts = (*SCRIPTS, ECHARTS) if axes else SCRIPTS
    return ENVIRONMENT.get_template("exported.html").render(
        parts=inlined(MODULE, scripts, STYLES),
        run=one,
        runs=runs,
        sections=[] if one is None else list(sections(one)),
        system=None if one is None else read_tab(connection, one, TABS["system"]),
        comparison=None if compared is None else side_by_side(compared),
        axes=axes,
        curves=curves,
        points=thinned(curves),
        max_rows=MAX_ROWS,
        made=datetime.now(UTC),
        version=installed_version(),
    )


def sections(run: Run) -> Iterable[Section]:
    """The tables of an execution that have rows."""
    configuration = run.configuration
    if len(configuration) < 2:
        chosen = configuration.to_dicts()[0] if len(configuration) else run.hyperparameters
        yield from _pairs("Configuration", chosen.items())
    else:
        yield from _rows("Configuration of each training", configuration)
    yield from _rows("Adaptations", run.adaptations)
    yield from _pairs("How it ended", run.outcome.items())
    yield from _pairs("Trial", _trial(run).items())
    yield from _rows("Tests", run.tests)
    yield from _rows("Layers", _layers(run))
    yield from _rows("Data", run.data)
    yield from _rows("Files", run.files)
    yield from _rows("Environment", run.environment)
    yield from _rows("Tasks", run.tasks)
    yield from _pairs("Derived from", [(name, "") for name in run.derived_from])
    replayed, parts = continued(run)
    yield from _pairs("Replays", [(name, "") for name in replayed])
    for title, rows in parts.items():
        yield from _rows(f"{title} that differ from the execution that it continues", rows)


def _layers(run: Run) -> Table:
    """A row for each layer."""
    layers = layers_of(run.layers)
    several = len({layer.training for layer in layers}) > 1
    return Table(
        ["training", "layer", "class", "output_shape", "parameters", "arguments", "made_at"],
        [
            [
                layer.training if several else None,
                layer.name,
                layer.class_name or None,
                layer.shape or None,
                layer.parameters,
                ", ".join(f"{name}={value}" for name, value in layer.arguments.items()) or None,
                layer.made_at or None,
            ]
            for layer in layers
        ],
    )


def _trial(run: Run) -> dict[str, Any]:
    found = dict(run.trial)
    for part in ("parameters", "values"):
        found |= dict(found.pop(part, {}))
    return found


def _pairs(title: str, pairs: Iterable[tuple[str, Any]]) -> Iterable[Section]:
    rows = [pair for pair in pairs if pair[1] is not None]
    if rows:
        yield Section(title, _masked(Table(["name", "value"], rows)), is_named=True)


def _rows(title: str, table: Table) -> Iterable[Section]:
    """A table without the columns that are empty."""
    used = [
        place for place in range(len(table.columns)) if any(row[place] is not None for row in table)
    ]
    if used:
        columns = [table.columns[place] for place in used]
        yield Section(
            title, _masked(Table(columns, [[row[place] for place in used] for row in table.rows]))
        )


def _masked(table: Table) -> Table:
    """A copy as it may be published, should a secret have been stored before a rule masked it."""
    return Table(table.columns, [masked_row(table.columns, row) for row in table.rows])
