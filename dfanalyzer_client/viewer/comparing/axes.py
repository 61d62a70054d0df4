"""Values of executions as axes of parallel coordinates and scatter plots."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ...analysis import Comparison, RunSummary
from ...analysis.plots.parallel import chosen_metric
from ...errors import UnknownTagError
from ...keras_schema.names import TEST_METRIC_PREFIX
from ..pages import short
from .run_labels import HYPERPARAMETERS, MAX_TEXT, differing_hyperparameters, label_of

__all__ = ["Axis", "axes_data", "axis_names", "chosen_axes", "metrics_of", "target_of"]

GROUPS = ("hyperparameters", "metrics", "lowest", "highest")
FIELDS = ("epochs", "seconds")
MAX_HYPERPARAMETERS = 8
MAX_AXES = 30


@dataclass(frozen=True)
class Axis:
    """An axis, with the place of each execution on it.

    Attributes:
        name: as addresses name it.
        title: what is written at it.
        texts: what the places are called, where values are no numbers; else none.
        values: a number for each execution; None where it has no value that can be drawn.
    """

    name: str
    title: str
    texts: list[str]
    values: list[float | None]

    def to_dict(self) -> dict[str, Any]:
        """The axis for scripts."""
        return asdict(self)


def metrics_of(runs: Sequence[RunSummary]) -> list[str]:
    """Names of the metrics by epoch that some execution has."""
    return list(
        dict.fromkeys(
            name for run in runs for name in run.metrics if not name.startswith(TEST_METRIC_PREFIX)
        )
    )


def target_of(compared: Comparison, asked: str) -> str:
    """The metric that was asked for, or the one that tells most; empty: there is none.

    Raises:
        UnknownTagError: no execution has a number for the metric that was asked for.
    """
    try:
        return chosen_metric(list(compared.runs), asked or None)
    except ValueError as error:
        if asked:
            raise UnknownTagError(str(error)) from None
        return ""


def axis_names(compared: Comparison) -> list[str]:
    """All that can be an axis: what differs first."""
    chosen = [f"{HYPERPARAMETERS}{name}" for name in differing_hyperparameters(compared)]
    others = [
        f"{group}.{name}"
        for group in GROUPS
        for name in dict.fromkeys(name for run in compared.runs for name in getattr(run, group))
        if all(_is_short(getattr(run, group).get(name)) for run in compared.runs)
    ]
    return list(dict.fromkeys([*chosen, *others, *FIELDS]))


def chosen_axes(compared: Comparison, asked: Sequence[str], target: str) -> list[Axis]:
    """The axes that were asked for; else hyperparameters that differ, and the target.

    Raises:
        UnknownTagError: nothing is called so.
    """
    known = axis_names(compared)
    names = list(dict.fromkeys(asked))[:MAX_AXES]
    for name in names:
        if name not in known:
            raise UnknownTagError(
                f"None of these executions has {short(name)!r} with values short enough for an "
                "axis. The list of axes names what can be one: remove this from the address."
            )
    if not names:
        differing = differing_hyperparameters(compared)[:MAX_HYPERPARAMETERS]
        names = [f"{HYPERPARAMETERS}{name}" for name in differing]
        names += [f"metrics.{target}"] if target else []
    return [_axis(name, [value_of(run, name) for run in compared.runs]) for name in names]


def axes_data(compared: Comparison, axes: Sequence[Axis], target: str) -> dict[str, Any]:
    """What scripts draw of executions and their axes; the target's values are the colours."""
    differing = differing_hyperparameters(compared)
    (colours,) = chosen_axes(compared, [f"metrics.{target}"], target) if target else (None,)
    return {
        "runs": [
            {"execution": run.execution, "label": label_of(run, differing)} for run in compared.runs
        ],
        "axes": [axis.to_dict() for axis in axes],
        "colours": colours and colours.to_dict(),
    }


def value_of(run: RunSummary, name: str) -> Any:
    """The value of an execution for the name of an axis."""
    group, dot, rest = name.partition(".")
    return getattr(run, group).get(rest) if dot else getattr(run, name)


def _axis(name: str, values: Sequence[Any]) -> Axis:
    group, _, rest = name.partition(".")
    title = {"": name, "hyperparameters": rest, "metrics": rest}.get(
        group if rest else "", f"{group} {rest}"
    )
    if all(value is None or _is_number(value) for value in values):
        return Axis(name, title, [], [_drawn(value) for value in values])
    shown = ["none" if value is None else short(value, MAX_TEXT) for value in values]
    texts = sorted(set(shown))
    places = {text: float(place) for place, text in enumerate(texts)}
    return Axis(name, title, texts, [places[text] for text in shown])


def _is_short(value: Any) -> bool:
    return not isinstance(value, str) or len(value) <= MAX_TEXT


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _drawn(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
