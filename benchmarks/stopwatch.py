"""The time that a tool takes on the training thread, and when epochs begin and end."""

from __future__ import annotations

import cProfile
import functools
import pstats
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Epoch", "Stopwatch"]


@dataclass(frozen=True)
class Epoch:
    """One epoch of a training.

    Attributes:
        began: `time.perf_counter` at its beginning; on Linux all processes share that clock.
        ended: the same after all callbacks of its end.
        cpu: CPU seconds of all threads of the process.
        inside: seconds in the tool's code on the training thread.
    """

    began: float
    ended: float
    cpu: float
    inside: float


class Stopwatch:
    """Seconds in a tool's code on the training thread (nested calls count once), and epochs."""

    def __init__(self, *, profile: bool = False) -> None:
        self.inside = 0.0
        self.epochs: list[Epoch] = []
        self._profile = cProfile.Profile() if profile else None
        self._depth = 0
        self._begun: tuple[float, float, float] | None = None

    def profile(self, rows: int) -> list[dict[str, Any]]:
        """The functions that took most of the tool's time, in seconds per epoch, if profiled.

        The first epoch does not count, as it prepares the others.
        """
        count = len(self.epochs) - 1
        if self._profile is None or count < 1:
            return []
        found: dict[Any, Any] = getattr(pstats.Stats(self._profile), "stats")  # noqa: B009  # it has no type
        most = sorted(found.items(), key=lambda item: item[1][2], reverse=True)[:rows]
        return [
            {
                "function": f"{Path(file).name}: {name}",
                "calls": calls / count,
                "own": own / count,
                "whole": whole / count,
            }
            for (file, _, name), (_, calls, own, whole, _) in most
        ]

    def watch(self, owner: Any, *names: str) -> None:
        """Measure these methods of a class, on the main thread only."""
        for name in names:
            setattr(owner, name, self._measured(vars(owner)[name]))

    def watch_callback(self, owner: Any) -> None:
        """Measure all methods of a callback class that Keras calls."""
        import keras

        for cls in owner.__mro__:
            if cls is keras.callbacks.Callback:
                break
            called = [name for name in vars(cls) if name.startswith("on_") or name == "set_model"]
            self.watch(cls, *called)

    def watch_epochs(self) -> None:
        """Note when epochs begin and end, around all callbacks."""
        import keras

        owner = keras.callbacks.CallbackList
        begin, end = owner.on_epoch_begin, owner.on_epoch_end

        def on_epoch_begin(callbacks: Any, epoch: int, logs: Any = None) -> None:
            self._begun = (time.perf_counter(), time.process_time(), self.inside)
            begin(callbacks, epoch, logs)

        def on_epoch_end(callbacks: Any, epoch: int, logs: Any = None) -> None:
            end(callbacks, epoch, logs)
            assert self._begun is not None  # noqa: S101  # for the type checker
            began, cpu, inside = self._begun
            self.epochs.append(
                Epoch(began, time.perf_counter(), time.process_time() - cpu, self.inside - inside)
            )
            self._begun = None

        owner.on_epoch_begin, owner.on_epoch_end = on_epoch_begin, on_epoch_end

    def _measured(self, method: Any) -> Any:
        @functools.wraps(method)
        def measured(*args: Any, **kwargs: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return method(*args, **kwargs)
            self._depth += 1
            in_epoch = self._begun is not None and bool(self.epochs)
            profile = self._profile if self._depth == 1 and in_epoch else None
            began = time.perf_counter()
            try:
                if profile is not None:
                    return profile.runcall(method, *args, **kwargs)
                return method(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.inside += time.perf_counter() - began

        return measured
