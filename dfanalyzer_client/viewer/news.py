"""Tell an open page that what it draws has changed, so that it can offer to draw it again.

A graph is not drawn again by itself: whoever reads it would lose the place.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from ..store import Connection
from .database import Database
from .events import Event, json_event
from .pages import json_text

__all__ = ["digest", "told_of_changes"]


def digest(value: Any) -> str:
    """A short text that is another one for another value."""
    return hashlib.sha256(json_text(value).encode()).hexdigest()[:16]


def told_of_changes(
    database: Database, read: Callable[[Connection], Any], shown: str
) -> Callable[[], list[Event]]:
    """Sends the event ``changed`` whenever what `read` returns is something else.

    Args:
        database: where it is read.
        read: what is drawn, without what changes at every epoch.
        shown: the `digest` of what the page shows.
    """
    last = shown

    def ask() -> list[Event]:
        nonlocal last
        with database.reading() as connection:
            now = digest(read(connection))
        if now == last:
            return []
        last = now
        return [json_event("changed", None)]

    return ask
