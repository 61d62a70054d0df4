"""Requests and what came of them, in words."""

from __future__ import annotations

import json
import math
from typing import Any

from ..declarations.steering import SteeringAction, SteeringState
from ..executions.steering import SteeringRow

__all__ = ["change_in_words", "in_words", "outcome_in_words", "value_of_text"]


def in_words(row: SteeringRow) -> str:
    """What was asked for, as ``learning_rate = 0.0001 at epoch 60``."""
    what = row.action if row.target is None else f"{row.action} {row.target}"
    if row.action == SteeringAction.SET:
        what = f"{row.target} = {row.value}"
    terms = "" if row.at_epoch is None else f" at epoch {row.at_epoch}"
    return what + terms + ("" if row.condition is None else f" when {row.condition}")


def outcome_in_words(row: SteeringRow) -> str:
    """What came of it, as ``Applied in epoch 12: learning_rate 0.001 → 0.0001``."""
    if row.state not in (SteeringState.APPLIED, SteeringState.REFUSED):
        return f"{row.state.capitalize()}: {in_words(row)}"
    if row.state == SteeringState.REFUSED:
        return f"Refused{_place(row)}: {in_words(row)}: {row.detail or 'no reason is given'}"
    changed = in_words(row)
    if row.action == SteeringAction.SET and row.old_value is not None:
        changed = f"{row.target} {row.old_value} → {row.new_value}"
    detail = f" ({row.detail})" if row.detail else ""
    return f"Applied{_place(row)}: {changed}{detail}"


def change_in_words(row: SteeringRow) -> str:
    """What came of it in a column of a table: ``0.001 → 0.0001``, and why or what else."""
    changed = "" if row.old_value is None else f"{row.old_value} → {row.new_value}"
    return "; ".join(filter(None, (changed, row.detail)))


def value_of_text(text: str) -> Any:
    """A value that somebody has typed: JSON, or a number, or else the text that it is."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


def _place(row: SteeringRow) -> str:
    if row.epoch is None:
        return ""
    return f" in epoch {row.epoch}" + ("" if row.batch is None else f" after batch {row.batch}")
