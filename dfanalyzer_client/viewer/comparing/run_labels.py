"""Names for executions side by side: their ids, and what tells them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...analysis import Comparison, RunSummary
from ..pages import short

__all__ = [
    "HYPERPARAMETERS",
    "MAX_TEXT",
    "differing_hyperparameters",
    "groups_of",
    "label_of",
]

HYPERPARAMETERS = "hyperparameters."
MAX_NAMED = 3
MOST_GROUPS = 30
MAX_TEXT = 40
"""Longer ones, such as an optimizer's whole configuration, name nothing and have no axis."""


def differing_hyperparameters(compared: Comparison) -> list[str]:
    """Names of the hyperparameters that differ and whose values are short."""
    return [
        name.removeprefix(HYPERPARAMETERS)
        for name in compared.differing
        if name.startswith(HYPERPARAMETERS)
        and all(len(str(value)) <= MAX_TEXT for value in compared.column(name))
    ]


def label_of(run: RunSummary, differing: list[str]) -> str:
    """What an execution is called in legends."""
    values: list[tuple[str, Any]] = [
        (name, run.hyperparameters.get(name)) for name in differing[:MAX_NAMED]
    ]
    if not values:
        return f"{run.id}: {short(run.execution, 30)}"
    said = ", ".join(
        f"{name} {'none' if value is None else short(value, 16)}" for name, value in values
    )
    return f"{run.id}: {short(said, 80)}"


def groups_of(runs: Sequence[RunSummary], differing: list[str]) -> dict[str, list[str]]:
    """By what executions can be grouped: the value of each, by the hyperparameter's name."""
    return {
        name: [short(_text(run.hyperparameters.get(name)), MAX_TEXT) for run in runs]
        for name in differing[:MOST_GROUPS]
    }


def _text(value: Any) -> Any:
    return "none" if value is None else value
