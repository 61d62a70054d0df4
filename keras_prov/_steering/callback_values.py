"""Set a number, or True or False, of one of the user's callbacks."""

from __future__ import annotations

from typing import Any

from .refusal import Refusal
from .targets import CallbackTarget
from .values import is_scalar, plain_value, same_kind

__all__ = ["callback_value", "check_callback_value", "set_callback_value"]


def callback_value(target: CallbackTarget) -> Any:
    """The value that the attribute has now."""
    return plain_value(getattr(target.callback, target.attribute))


def check_callback_value(target: CallbackTarget, given: Any) -> Any:
    """The value as it is to be set.

    Raises:
        Refusal: there is no such attribute, or it is of another kind.
    """
    known = _scalars(target.callback)
    if target.attribute not in known:
        raise Refusal(
            f"{target.name} has no number, True or False called {target.attribute!r:.200}. It has: "
            f"{', '.join(known) or 'none'}."
        )
    return same_kind(given, known[target.attribute], f"{target.name}.{target.attribute}")


def set_callback_value(target: CallbackTarget, value: Any) -> None:
    """Set what `check_callback_value` has checked; raises Refusal if the callback does."""
    try:
        setattr(target.callback, target.attribute, value)
    except Exception as error:  # a property of the user's may raise anything
        raise Refusal(
            f"{target.name} does not take {target.attribute}={value!r}: "
            f"{type(error).__name__}: {error}"
        ) from None


def _scalars(callback: Any) -> dict[str, Any]:
    """Public attributes that are scalars; of a class those that are no methods or properties."""
    found = {
        name: value
        for owner in (*reversed(type(callback).__mro__), callback)
        for name, value in vars(owner).items()
        if not name.startswith("_") and is_scalar(value)
    }
    return {name: plain_value(getattr(callback, name, value)) for name, value in found.items()}
