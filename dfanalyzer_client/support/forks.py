"""What a fork must not tear apart, and what its child lets go of at once.

A child has its parent's memory and descriptors, and none of its threads: a lock that one of them
held stays locked for ever, a module that one was importing is never there, and a lock on a file
lasts as long as the child does. So a fork waits, for a bounded time, until none of our threads is
in the midst of such a thing, and in the child no lock of the parent's is taken.
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
"""A fork waits no longer: rather a child that may miss a module than a program that hangs."""


class ProcessLocal(Protocol):
    """What belongs to one process alone."""

    def close_inherited(self) -> None:
        """In a forked child: close our end, without a lock and without a word to anybody."""


_lock = threading.RLock()
_forking = 0
"""The thread that holds the lock because it forks; 0 is no thread."""

_unshared: weakref.WeakValueDictionary[int, ProcessLocal] = weakref.WeakValueDictionary()
_callbacks: list[Callable[[], None]] = []


def fork_lock() -> AbstractContextManager[object]:
    """A block during which no other thread forks: an import, a descriptor that is being made.

    Short ones only: who forks waits for it.
    """
    return _lock


def close_in_children(each: ProcessLocal) -> None:
    """Let a forked child let go of `each`, if it still lives then."""
    _unshared[id(each)] = each


def run_in_children(callback: Callable[[], None]) -> None:
    """Call `callback` in each forked child, after what is unshared was let go; it takes no lock."""
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
    global _lock, _forking, _unshared
    _lock, _forking = threading.RLock(), 0
    inherited = [reference() for reference in _unshared.valuerefs()]
    _unshared = weakref.WeakValueDictionary()
    for each in inherited:
        if each is not None:
            with contextlib.suppress(Exception):  # closed already
                each.close_inherited()
    for callback in _callbacks:
        callback()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
