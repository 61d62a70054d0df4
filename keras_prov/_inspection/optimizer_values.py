"""Hyperparameters of optimizers, read without calling anything of the user's."""

from __future__ import annotations

import json
from typing import Any

import keras

from .._tracking.calls import construction_of
from .constructor_arguments import MISSING, argument_value, parameters_of
from .describe import describe, unless_secret
from .learning_rate import common, inner_optimizers, is_multi, learning_rate
from .optimizer_arguments import described_map
from .param_groups import group_scalars

__all__ = ["config_of", "decay_of", "momentum_of", "place_of", "schedule_of"]


def decay_of(optimizer: Any) -> float | None:
    """Rate of time-based decay: that of InverseTimeDecay, else 0; None without an optimizer."""
    if optimizer is None:
        return None
    parts = inner_optimizers(optimizer) or [optimizer]
    schedules = (getattr(part, "_learning_rate", None) for part in parts)
    decay: float | None = common(
        float(schedule.decay_rate) / float(schedule.decay_steps)
        if isinstance(schedule, keras.optimizers.schedules.InverseTimeDecay)
        else 0.0
        for schedule in schedules
    )
    return decay


def momentum_of(optimizer: Any) -> float | None:
    """The momentum; None for an optimizer that has none."""
    parts = inner_optimizers(optimizer) or [optimizer]
    grouped = [(part, group_scalars(part) or {}) for part in parts]
    momenta = (getattr(part, "momentum", group.get("momentum")) for part, group in grouped)
    momentum: float | None = common(None if value is None else float(value) for value in momenta)
    return momentum


def schedule_of(optimizer: Any) -> str | None:
    """Class and arguments of the schedule, a callable's name, or None for a plain number."""
    rate = getattr(optimizer, "_learning_rate", None)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return json.dumps({"class_name": type(rate).__name__, "config": _arguments(rate)})
    if callable(rate) and not isinstance(rate, keras.Variable):
        return describe(rate)
    return None


def config_of(optimizer: Any, model: Any) -> str | None:
    """Class and arguments of an optimizer as JSON; None without an optimizer."""
    if optimizer is None:
        return None
    config = {**_arguments(optimizer), **(group_scalars(optimizer) or {})}
    config |= getattr(optimizer, "known_config", {})
    config["learning_rate"] = learning_rate(optimizer, model)
    if is_multi(optimizer):
        config["optimizer_map"] = described_map(optimizer)
    return json.dumps({"class_name": type(optimizer).__name__, "config": config})


def place_of(optimizer: Any) -> str | None:
    """``file:line`` of the call that created the optimizer."""
    construction = construction_of(optimizer)
    return construction.place if construction is not None else None


def _arguments(owner: Any) -> dict[str, Any]:
    """The constructor's arguments: plain values as they are, others described."""
    values = {name: argument_value(owner, name) for name in parameters_of(type(owner))}
    plain = {
        name: value if isinstance(value, (str, bool, int, float, type(None))) else describe(value)
        for name, value in values.items()
        if value is not MISSING
    }
    return {name: unless_secret(name, value) for name, value in plain.items()}
