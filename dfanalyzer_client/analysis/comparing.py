"""Compare runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..executions.layer_pairs import layer_differences
from ..keras_schema import names as tags
from ..store import Connection
from .comparison import Comparison
from .difference import Difference
from .finding import Named, run_with, summaries_with
from .one_run import Run
from .run_list import Runs

__all__ = ["compare_with", "diff_with"]

ENDS = tuple(name.lower() for name in (tags.STOP_REASON, tags.STOP_DETAIL))
"""Why the last training ended; of one that was steered, who stopped it and why."""

ENVIRONMENT = ("commit", "package", "environment")
"""The parts that the key ENVIRONMENT captures."""

Facts = dict[tuple[str, str], Any]

PARTS = (
    "field",
    "hyperparameter",
    "layer",
    "data",
    "commit",
    "package",
    "environment",
    "metric",
)


def compare_with(
    connection: Connection,
    names: Runs | Named | Sequence[Runs | Named | Sequence[Named]],
    *,
    ends: bool = True,
) -> Comparison:
    """`compare` over an open connection; without `ends`, stop reasons are not read."""
    return Comparison(summaries_with(connection, names, ends=ends))


def diff_with(connection: Connection, a: Named, b: Named, *, same: bool = False) -> Difference:
    """`diff` over an open connection; with `same`, also of what does not differ."""
    first, second = run_with(connection, a), run_with(connection, b)
    with connection.transaction():
        left, right = _comparable(_facts(first), _facts(second))
        layers = layer_differences(_layers(first), _layers(second), same=same)
    rows: list[tuple[Any, ...]] = [("layer", *row) for row in layers]
    rows += [
        (part, name, left.get((part, name)), right.get((part, name)))
        for part, name in dict.fromkeys([*left, *right])
        if same or repr(left.get((part, name))) != repr(right.get((part, name)))
    ]
    place = {part: number for number, part in enumerate(PARTS)}
    rows.sort(key=lambda row: place[row[0]])
    return Difference(first.summary, second.summary, rows)


def _comparable(a: Facts, b: Facts) -> tuple[Facts, Facts]:
    """Facts without the environment if it was captured of one run only, with that said instead.

    Else hundreds of packages would seem to be missing in the other one.
    """
    has_a, has_b = (any(part in ENVIRONMENT for part, _ in facts) for facts in (a, b))
    if has_a == has_b:
        return a, b
    kept = [{key: facts[key] for key in facts if key[0] not in ENVIRONMENT} for facts in (a, b)]
    for facts, has in zip(kept, (has_a, has_b), strict=True):
        facts["environment", "captured"] = "yes" if has else "no"
    return kept[0], kept[1]


def _layers(run: Run) -> list[dict[str, Any]]:
    """The layers of the model that a run trained last."""
    layers: list[dict[str, Any]] = run.layers.to_dicts()
    trainings = [each["training"] for each in layers if each.get("training") is not None]
    return [each for each in layers if trainings and each["training"] == max(trainings)]


def _facts(run: Run) -> Facts:
    """All that two runs can differ in, by part and name."""
    facts: Facts = {
        ("field", name): getattr(run, name) for name in ("dataflow", "status", "epochs")
    }
    outcome = run.outcome
    facts |= {("field", name): outcome[name] for name in ENDS if outcome.get(name) is not None}
    facts |= {("hyperparameter", name): value for name, value in run.hyperparameters.items()}
    for each in run.data.to_dicts():
        if each.get("role"):
            name = f"{each['role']} {each.get('name')}"
            facts |= {
                ("data", f"{name}.{key}"): each.get(key) for key in ("shape", "dtype", "hash")
            }
    for each in run.environment.to_dicts():
        kind, fact = each.get("kind"), each.get("name")
        if kind == "git" and fact == "commit":
            facts["commit", "commit"] = each.get("value")
        elif kind == "package":
            facts["package", str(fact)] = each.get("value")
        elif kind != "process":  # its number, for example, always differs
            facts["environment", f"{kind}.{fact}"] = each.get("value")
    return facts | {("metric", name): value for name, value in run.summary.metrics.items()}
