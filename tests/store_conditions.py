"""Stores as users meet them: refused, hanging, or with another writer always in the way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dfanalyzer_client.config import settings
from dfanalyzer_client.delivery.clients import client_for
from dfanalyzer_client.errors import ConflictError
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import Connection, create_catalogue
from dfanalyzer_client.support import jitter

REFUSED = "monetdb://monetdb:x@127.0.0.1:9/nothing"

HELD_SECONDS, FREE_SECONDS = 0.1, 0.1
IN_CONFLICT = "in_conflict"
"""The file in the data folder that says: somebody has met the conflicting writer."""


@contextmanager
def hanging_store() -> Iterator[str]:
    """The URL of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"monetdb://monetdb:x@127.0.0.1:{server.getsockname()[1]}/nothing"


@contextmanager
def conflicting_writer(home: Path) -> Iterator[str]:
    """The URL of the private server, whose definitions another connection changes all the time.

    It holds them until somebody who `hear_retries` was in conflict with it, and then now and again.
    """
    server, stop = PrivateServer(home), threading.Event()
    met = home / IN_CONFLICT
    met.unlink(missing_ok=True)
    url = server.ensure()
    other = Connection(url)
    create_catalogue(other, [READER])

    def change() -> None:
        while not stop.wait(FREE_SECONDS):
            try:
                with other.transaction():
                    other.execute('UPDATE "public".definition_lock SET changes = changes + 1')
                    while not stop.wait(HELD_SECONDS) and not met.exists():
                        pass
            except ConflictError:
                continue

    thread = threading.Thread(target=change)
    thread.start()
    try:
        yield url.reveal()
    finally:
        stop.set()
        thread.join()
        other.close()


def hear_retries() -> threading.Event:
    """An event of the next time that a thread of ours has tried in vain, and waits at random."""
    happened, wait = threading.Event(), jitter.JitteredWait.__call__

    def heard(self: jitter.JitteredWait, state: Any) -> float:
        seconds = wait(self, state)
        if isinstance(state.outcome.exception(), ConflictError):
            (settings.home() / IN_CONFLICT).touch()
        happened.set()
        return seconds

    jitter.JitteredWait.__call__ = heard  # type: ignore[method-assign]
    return happened


def forget_messages(url: str) -> None:
    """No other process shall find what was said to a store that is none."""
    path = client_for(url).journal_path
    if path is not None:
        path.unlink()
