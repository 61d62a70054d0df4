"""Calls of `train_on_batch` that no block surrounds: for each model one training of them all.

It begins with the first call, and ends when the model is trained otherwise, belongs to another
execution, or is deleted, when its capture is stopped, or with the process. Keras says of no call
that it ends an epoch, so every n calls are a row of ``oTrainingModel``.

A thread ends the training of a deleted model: a finalizer may interrupt any code, so it only flags
it.
"""

from __future__ import annotations

import atexit
import sys
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any

from dfanalyzer_client.config import settings
from dfanalyzer_client.delivery.clients import WORKER_PRIORITY
from dfanalyzer_client.support.forks import fork_lock, run_in_children

from .._capture.config import CaptureConfig
from .._capture.requests import when_stopped
from .._guard import guarded
from .._identity_map import WeakIdentityMap
from .._inspection.loop_call import LoopCall
from .._recording.execution import Execution
from .open_runs import open_runs

__all__ = ["Session", "end_all_sessions", "end_session", "open_session", "session_of"]


class Session:
    """The consecutive calls of `train_on_batch` of one model.

    Args:
        execution: where to record.
        model: the model, which is not kept alive.
        batch_size: samples in the first batch, if they are known.
    """

    def __init__(self, execution: Execution, model: Any, batch_size: int | None = None) -> None:
        with fork_lock():
            from .loop_training import LoopTraining  # not above: few programs have such loops

        self.execution = execution
        call = LoopCall(model, {"batch_size": batch_size})
        self._training = LoopTraining(execution, call, execution.config.choice.every_batch)
        self._per_row = int(settings.batches_per_row())
        self._calls = 0
        self._training.begin()
        self._finalizer = weakref.finalize(model, _flag, self)
        self._finalizer.atexit = False

    def trained(self, values: Mapping[str, Any]) -> None:
        """A call has trained the model."""
        self._calls += 1
        self._training.batch(values)
        if self._per_row and self._training.waiting >= self._per_row:
            self._training.epoch({})

    def tested(self, values: Mapping[str, Any]) -> None:
        """A call of `test_on_batch` has tested it."""
        self._training.aside({f"val_{name}": value for name, value in values.items()})

    def end(self, error: BaseException | str | None) -> None:
        """Record how it ended."""
        self._finalizer.detach()
        if isinstance(error, str):  # as `keras-prov run` says it
            error = SystemExit(error.removeprefix("SystemExit: "))
        with guarded("the end of train_on_batch()", self, lost="how it ended"):
            self._training.rest()
            rows = f"a row for every {self._per_row}" if self._per_row else "one row"
            self._training.end_of_loop(error, f"{self._calls} calls of train_on_batch, {rows}")


_sessions: WeakIdentityMap[Session] = WeakIdentityMap()
_deleted: deque[Session] = deque()
"""Sessions whose model is gone. A finalizer may run anywhere, so they are ended elsewhere."""

_flagged: SimpleQueue[bool] = SimpleQueue()
"""True for each of them. A finalizer may interrupt even a `put`, which this queue allows."""

_ending = threading.RLock()
_thread: threading.Thread | None = None

_exit_is_registered = False


def session_of(model: Any) -> Session | None:
    """The session of `model`; None if there is none."""
    return _sessions.get(model) if len(_sessions) else None


def open_session(execution: Execution, model: Any, batch_size: int | None = None) -> Session:
    """Begin the training of a model whose `train_on_batch` is called."""
    end_session(model)
    _end_deleted()
    session = Session(execution, model, batch_size)
    _sessions.set(model, session)
    _register_exit()
    _start_thread()
    return session


def end_session(model: Any, error: BaseException | str | None = None) -> None:
    """End the training of `model`, if there is one, as it is trained otherwise, or failed."""
    session = _sessions.pop(model) if len(_sessions) else None
    if session is not None:
        session.end(error)
    _end_deleted()


def end_all_sessions(error: BaseException | str | None = None) -> None:
    """End all, as the program ends."""
    for model in _sessions.objects():
        end_session(model, error)
    _end_deleted()


def _flag(session: Session) -> None:
    """In the finalizer of a session's model, where nothing else may be done."""
    _deleted.append(session)
    _flagged.put(True)


def _end_deleted() -> None:
    with _ending:
        while _deleted:
            _deleted.popleft().end(None)


def _start_thread() -> None:
    """Start the thread that ends sessions whose model is gone, as soon as it is."""
    global _thread
    if _thread is None or not _thread.is_alive():
        _thread = threading.Thread(target=_end_flagged, name="keras-prov-sessions", daemon=True)
        _thread.start()


def _end_flagged() -> None:
    queue = _flagged
    while queue.get():
        with guarded("the end of train_on_batch()", lost="how it ended"):
            _end_deleted()


def _end_those_of(config: CaptureConfig) -> None:
    for model in _sessions.objects():
        session = _sessions.get(model)
        if session is not None and session.execution.config is config:
            end_session(model)


def _register_exit() -> None:
    """Register now: later than the exporter's last flush, so that it is called before that."""
    global _exit_is_registered
    if _exit_is_registered:
        return
    _exit_is_registered = True
    atexit.register(_at_exit)
    processes = sys.modules.get("multiprocessing.process")
    if processes is not None and processes.parent_process() is not None:  # may call os._exit
        from multiprocessing.util import Finalize

        Finalize(None, _at_exit, exitpriority=WORKER_PRIORITY + 1)


def _at_exit() -> None:
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    with guarded("the end of the program", lost="how train_on_batch() ended"):
        end_all_sessions(error)


def _forget() -> None:
    """In a forked child: the sessions are its parent's."""
    global _sessions, _exit_is_registered, _flagged, _ending, _thread
    _sessions, _exit_is_registered = WeakIdentityMap(), False
    _flagged, _ending, _thread = SimpleQueue(), threading.RLock(), None
    _deleted.clear()


when_stopped(_end_those_of)
open_runs.before(end_session)
run_in_children(_forget)
