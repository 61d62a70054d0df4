"""What the user has changed between two trainings of the same model.

Fine-tuning continues the same execution. Another optimizer or rate given to `compile`, layers
frozen or unfrozen, a rate assigned between two calls of `fit`: these are adaptations, too.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from .._inspection.fit_call import FitCall
from .._inspection.layers import trainable_layers
from .._inspection.optimizers import MAIN
from .._recording.events import ASSIGNMENT, Adaptation, Configuration

BETWEEN = "between two trainings"

__all__ = ["changes_since", "configuration_of"]


def configuration_of(
    fit_call: FitCall,
    rate: float | None,
    rates: Mapping[str, float | None],
    unused: Sequence[Adaptation] = (),
) -> Configuration:
    """The configuration of the model as it is now."""
    optimizer, trainable = fit_call.optimizer, trainable_layers(fit_call.model)
    others = {
        named.name: (
            weakref.ref(named.optimizer),
            type(named.optimizer).__name__,
            rates[named.name],
        )
        for named in fit_call.optimizers
        if named.optimizer is not optimizer and named.name in rates
    }
    if optimizer is None:
        return Configuration(rate, None, None, trainable, others, unused)
    name = type(optimizer).__name__
    return Configuration(rate, weakref.ref(optimizer), name, trainable, others, unused)


def changes_since(
    before: Configuration,
    fit_call: FitCall,
    rate: float | None,
    rates: Mapping[str, float | None],
    epoch: int,
) -> Iterator[Adaptation]:
    """What differs from the previous training, as adaptations of `epoch`."""
    now = configuration_of(fit_call, rate, rates)
    compiled = before.optimizer is not None and before.optimizer() is not fit_call.optimizer
    unknown = now.others and None in (before.rate, rate)  # the parts have different rates
    if compiled:
        detail = f"{before.optimizer_name} → {now.optimizer_name}"
        yield Adaptation(epoch, _rate_in_use(before), rate, "compile", detail)
    for change in before.unused:
        if not (compiled and _is_of_compiled(change)):
            yield replace(change, epoch=epoch)
    if not compiled and before.rate != rate and not unknown:
        yield Adaptation(epoch, before.rate, rate, ASSIGNMENT, BETWEEN)
    for change in _of_others(before, now, epoch):
        if not (compiled and _is_of_compiled(change)):
            yield change
    if before.trainable != now.trainable:
        detail = json.dumps(
            {
                "unfrozen": sorted(now.trainable - before.trainable),
                "frozen": sorted(before.trainable - now.trainable),
            }
        )
        yield Adaptation(epoch, rate, rate, "trainable", detail)


def _rate_in_use(before: Configuration) -> float | None:
    """The rate of the compiled optimizer in the last epoch."""
    unused = [change.old_rate for change in before.unused if change.optimizer is None]
    return unused[0] if unused else before.rate


def _is_of_compiled(change: Adaptation) -> bool:
    """Whether it changes the optimizer given to `compile()`, or a part of it."""
    name = change.optimizer
    return name is None or name == MAIN or name.startswith(f"{MAIN}[")


def _of_others(before: Configuration, now: Configuration, epoch: int) -> Iterator[Adaptation]:
    """Changes of the other optimizers, if both trainings have them under the same name."""
    for name in [other for other in before.others if other in now.others]:
        (old, old_class, old_rate), (new, new_class, new_rate) = (
            before.others[name],
            now.others[name],
        )
        if old() is not new():
            detail = f"{old_class} → {new_class}"
            yield Adaptation(epoch, old_rate, new_rate, "compile", detail, name)
        elif old_rate != new_rate and not (before.rate == old_rate and now.rate == new_rate):
            yield Adaptation(epoch, old_rate, new_rate, ASSIGNMENT, BETWEEN, name)
