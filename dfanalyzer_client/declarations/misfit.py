"""A value, or a whole element, that does not fit its set."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..errors import ElementError

__all__ = ["Misfit", "refused"]


class Misfit(NamedTuple):
    """What does not fit.

    Attributes:
        where: its set, its element's number and, for a value, its attribute.
        name: the attribute's name; empty for a whole element.
        content: the value, or the element's values.
        error: says what was expected.
    """

    where: str
    name: str
    content: Any
    error: ElementError


def refused(misfit: Misfit) -> None:
    """Raise the error."""
    raise misfit.error from None
