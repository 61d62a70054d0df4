"""The tabs of one execution: what each of them shows, and the SQL that gives the same rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...analysis import Run, Table
from ...analysis.set_statements import set_statements, sets_of
from ...keras_schema import Role
from ...keras_schema import names as tags
from ...store import Connection
from ..steering import offered, requests_of, why_not
from .layer_lists import layers_of, models_of

__all__ = ["TABS", "Tab", "continued", "read_tab", "system_curves"]

Row = Sequence[Any]

OF_DIFFERENCES = (tags.CONTINUED_NAME, tags.OLD_VALUE, tags.NEW_VALUE)
PARTS = {"optimizer": "Optimizer", "hyperparameter": "Hyperparameters", "layer": "Layers"}
WEIGHTS = {"yes": "taken over", "no": "its own"}

KINDS_OF_SAMPLES = (tags.SYSTEM_METRICS, tags.BATCHES, tags.OPTIMIZER_RATES)


@dataclass(frozen=True)
class Tab:
    """A tab.

    Attributes:
        name: in the address.
        title: what is written on it.
        roles: of the sets whose rows it shows.
        empty: what helps if there are none.
    """

    name: str
    title: str
    roles: tuple[Role, ...]
    empty: str


TABS = {
    tab.name: tab
    for tab in (
        Tab(
            "configuration",
            "Configuration",
            (Role.HYPERPARAMETERS, Role.ADAPTATIONS, Role.TRIAL, Role.OUTCOME),
            "No hyperparameter was captured. Name some when you capture: "
            'model.provenance(dataflow_tag=…, hyps={"LEARNING_RATE": True}).',
        ),
        Tab(
            "layers",
            "Layers",
            (Role.MODEL,),
            "No layer is stored. The layers of a model are captured when its training begins.",
        ),
        Tab(
            "data",
            "Data",
            (Role.DATA,),
            "No data was fingerprinted. The key DATASET does that: "
            'model.provenance(dataflow_tag=…, hyps={"DATASET": True}).',
        ),
        Tab(
            "environment",
            "Environment",
            (Role.ENVIRONMENT,),
            "The environment was not captured. The key ENVIRONMENT captures it: "
            'model.provenance(dataflow_tag=…, hyps={"ENVIRONMENT": True}).',
        ),
        Tab("files", "Files", (Role.FILES,), "No file was written or read, as far as is known."),
        Tab(
            "tests",
            "Tests",
            (Role.TESTS,),
            "Nothing was tested. Each model.evaluate() becomes a row here.",
        ),
        Tab(
            "system",
            "System",
            (Role.SAMPLES,),
            "No samples were taken. The key SYSTEM_METRICS takes some of CPU, memory and GPU: "
            'model.provenance(dataflow_tag=…, hyps={"SYSTEM_METRICS": True}).',
        ),
        Tab(
            "continuation",
            "Continued from",
            (Role.CONTINUATION,),
            "No difference to an earlier execution is recorded. keras.continue_from(…) goes on "
            "from one, and records what differs; keras.replay(…) makes its changes again.",
        ),
        Tab("steering", "Steering", (), "Nothing was asked of it while it trained."),
        Tab("tasks", "Tasks and errors", (), "No task is stored."),
        Tab("sets", "Other sets", (), "The dataflow has no sets of your own."),
    )
}


def read_tab(connection: Connection, run: Run, tab: Tab) -> dict[str, Any]:
    """What a tab's template shows: values by name, and ``statements``."""
    known = sets_of(connection, run.dataflow)
    shown = [tag for tag, role in known.items() if role in tab.roles]
    values: dict[str, Any] = {}
    if tab.name == "layers":
        values["models"] = models_of(layers_of(run.layers))
        values["modifications"] = run.rows(tags.MODIFICATION_OUTPUT)
    elif tab.name == "environment":
        values["kinds"] = _by_kind(run.environment)
    elif tab.name == "system":
        found = _samples(run, known)
        shown = list(found)
        values |= {"samples": found, "curves_of_system": system_curves(run, found)}
    elif tab.name == "sets":
        shown = [tag for tag, role in known.items() if role is None]
        values["sets"] = {tag: run.rows(tag) for tag in shown}
    elif tab.name == "continuation":
        values["replayed"], values["parts"] = continued(run)
    elif tab.name == "steering":
        values["requests"] = requests_of(connection, run.summary)
        values |= {"actions": offered(connection, run.summary), "why_not": why_not(run.summary)}
    elif tab.name == "tasks":
        shown = []
    statements = set_statements(connection, run.dataflow, run.id, shown)
    return {**values, "statements": statements}


def continued(run: Run) -> tuple[list[str], dict[str, Table]]:
    """What an execution replays, and how it differs from the one it continues, part by part."""
    rows = run.rows(tags.CONTINUATION).to_dicts()
    replayed, parts = list[str](), defaultdict[str, list[Row]](list)
    for row in rows:
        kind = row.get(tags.CONTINUED_KIND.lower())
        values = [row.get(name.lower()) for name in OF_DIFFERENCES]
        if kind == "replay":
            replayed.append(str(row.get(tags.NEW_VALUE.lower())))
        else:
            weights = WEIGHTS.get(str(row.get(tags.CONTINUED_WEIGHTS.lower())))
            parts[PARTS.get(str(kind), str(kind))].append([*values, weights])
    return replayed, {title: _as_table(found) for title, found in parts.items()}


def _as_table(rows: list[Row]) -> Table:
    """A table, with a column for weights if some row says something of them."""
    columns = ["name", "before", "now", "weights"]
    if any(row[-1] is not None for row in rows):
        return Table(columns, rows)
    return Table(columns[:-1], [row[:-1] for row in rows])


def system_curves(run: Run, samples: dict[str, Table]) -> dict[str, Any]:
    """The system's samples as charts take them, over the seconds since the training began."""
    rows = samples.get(tags.SYSTEM_METRICS.lower(), Table([], [])).to_dicts()
    series: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        device = str(row.get("device") or "cpu")
        for name, value in row.items():
            if not isinstance(value, float) or name == tags.ELAPSED_TIME.lower():
                continue
            one = series.setdefault(
                (name, device),
                {
                    "run": 0,
                    "training": 1,
                    "metric": name if device == "cpu" else f"{name} of {device}",
                    "epochs": [],
                    "values": [],
                },
            )
            one["epochs"].append(row.get(tags.ELAPSED_TIME.lower()))
            one["values"].append(value)
    described = {"id": run.id, "execution": run.execution, "dataflow": run.dataflow}
    return {"runs": [described], "series": list(series.values()), "adaptations": []}


def _samples(run: Run, known: dict[str, Role | None]) -> dict[str, Table]:
    names = [tag.lower() for tag in KINDS_OF_SAMPLES if tag.lower() in known]
    found = {name: run.rows(name) for name in names}
    return {name: rows for name, rows in found.items() if len(rows)}


def _by_kind(environment: Table) -> dict[str, list[Sequence[Any]]]:
    """The facts by their kind, each once."""
    kinds = defaultdict[str, dict[str, Any]](dict)
    for row in environment.to_dicts():
        kinds[str(row.get("kind"))][str(row.get("name"))] = row.get("value")
    return {kind: list(facts.items()) for kind, facts in kinds.items()}
