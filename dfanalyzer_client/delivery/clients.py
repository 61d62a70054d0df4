"""The clients of this process, one for each store, which are flushed when it ends."""

from __future__ import annotations

import atexit
import contextlib
import sys
import threading
import time
from pathlib import Path

from ..config import settings
from ..config.store_url import StoreURL
from ..config.table import BY_KEY
from ..errors import DfAnalyzerError
from ..support.forks import run_in_children
from .client import Client, undeclared

__all__ = [
    "WORKER_PRIORITY",
    "client_declaring",
    "client_for",
    "default_client",
    "flush",
    "shutdown",
]

_clients: dict[tuple[StoreURL | None, Path], Client] = {}
_clients_lock = threading.Lock()

EXIT_NOTICE_SECONDS = 1.0
"""If flushing takes longer than this at the end, the user is told."""

WORKER_PRIORITY = -50
"""After the worker's results are on their way to its parent, before its folders are removed."""

_flushed = 0
"""How many messages had been sent when this process last flushed at its end."""


def client_for(store: str | StoreURL | None = None, home: Path | None = None) -> Client:
    """The client of a store; raises StoreURLError if `store` is no URL.

    Without `store`, it is that of KERAS_PROV_STORE, or else the private server's.
    """
    key = settings.store_url(store), home or settings.home()
    with _clients_lock:
        if key not in _clients:
            _clients[key] = Client(*key, opened=_flush_at_worker_end)
        return _clients[key]


def default_client() -> Client:
    """The client of the store that the environment names."""
    return client_for()


def client_declaring(tag: str, exec_tag: str) -> Client:
    """The client to which the dataflow `tag` was saved; raises UnknownTagError.

    If another process saved it, that is the default client, which looks up the declaration.
    """
    for client in reversed(list(_clients.values())):
        if client.declares(tag):
            return client
    client = default_client()
    client.lookup(tag, exec_tag)
    if not client.declares(tag):
        raise undeclared(tag)
    return client


def flush(timeout: float | None = 5.0) -> bool:
    """Wait until all messages are stored; False if that takes longer than `timeout` seconds."""
    deadline = None if timeout is None else time.monotonic() + timeout
    done = [client.flush(_left(deadline)) for client in list(_clients.values())]
    return all(done)


def shutdown(timeout: float = 5.0) -> bool:
    """Flush and close every client of this process."""
    done = [client.close(timeout) for client in list(_clients.values())]
    with _clients_lock:
        _clients.clear()
    return all(done)


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _flush_at_worker_end() -> None:
    """Flush at the end of a worker of multiprocessing, which may call ``os._exit``."""
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:
        from multiprocessing.util import Finalize

        Finalize(None, _at_exit, exitpriority=WORKER_PRIORITY)


@atexit.register
def _at_exit() -> None:
    """Flush within a time limit, tell the user if it takes long, and report what is left.

    Calling it twice is harmless: some workers run both multiprocessing's finalizers and `atexit`.
    """
    global _flushed
    sent = sum(client.sent() for client in list(_clients.values()))
    if sent == _flushed:
        return
    _flushed = sent
    limit = BY_KEY["exit_flush"].number or 0.0
    with contextlib.suppress(DfAnalyzerError):  # an invalid setting: too late to report it
        limit = settings.exit_flush_seconds()
    if limit and not flush(min(EXIT_NOTICE_SECONDS, limit)) and limit > EXIT_NOTICE_SECONDS:
        sys.stderr.write(f"keras-prov: storing the last messages, {limit:g} s at most …\n")
        flush(limit - EXIT_NOTICE_SECONDS)
    for client in list(_clients.values()):
        lost = client.unwritten()
        if lost:
            sys.stderr.write(
                f"keras-prov: {lost} messages are lost: the journal {client.journal_path} cannot "
                "be written. Its disk is full.\n"
            )
        if client.waiting() > lost:
            sys.stderr.write(
                f"keras-prov: {client.waiting() - lost} messages are not stored yet. They are safe "
                f"in {client.journal_path}; `keras-prov sync` stores them.\n"
            )


def _after_fork() -> None:
    global _clients_lock, _flushed
    _clients_lock, _flushed = threading.Lock(), 0
    for client in _clients.values():
        client.after_fork()


run_in_children(_after_fork)
