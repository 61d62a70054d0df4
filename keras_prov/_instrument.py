"""Put all our patches on Keras, or none; take them off last to first.

These are the only doors to the state of the instrumentation. Each is harmless when called twice and
may be called from any thread.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack

from dfanalyzer_client.forks import in_child

from ._patch import Undo
from .patches import all_patches

__all__ = ["instrument", "is_instrumented", "uninstrument"]

_lock = threading.RLock()
_applied: ExitStack | None = None

# Undos that found another's wrapper on top of ours: they are tried again, until it has gone.
_unfinished: list[Undo] = []


def instrument() -> None:
    """Let Keras tell us what it does; importing `keras_prov` has called this already.

    Nothing is recorded of a model without its user's word: see ``Model.provenance``. Should one
    patch fail, those made before it are undone, and Keras is as it was.

    Example:
        >>> import keras_prov
        >>> keras_prov.uninstrument()  # plain Keras, whatever was asked for
        >>> keras_prov.instrument()  # and back
    """
    global _applied
    with _lock:
        if _applied is not None:
            return
        _finish_undos()
        with ExitStack() as undos:
            for patch in all_patches():
                undos.callback(_undo_or_retry_later, patch.apply())
            _applied = undos.pop_all()


def uninstrument() -> None:
    """Give Keras back as it was, down to each class' ``__dict__``.

    Where somebody else has wrapped a method on top of us, theirs is left in place and ours, beneath
    it, does nothing more. Once theirs is gone, calling this again removes what is left of ours.
    """
    global _applied
    with _lock:
        _finish_undos()
        if _applied is not None:
            undos, _applied = _applied, None
            undos.close()


def _unlock() -> None:
    """In a forked child: the thread that held the lock may not be here."""
    global _lock
    _lock = threading.RLock()


in_child(_unlock)


def is_instrumented() -> bool:
    """Whether our patches are on Keras."""
    return _applied is not None


def _undo_or_retry_later(undo: Undo) -> None:
    if not undo():
        _unfinished.append(undo)


def _finish_undos() -> None:
    """Try again what could not be undone; newest first, as everywhere."""
    _unfinished[:] = [undo for undo in reversed(_unfinished) if not undo()][::-1]
