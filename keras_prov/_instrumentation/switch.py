"""Apply all our patches to Keras, or none; undo them in reverse order.

Only these functions change the state of the instrumentation. All are harmless when called twice and
may be called from any thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from dfanalyzer_client.support.forks import run_in_children

from .._guard import guarded
from .change import Change, Undo

__all__ = ["instrument", "is_instrumented", "register", "reinstate", "uninstrument"]

_logger = logging.getLogger("keras_prov")

_changes: Callable[[], Iterable[Change]] = tuple
"""Returns all our patches; set by `register`."""

_lock = threading.RLock()
_applied: list[tuple[Change, Undo]] | None = None

# Undos that found somebody else's wrapper on top of ours. They are retried until it is gone.
_unfinished: list[Undo] = []


def register(changes: Callable[[], Iterable[Change]]) -> None:
    """Set the function that returns the patches; `instrument` calls it."""
    global _changes
    _changes = changes


def instrument() -> None:
    """Patch Keras, so that it can be captured. Importing `keras_prov` has done this already.

    Nothing is recorded until it is asked for: see ``Model.provenance`` and ``capture``. If a patch
    fails, the others are undone and Keras is as it was. Patches that another library has removed
    since are applied again.

    Example:
        >>> import keras_prov
        >>> keras_prov.uninstrument()  # plain Keras, whatever was asked for
        >>> keras_prov.instrument()  # and back
    """
    global _applied
    with _lock:
        if _applied is not None:
            _put_back(_applied)
            return
        _retry_undos()
        applied: list[tuple[Change, Undo]] = []
        with ExitStack() as undos:
            for patch in _changes():
                applied.append((patch, patch.apply()))
                undos.callback(_undo_or_retry_later, applied[-1][1])
            undos.pop_all()
        _applied = applied


def uninstrument() -> None:
    """Restore Keras exactly, down to the ``__dict__`` of its classes.

    If somebody else has wrapped a method on top of us, their wrapper stays in place and ours,
    beneath it, does nothing. Once theirs is gone, calling this again removes ours as well.
    """
    global _applied
    with _lock:
        _retry_undos()
        if _applied is not None:
            applied, _applied = _applied, None
            for _, undo in reversed(applied):
                _undo_or_retry_later(undo)


def _unlock() -> None:
    """In a forked child: the thread that held the lock may not exist here."""
    global _lock
    _lock = threading.RLock()


run_in_children(_unlock)


def is_instrumented() -> bool:
    """Whether our patches are applied to Keras."""
    return _applied is not None


def reinstate() -> None:
    """Apply patches again that another library has removed, and log it.

    The check takes microseconds. If MLflow's autologging was switched on before us, it restores the
    ``fit`` of before us when it is switched off or on again. It does not notify us, so every patch
    that is called checks.
    """
    applied = _applied
    with _guard:
        if applied is not None and not all(undo.is_on() for _, undo in applied):
            with _lock:
                if applied is _applied:
                    _put_back(applied)


_guard = guarded("putting patches back", lost="what happens where they were")


def _put_back(applied: list[tuple[Change, Undo]]) -> None:
    lost = [place for place, (_, undo) in enumerate(applied) if not undo.is_on()]
    if lost:
        _retry_undos()
    for place in lost:
        change, undo = applied[place]
        _undo_or_retry_later(undo)
        applied[place] = change, change.apply()
    if lost:
        _logger.warning(
            "Another library has removed Keras-Prov's patch of %s, as MLflow's autologging does "
            "when it is switched off or on again. It is applied again; calls in between are not "
            "captured.",
            ", ".join(str(applied[place][0]) for place in lost),
        )


def _undo_or_retry_later(undo: Undo) -> None:
    if not undo() and undo not in _unfinished:
        _unfinished.append(undo)


def _retry_undos() -> None:
    """Retry undos that have failed, newest first."""
    _unfinished[:] = [undo for undo in reversed(_unfinished) if not undo()][::-1]
