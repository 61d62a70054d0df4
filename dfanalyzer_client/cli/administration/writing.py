"""A connection for commands that create or change definitions."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ...config import settings
from ...private_server import READER, PrivateServer
from ...store import Connection
from ..common import chosen_store

__all__ = ["writing"]


@contextlib.contextmanager
def writing(store: str | None) -> Iterator[tuple[Connection, tuple[str, ...]]]:
    """A connection of a user who may create tables, and the users who may read them."""
    url = chosen_store(store)
    readers = (READER,) if url is None else ()
    with Connection(url or PrivateServer(settings.home()).ensure()) as connection:
        yield connection, readers
