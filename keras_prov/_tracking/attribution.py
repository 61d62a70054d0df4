"""Whose changes ours are: what Keras-Prov does for a user is not taken for the user's own doing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from .._identity_map import WeakIdentityMap

__all__ = ["Attribution", "attributed", "attribution", "forget_stop", "note_stop"]


class Attribution(NamedTuple):
    """What is recorded of a change.

    Attributes:
        cause: what made it.
        detail: what else is to be said.
        batch: the batch of the running epoch after which it holds; None from its beginning.
    """

    cause: str
    detail: str | None
    batch: int | None


_current = threading.local()
_stops: WeakIdentityMap[tuple[str, str | None]] = WeakIdentityMap()


@contextmanager
def attributed(to: Attribution) -> Iterator[None]:
    """What is assigned in the block, by this thread, is recorded as `to` says."""
    _current.attribution = to
    try:
        yield
    finally:
        _current.attribution = None


def attribution() -> Attribution | None:
    """What an assignment is recorded as; None: as that of whoever makes it."""
    found: Attribution | None = getattr(_current, "attribution", None)
    return found


def note_stop(model: object, cause: str, detail: str | None) -> None:
    """The running training of `model` is stopped for this cause."""
    _stops.set(model, (cause, detail))


def forget_stop(model: object) -> tuple[str, str | None] | None:
    """Cause and detail that were noted, which are forgotten; None if there are none."""
    return _stops.pop(model)
