"""Set what a request names, and say what it was and what it is now."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from dfanalyzer_client.declarations.steering import SteeringRequest

from .._inspection.fit_call import FitCall
from .._inspection.learning_rate import learning_rate
from .._inspection.optimizers import NamedOptimizer
from .._recording.events import STEERING, Adaptation
from .callback_values import callback_value, check_callback_value, set_callback_value
from .moment import Moment
from .optimizer_values import (
    RATE,
    check_optimizer_value,
    optimizer_value,
    set_optimizer_value,
)
from .refusal import Refusal
from .targets import CallbackTarget, OptimizerTarget, find_target

__all__ = ["Changing", "Setting"]

Changing = Callable[[Sequence[Any], int], AbstractContextManager[None]]
"""Surrounds the assignment to optimizers, so that no other change is taken for it."""


class _Change(NamedTuple):
    optimizer: str | None
    old: Any
    new: Any


class Setting:
    """Sets values in one training.

    Args:
        fit_call: the model that is fitted and the arguments of `fit`.
        changing: surrounds assignments to optimizers, given these and the first epoch concerned.
        record: is called with each adaptation.
    """

    def __init__(
        self, fit_call: FitCall, changing: Changing, record: Callable[[Adaptation], object]
    ) -> None:
        self._fit_call, self._changing, self._record = fit_call, changing, record

    def set(self, request: SteeringRequest, moment: Moment) -> tuple[str, str]:
        """Set it, and return the old and the new value as JSON.

        Raises:
            Refusal: it cannot be set, or would not take effect.
        """
        if request.target is None:
            raise Refusal("Nothing is named that is to be set, such as learning_rate.")
        target = find_target(self._fit_call, request.target)
        rate = learning_rate(self._fit_call.optimizer, self._fit_call.model)
        if isinstance(target, CallbackTarget):
            changes = [self._set_callback(target, request.value)]
        else:
            changes = self._set_optimizers(target, request.value, moment)
        for change in _merged(changes, target):
            self._record(_adaptation(change, target, rate, request, moment))
        old, new = (_common([each[place] for each in changes]) for place in (1, 2))
        return json.dumps(old), json.dumps(new)

    def _set_callback(self, target: CallbackTarget, given: Any) -> _Change:
        old, value = callback_value_or_none(target), check_callback_value(target, given)
        set_callback_value(target, value)
        return _Change(None, old, callback_value(target))

    def _set_optimizers(self, target: OptimizerTarget, given: Any, moment: Moment) -> list[_Change]:
        """Set all parts of a MultiOptimizer, or none."""
        model, name, callbacks = self._fit_call.model, target.attribute, self._fit_call.callbacks
        parts: Sequence[NamedOptimizer] = target.optimizers
        values = [
            check_optimizer_value(part.optimizer, model, name, given, callbacks) for part in parts
        ]
        found = []
        with self._changing([part.optimizer for part in parts], moment.first_epoch):
            for part, value in zip(parts, values, strict=True):
                old = optimizer_value(part.optimizer, model, name)
                set_optimizer_value(part.optimizer, name, value)
                new = optimizer_value(part.optimizer, model, name)
                found.append(_Change(part.name, old, new))
        return found


def callback_value_or_none(target: CallbackTarget) -> Any:
    """The value that the attribute has now; None if there is none."""
    return callback_value(target) if hasattr(target.callback, target.attribute) else None


def _merged(changes: Sequence[_Change], target: OptimizerTarget | CallbackTarget) -> list[_Change]:
    """One change if all parts have changed alike, with the name of what they are parts of."""
    if len({change[1:] for change in changes}) > 1:
        return list(changes)
    name = target.name if isinstance(target, OptimizerTarget) else None
    return [changes[0]._replace(optimizer=name)]


def _adaptation(
    change: _Change,
    target: OptimizerTarget | CallbackTarget,
    rate: float | None,
    request: SteeringRequest,
    moment: Moment,
) -> Adaptation:
    is_callback = isinstance(target, CallbackTarget)
    is_rate = not is_callback and target.attribute == RATE
    return Adaptation(
        epoch=moment.first_epoch,
        old_rate=change.old if is_rate else rate,
        new_rate=change.new if is_rate else rate,
        cause=STEERING,
        detail=request.fulfilled_by,
        optimizer=change.optimizer,
        attribute=f"{target.name}.{target.attribute}" if is_callback else target.attribute,
        old_value=json.dumps(change.old),
        new_value=json.dumps(change.new),
        batch=moment.batch,
        person=request.person,
        reason=request.reason,
        request=request.id,
    )


def _common(values: Sequence[Any]) -> Any:
    return values[0] if len(set(values)) == 1 else list(values)
