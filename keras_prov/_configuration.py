"""What a training ended with, and what the user changed before the next one of the same model.

Fine-tuning goes on in the same execution: another optimizer or rate by `compile`, layers frozen or
unfrozen, a rate assigned between two calls of `fit`. Each is an adaptation.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ._adaptations import ASSIGNMENT, Adaptation
from ._facts import Facts
from ._layers import trainable_layers

__all__ = ["Configuration", "changes_since", "configuration_of"]


class Configuration(NamedTuple):
    """The learning rate, the optimizer and the trained layers at the end of a training.

    `unused` are the changes of the rate that no epoch has trained with: ReduceLROnPlateau's in the
    epoch in which EarlyStopping stopped, say. They are adaptations once a further training has.
    """

    rate: float | None
    optimizer: weakref.ref[Any] | None
    optimizer_name: str | None
    trainable: frozenset[str]
    unused: Sequence[Adaptation] = ()


def configuration_of(
    facts: Facts, rate: float | None, unused: Sequence[Adaptation] = ()
) -> Configuration:
    """The configuration of the model as it is now."""
    optimizer = facts.optimizer
    trainable = trainable_layers(facts.model)
    if optimizer is None:
        return Configuration(rate, None, None, trainable, unused)
    reference = weakref.ref(optimizer)
    return Configuration(rate, reference, type(optimizer).__name__, trainable, unused)


def changes_since(
    before: Configuration, facts: Facts, rate: float | None, epoch: int
) -> Iterator[Adaptation]:
    """What differs from the training before, as adaptations of `epoch`."""
    now = configuration_of(facts, rate)
    optimizer = before.optimizer() if before.optimizer is not None else None
    if optimizer is not facts.optimizer:
        detail = f"{before.optimizer_name} → {now.optimizer_name}"
        used = before.unused[0].old_rate if before.unused else before.rate
        yield Adaptation(epoch, used, rate, "compile", detail)
    else:
        yield from (replace(each, epoch=epoch) for each in before.unused)
        if before.rate != rate:
            yield Adaptation(epoch, before.rate, rate, ASSIGNMENT, "between two trainings")
    if before.trainable != now.trainable:
        detail = json.dumps(
            {
                "unfrozen": sorted(now.trainable - before.trainable),
                "frozen": sorted(before.trainable - now.trainable),
            }
        )
        yield Adaptation(epoch, rate, rate, "trainable", detail)
