"""Changes of a training's configuration, and the configuration that it ends with."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["ASSIGNMENT", "REPLAY", "STEERING", "Adaptation", "Configuration"]

ASSIGNMENT = "assignment"
"""The cause of a change that the program made outside the callbacks' hooks."""

STEERING = "steering"
"""The cause of a change that somebody has asked the running training for."""

REPLAY = "replay"
"""The cause of a change, or a stop, that is made again as in another execution."""


@dataclass(frozen=True)
class Adaptation:
    """One change of the configuration.

    Attributes:
        epoch: the first one with the new configuration, counted from 0.
        old_rate: the learning rate before the change; None if it is not known.
        new_rate: the learning rate after it.
        cause: class of the callback or schedule that made it, ``assignment``, ``compile``,
            ``trainable``, ``EMA overwrite``, ``steering`` or ``replay``.
        detail: where the code that made it is, what changed besides the rate, or the cause of what
            is replayed.
        optimizer: name of the one that was changed; None if the model has only one.
        attribute: what steering has set, as ``momentum`` or ``EarlyStopping.patience``.
        old_value: its value before, as JSON.
        new_value: its value after, as JSON.
        batch: the batch of `epoch` after which it holds; None from the epoch's beginning.
        person: who asked for it.
        reason: why.
        request: the request's id.
    """

    epoch: int
    old_rate: float | None
    new_rate: float | None
    cause: str
    detail: str | None = None
    optimizer: str | None = None
    attribute: str | None = None
    old_value: str | None = None
    new_value: str | None = None
    batch: int | None = None
    person: str | None = None
    reason: str | None = None
    request: str | None = None


class Configuration(NamedTuple):
    """The learning rates, the optimizers and the trained layers at the end of a training.

    Attributes:
        rate: learning rate of the optimizer given to `compile()`.
        optimizer: the optimizer given to `compile()`.
        optimizer_name: its class.
        trainable: paths of the layers that are trained.
        others: all optimizers of a model with several, by name: object, class and rate.
        unused: changes of the rate after the last epoch, such as ReduceLROnPlateau's in the epoch
            in which EarlyStopping stopped. They become adaptations of the next training.
    """

    rate: float | None
    optimizer: weakref.ref[Any] | None
    optimizer_name: str | None
    trainable: frozenset[str]
    others: Mapping[str, tuple[weakref.ref[Any], str, float | None]]
    unused: Sequence[Adaptation] = ()
