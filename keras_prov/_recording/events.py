"""What happens to a training's configuration on the way: one change, and where it has come to."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

__all__ = ["ASSIGNMENT", "Adaptation", "Configuration"]

ASSIGNMENT = "assignment"
"""The cause of a change that the program made by itself, in no callback's hook."""


@dataclass(frozen=True)
class Adaptation:
    """One change.

    Attributes:
        epoch: the first one that it holds for, counted from 0.
        old_rate: the learning rate before; None where it is not known.
        new_rate: and after.
        cause: class of the callback or schedule that made it, ``assignment``, ``compile``,
            ``trainable`` or ``EMA overwrite``.
        detail: where the code stands that made it, or what changed beside the rate.
        optimizer: name of the one that was changed; None where the model has no other.
    """

    epoch: int
    old_rate: float | None
    new_rate: float | None
    cause: str
    detail: str | None = None
    optimizer: str | None = None


class Configuration(NamedTuple):
    """The learning rates, the optimizers and the trained layers at the end of a training.

    Attributes:
        rate: of the optimizer that `compile()` was given.
        optimizer: that one.
        optimizer_name: its class.
        trainable: paths of the layers that are trained.
        others: where the model has several, each by name: object, class and rate.
        unused: the changes of rates that no epoch has trained with: ReduceLROnPlateau's in the
            epoch in which EarlyStopping stopped, say. They are adaptations once a further training
            has.
    """

    rate: float | None
    optimizer: weakref.ref[Any] | None
    optimizer_name: str | None
    trainable: frozenset[str]
    others: Mapping[str, tuple[weakref.ref[Any], str, float | None]]
    unused: Sequence[Adaptation] = ()
