"""What a fork must not interrupt, and what its child must close at once.

A forked child has its parent's memory and descriptors, but none of its threads. A lock that one of
them held stays locked for ever, a module that one was importing never gets complete, and a lock on
a file lasts as long as the child. So a fork waits, for a bounded time, until none of our threads is
in such a section; and the child takes none of the parent's locks.
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

__all__ = ["ProcessLocal", "close_in_children", "fork_lock", "run_in_children"]

WAIT_SECONDS = 10.0
"""The longest that a fork waits: better a child that may lack a module than a hanging program."""


class ProcessLocal(Protocol):
    """A resource that belongs to one process alone."""

    def close_inherited(self) -> None:
        """In a forked child: close our copy; take no lock, and send nothing to the other end."""


_lock = threading.RLock()
_forking = 0
"""The thread that holds the lock because it forks; 0: none."""

_process_local: weakref.WeakValueDictionary[int, ProcessLocal] = weakref.WeakValueDictionary()
_callbacks: list[Callable[[], None]] = []


def fork_lock() -> AbstractContextManager[object]:
    """A lock for sections in which no other thread may fork, such as an import or an open.

    Keep them short: a fork waits for them.
    """
    return _lock


def close_in_children(resource: ProcessLocal) -> None:
    """Have forked children close `resource`, if it still exists then."""
    _process_local[id(resource)] = resource


def run_in_children(callback: Callable[[], None]) -> None:
    """Call `callback` in each forked child, after inherited resources were closed.

    It must take no lock.
    """
    _callbacks.append(callback)


def _before() -> None:
    global _forking
    if _lock.acquire(timeout=WAIT_SECONDS):
        _forking = threading.get_ident()


def _after_in_parent() -> None:
    global _forking
    if _forking == threading.get_ident():
        _forking = 0
        _lock.release()


def _after_in_child() -> None:
    global _lock, _forking, _process_local
    _lock, _forking = threading.RLock(), 0
    inherited = [reference() for reference in _process_local.valuerefs()]
    _process_local = weakref.WeakValueDictionary()
    for resource in inherited:
        if resource is not None:
            with contextlib.suppress(Exception):  # closed already
                resource.close_inherited()
    for callback in _callbacks:
        callback()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
