"""Names for executions side by side: their ids, and what tells them apart."""

from __future__ import annotations

from typing import Any

from ...analysis import Comparison, RunSummary
from ..pages import short

__all__ = ["HYPERPARAMETERS", "MAX_TEXT", "differing_hyperparameters", "label_of"]

HYPERPARAMETERS = "hyperparameters."
MAX_NAMED = 3
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
