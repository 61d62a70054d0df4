"""Put all our patches on Keras, or none; take them off last to first.

These are the only doors to the state of the instrumentation. Each is harmless when called twice and
may be called from any thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from dfanalyzer_client.support.forks import run_in_children

from .._guard import guarded
from .patch import Change, Undo

__all__ = ["instrument", "is_instrumented", "register", "reinstate", "uninstrument"]

_logger = logging.getLogger("keras_prov")

_changes: Callable[[], Iterable[Change]] = tuple
"""What makes the list of all our patches; `register` has said it."""

_lock = threading.RLock()
_applied: list[tuple[Change, Undo]] | None = None

# Undos that found another's wrapper on top of ours: they are tried again, until it has gone.
_unfinished: list[Undo] = []


def register(changes: Callable[[], Iterable[Change]]) -> None:
    """Say what lists the patches that `instrument` puts on Keras; it is called then."""
    global _changes
    _changes = changes


def instrument() -> None:
    """Let Keras tell us what it does; importing `keras_prov` has called this already.

    Nothing is recorded of a model without its user's word: see ``Model.provenance``. Should one
    patch fail, those made before it are undone, and Keras is as it was. Patches that another
    library has taken off since are put back.

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
        _finish_undos()
        applied: list[tuple[Change, Undo]] = []
        with ExitStack() as undos:
            for patch in _changes():
                applied.append((patch, patch.apply()))
                undos.callback(_undo_or_retry_later, applied[-1][1])
            undos.pop_all()
        _applied = applied


def uninstrument() -> None:
    """Give Keras back as it was, down to each class' ``__dict__``.

    Where somebody else has wrapped a method on top of us, theirs is left in place and ours, beneath
    it, does nothing more. Once theirs is gone, calling this again removes what is left of ours.
    """
    global _applied
    with _lock:
        _finish_undos()
        if _applied is not None:
            applied, _applied = _applied, None
            for _, undo in reversed(applied):
                _undo_or_retry_later(undo)


def _unlock() -> None:
    """In a forked child: the thread that held the lock may not be here."""
    global _lock
    _lock = threading.RLock()


run_in_children(_unlock)


def is_instrumented() -> bool:
    """Whether our patches are on Keras."""
    return _applied is not None


def reinstate() -> None:
    """Put back, and say so, what another library has taken off us; a look costs microseconds.

    MLflow's autologging, switched on before us, puts back the ``fit`` of before us when it is
    switched off or on again. We cannot hear of that, so whatever of ours is called looks.
    """
    applied = _applied
    with _looking:
        if applied is not None and not all(undo.is_on() for _, undo in applied):
            with _lock:
                if applied is _applied:
                    _put_back(applied)


_looking = guarded("putting patches back", lost="what happens where they were")


def _put_back(applied: list[tuple[Change, Undo]]) -> None:
    lost = [place for place, (_, undo) in enumerate(applied) if not undo.is_on()]
    if lost:
        _finish_undos()
    for place in lost:
        change, undo = applied[place]
        _undo_or_retry_later(undo)
        applied[place] = change, change.apply()
    if lost:
        _logger.warning(
            "Another library has taken Keras-Prov's patch of %s off Keras, as MLflow's autologging "
            "does when it is switched off or on again. It is back; what Keras did there meanwhile "
            "is not captured.", ", ".join(str(applied[place][0]) for place in lost),
        )  # fmt: skip


def _undo_or_retry_later(undo: Undo) -> None:
    if not undo() and undo not in _unfinished:
        _unfinished.append(undo)


def _finish_undos() -> None:
    """Try again what could not be undone; newest first, as everywhere."""
    _unfinished[:] = [undo for undo in reversed(_unfinished) if not undo()][::-1]
