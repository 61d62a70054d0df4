"""What a training ended with, and what the user changed before the next one of the same model.

Fine-tuning goes on in the same execution: another optimizer or rate by `compile`, layers frozen or
unfrozen, a rate assigned between two calls of `fit`. Each is an adaptation.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ._adaptations import ASSIGNMENT, Adaptation
from ._facts import Facts
from ._layers import trainable_layers
from ._optimizers import MAIN

BETWEEN = "between two trainings"

__all__ = ["Configuration", "changes_since", "configuration_of"]


class Configuration(NamedTuple):
    """The learning rates, the optimizers and the trained layers at the end of a training.

    Attributes:
        rate: of the optimizer that `compile()` was given.
        optimizer: that one.
        optimizer_name: its class.
        trainable: paths of the layers that are trained.
        others: where the model has several, each by name: object, class and rate.
    """

    rate: float | None
    optimizer: weakref.ref[Any] | None
    optimizer_name: str | None
    trainable: frozenset[str]
    others: Mapping[str, tuple[weakref.ref[Any], str, float | None]]


def configuration_of(
    facts: Facts, rate: float | None, rates: Mapping[str, float | None]
) -> Configuration:
    """The configuration of the model as it is now."""
    optimizer, trainable = facts.optimizer, trainable_layers(facts.model)
    others = {
        each.name: (weakref.ref(each.optimizer), type(each.optimizer).__name__, rates[each.name])
        for each in facts.optimizers
        if each.optimizer is not optimizer and each.name in rates
    }
    if optimizer is None:
        return Configuration(rate, None, None, trainable, others)
    name = type(optimizer).__name__
    return Configuration(rate, weakref.ref(optimizer), name, trainable, others)


def changes_since(
    before: Configuration,
    facts: Facts,
    rate: float | None,
    rates: Mapping[str, float | None],
    epoch: int,
) -> Iterator[Adaptation]:
    """What differs from the training before, as adaptations of `epoch`."""
    now = configuration_of(facts, rate, rates)
    compiled = before.optimizer is not None and before.optimizer() is not facts.optimizer
    unknown = now.others and None in (before.rate, rate)  # each of the parts has its own
    if compiled:
        detail = f"{before.optimizer_name} → {now.optimizer_name}"
        yield Adaptation(epoch, before.rate, rate, "compile", detail)
    elif before.rate != rate and not unknown:
        yield Adaptation(epoch, before.rate, rate, ASSIGNMENT, BETWEEN)
    for change in _of_others(before, now, epoch):
        if not compiled or not (change.optimizer or "").startswith(f"{MAIN}["):
            yield change
    if before.trainable != now.trainable:
        detail = json.dumps(
            {
                "unfrozen": sorted(now.trainable - before.trainable),
                "frozen": sorted(before.trainable - now.trainable),
            }
        )
        yield Adaptation(epoch, rate, rate, "trainable", detail)


def _of_others(before: Configuration, now: Configuration, epoch: int) -> Iterator[Adaptation]:
    """Of the optimizers that both trainings had by the same names."""
    for name in [each for each in before.others if each in now.others]:
        (old, old_class, old_rate), (new, new_class, new_rate) = (
            before.others[name],
            now.others[name],
        )
        if old() is not new():
            detail = f"{old_class} → {new_class}"
            yield Adaptation(epoch, old_rate, new_rate, "compile", detail, name)
        elif old_rate != new_rate and not (before.rate == old_rate and now.rate == new_rate):
            yield Adaptation(epoch, old_rate, new_rate, ASSIGNMENT, BETWEEN, name)
