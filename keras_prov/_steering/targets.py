"""What a request is about: an attribute of an optimizer, or of one of the user's callbacks.

``learning_rate`` is of the optimizer given to `compile()`, or of the only one.
``d_optimizer.momentum`` names another as adaptations do; ``EarlyStopping.patience`` is a
callback's by its class, ``EarlyStopping[1].patience`` that of the second of this class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .._inspection.fit_call import FitCall
from .._inspection.optimizers import MAIN, NamedOptimizer
from .refusal import Refusal

__all__ = ["CallbackTarget", "OptimizerTarget", "find_target", "named_callbacks"]


class OptimizerTarget(NamedTuple):
    """An attribute of an optimizer, or of all parts of a MultiOptimizer.

    Attributes:
        attribute: its name.
        optimizers: the optimizers that have it.
        name: that of the optimizer, as in adaptations; None for the only one.
    """

    attribute: str
    optimizers: Sequence[NamedOptimizer]
    name: str | None


class CallbackTarget(NamedTuple):
    """An attribute of a callback.

    Attributes:
        attribute: its name.
        callback: the callback.
        name: how it is called: ``EarlyStopping``, ``EarlyStopping[1]``.
    """

    attribute: str
    callback: Any
    name: str


def find_target(fit_call: FitCall, text: str) -> OptimizerTarget | CallbackTarget:
    """What `text` names in a training.

    Raises:
        Refusal: nothing, or several things.
    """
    owner, _, attribute = text.strip().rpartition(".")
    if not attribute.isidentifier() or attribute.startswith("_"):
        raise Refusal(
            "What is set is an optimizer's or a callback's public attribute, as in learning_rate "
            f"or EarlyStopping.patience. Received: {text!r:.200}."
        )
    optimizers = fit_call.optimizers
    found = _optimizers_of(optimizers, owner)
    if found:
        is_only = len(found) == len(optimizers) and found[0].group == MAIN
        name = found[0].name if len(found) == 1 else found[0].group
        return OptimizerTarget(attribute, found, None if is_only else name)
    callbacks = named_callbacks(fit_call.callbacks)
    if owner in callbacks:
        return CallbackTarget(attribute, callbacks[owner], owner)
    raise _unknown(owner, [named.name for named in optimizers], list(callbacks))


def _optimizers_of(optimizers: Sequence[NamedOptimizer], owner: str) -> list[NamedOptimizer]:
    if not owner:
        main = [named for named in optimizers if named.group == MAIN]
        return main or list(optimizers if len(optimizers) == 1 else ())
    exact = [named for named in optimizers if named.name == owner]
    return exact or [named for named in optimizers if named.group == owner]


def named_callbacks(callbacks: Sequence[Any]) -> dict[str, Any]:
    """Callbacks by class; those of a class that several have, with their numbers."""
    classes = [type(callback).__name__ for callback in callbacks]
    return {
        name if classes.count(name) == 1 else f"{name}[{classes[:place].count(name)}]": callback
        for place, (name, callback) in enumerate(zip(classes, callbacks, strict=True))
    }


def _unknown(owner: str, optimizers: Sequence[str], callbacks: Sequence[str]) -> Refusal:
    what = (
        f"Nothing is called {owner!r:.200} here" if owner else "The training has no one optimizer"
    )
    return Refusal(
        f"{what}. Optimizers: {', '.join(optimizers) or 'none'}. "
        f"The user's callbacks: {', '.join(callbacks) or 'none'}."
    )
