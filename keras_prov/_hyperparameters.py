"""The hyperparameters that can be captured: what each means, and how it is read.

Reading is done by pure functions of a training's facts, at its beginning, and only for those that
the user named. What cannot be known (the batch size of a generator), or what the optimizer does not
have (Adam has no momentum), is None and becomes NULL.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

__all__ = ["KNOWN", "Facts", "Hyperparameter", "checked_keys", "learning_rate"]

_MULTI: Any = getattr(keras.optimizers, "MultiOptimizer", ())  # Keras 3.12 has none

DEFAULT_BATCH_SIZE = 32
"""Keras' own, for arrays without `batch_size` (keras.Model.fit)."""


@dataclass(frozen=True)
class Facts:
    """What is known when a training begins: the model and the arguments of `fit`."""

    model: Any
    arguments: Mapping[str, Any]

    @property
    def optimizer(self) -> Any:
        """The optimizer that the user chose, without the loss scaling around it."""
        optimizer = self.model.optimizer
        return getattr(optimizer, "inner_optimizer", None) or optimizer


@dataclass(frozen=True)
class Hyperparameter:
    """One thing to capture: its key, its attribute's type, its meaning and how it is read."""

    key: str
    type: str
    meaning: str
    read: Callable[[Facts], Any]


def checked_keys(hyps: Mapping[str, bool]) -> tuple[str, ...]:
    """The keys that are True, in the dictionary's order.

    Raises:
        TypeError: `hyps` is no dictionary, or a value is no bool.
        ValueError: a key is unknown; the message names the nearest known one.
    """
    if not isinstance(hyps, Mapping):
        raise TypeError(
            "What to capture is a dictionary of True and False, as in "
            f'{{"LEARNING_RATE": True}}. Received: {hyps!r} of type {type(hyps).__name__}.'
        )
    for key, wanted in hyps.items():
        if key not in KNOWN:
            raise ValueError(_unknown(key))
        if not isinstance(wanted, (bool, np.bool_)):
            raise TypeError(
                f"Whether to capture {key} is True or False. "
                f"Received: {wanted!r} of type {type(wanted).__name__}."
            )
    return tuple(key for key, wanted in hyps.items() if wanted)


def learning_rate(optimizer: Any) -> float | None:
    """The learning rate that the next step takes, as its shortest decimal; None when unknown.

    A user's callable is not called here, since a call may change what it returns next.
    """
    inner = _inner(optimizer)
    if inner is not None:
        return _common(learning_rate(each) for each in inner)
    rate = getattr(optimizer, "_learning_rate", None)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        # with gradient accumulation `iterations` is divided; the schedule counts `_iterations`
        rate = rate(optimizer._iterations)
    elif rate is None or callable(rate):
        return None
    return _shortest(rate)


def _inner(optimizer: Any) -> list[Any] | None:
    """The optimizers of a MultiOptimizer, whose own learning rate is a 0 that nobody uses.

    They may be none yet: where a function selects them, Keras asks it at the first step.
    """
    if isinstance(optimizer, _MULTI):
        return list(optimizer.optimizers)
    return None


def _each(optimizer: Any) -> list[Any]:
    inner = _inner(optimizer)
    return [optimizer] if inner is None else inner


def _common(values: Iterable[float | None]) -> float | None:
    """The one value that all have; None where they differ."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


def _unknown(key: object) -> str:
    near = difflib.get_close_matches(str(key).upper(), KNOWN, n=1, cutoff=0.0)
    return (
        f"Unknown hyperparameter {key!r}. Did you mean {near[0]!r}? "
        f"Expected keys among {', '.join(KNOWN)}."
    )


def _shortest(value: Any) -> float:
    """The shortest decimal that is this float32: 0.001, not 0.0010000000474974513."""
    try:
        number = float(value)
    except TypeError:  # a mirrored variable of tf.distribute has no __float__
        number = float(np.asarray(keras.ops.convert_to_numpy(value.value)).ravel()[0])
    return float(str(np.float32(number)))


def _optimizer_name(facts: Facts) -> str:
    return type(facts.optimizer).__name__


def _initial_rate(facts: Facts) -> float | None:
    return _rate_before_the_first_step(facts.optimizer)


def _rate_before_the_first_step(optimizer: Any) -> float | None:
    inner = _inner(optimizer)
    if inner is not None:
        return _common(_rate_before_the_first_step(each) for each in inner)
    rate = getattr(optimizer, "_learning_rate", None)
    if callable(rate) and not isinstance(
        rate, (keras.optimizers.schedules.LearningRateSchedule, keras.Variable)
    ):
        return _shortest(rate())  # a user's function: asked once, at the beginning
    return learning_rate(optimizer)


def _decay(facts: Facts) -> float | None:
    optimizers = _each(facts.optimizer)
    return _common(_decay_of(getattr(each, "_learning_rate", None)) for each in optimizers)


def _decay_of(schedule: Any) -> float:
    if isinstance(schedule, keras.optimizers.schedules.InverseTimeDecay):
        return float(schedule.decay_rate) / float(schedule.decay_steps)
    return 0.0


def _momentum(facts: Facts) -> float | None:
    optimizers = _each(facts.optimizer)
    momenta = (getattr(each, "momentum", None) for each in optimizers)
    return _common(None if momentum is None else float(momentum) for momentum in momenta)


def _batch_size(facts: Facts) -> int | None:
    data, given = facts.arguments.get("x"), facts.arguments.get("batch_size")
    if _is_array(data):
        steps = facts.arguments.get("steps_per_epoch")
        if not given and steps:
            return int(np.ceil(_length(data) / steps))
        return int(given or DEFAULT_BATCH_SIZE)
    return _batch_size_of(data)


def _batch_size_of(data: Any) -> int | None:
    """The size of the batches that a data set of its own makes, where it can be known."""
    size = getattr(data, "batch_size", None)  # torch's DataLoader, many a PyDataset
    if isinstance(size, int):
        return size
    spec = getattr(data, "element_spec", None)  # tf.data
    leaves = keras.tree.flatten(spec) if spec is not None else []
    shape = getattr(leaves[0], "shape", None) if leaves else None
    return None if shape is None or not shape or shape[0] is None else int(shape[0])


def _is_array(data: Any) -> bool:
    leaves = keras.tree.flatten(data)
    return bool(leaves) and all(
        hasattr(leaf, "shape") and not hasattr(leaf, "element_spec") for leaf in leaves
    )


def _length(data: Any) -> int:
    return int(keras.tree.flatten(data)[0].shape[0])


KNOWN: dict[str, Hyperparameter] = {
    each.key: each
    for each in (
        Hyperparameter(
            "OPTIMIZER_NAME", "TEXT", "class of the optimizer, without loss scaling",
            _optimizer_name,
        ),
        Hyperparameter(
            "LEARNING_RATE", "NUMERIC",
            "learning rate before the first step; of a schedule, its value there", _initial_rate,
        ),
        Hyperparameter(
            "DECAY", "NUMERIC",
            "rate of time-based decay (InverseTimeDecay's decay_rate / decay_steps), else 0",
            _decay,
        ),
        Hyperparameter(
            "MOMENTUM", "NUMERIC", "momentum of the optimizer; NULL where it has none", _momentum
        ),
        Hyperparameter(
            "NUM_EPOCHS", "NUMERIC", "epochs that fit() was asked for",
            lambda facts: facts.arguments.get("epochs"),
        ),
        Hyperparameter(
            "BATCH_SIZE", "NUMERIC", "samples in a batch; NULL where only the data know",
            _batch_size,
        ),
        Hyperparameter(
            "NUM_LAYERS", "NUMERIC", "length of model.layers when training begins",
            lambda facts: len(facts.model.layers),
        ),
    )
}  # fmt: skip
