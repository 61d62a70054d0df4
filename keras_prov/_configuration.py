"""What a training ended with, and what the user changed before the next one of the same model.

Fine-tuning goes on in the same execution: another optimizer or rate by `compile`, layers frozen or
unfrozen, a rate assigned between two calls of `fit`. Each is an adaptation.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator
from typing import Any, NamedTuple

from ._adaptations import ASSIGNMENT, Adaptation
from ._facts import Facts
from ._layers import trainable_layers

__all__ = ["Configuration", "changes_since", "configuration_of"]


class Configuration(NamedTuple):
    """The learning rate, the optimizer and the trained layers at the end of a training."""

    rate: float | None
    optimizer: weakref.ref[Any] | None
    optimizer_name: str | None
    trainable: frozenset[str]


def configuration_of(facts: Facts, rate: float | None) -> Configuration:
    """The configuration of the model as it is now."""
    optimizer = facts.optimizer
    if optimizer is None:
        return Configuration(rate, None, None, trainable_layers(facts.model))
    reference = weakref.ref(optimizer)
    return Configuration(rate, reference, type(optimizer).__name__, trainable_layers(facts.model))


def changes_since(
    before: Configuration, facts: Facts, rate: float | None, epoch: int
) -> Iterator[Adaptation]:
    """What differs from the training before, as adaptations of `epoch`."""
    now = configuration_of(facts, rate)
    compiled = before.optimizer is not None and before.optimizer() is not facts.optimizer
    if compiled:
        detail = f"{before.optimizer_name} → {now.optimizer_name}"
        yield Adaptation(epoch, before.rate, rate, "compile", detail)
    elif before.rate != rate:
        yield Adaptation(epoch, before.rate, rate, ASSIGNMENT, "between two trainings")
    if before.trainable != now.trainable:
        detail = json.dumps(
            {
                "unfrozen": sorted(now.trainable - before.trainable),
                "frozen": sorted(before.trainable - now.trainable),
            }
        )
        yield Adaptation(epoch, rate, rate, "trainable", detail)
