"""``Model.fit``: two callbacks of ours watch the training of a captured model.

In a block of `keras_prov.training` a `fit` is a part of that loop, as one of its batches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from .._guard import guarded
from .._instrumentation.call_arguments import bound_arguments, with_callbacks, without_callbacks
from .._instrumentation.patch import Patch
from .._instrumentation.switch import reinstate
from .._loops.open_runs import open_runs
from .._loops.sessions import end_session
from .._recording.registry import execution_of
from .._tracking.running import fits
from .._training.monitor import Training

__all__ = ["PATCH"]


class _WatchedFit:
    """The arguments of one call, including our callbacks, and what is done around it."""

    def __init__(
        self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.args, self.kwargs = args, kwargs
        self._training: Training | None = None
        self._given: Any = None
        self._run = None if fits.is_running(args[0]) else open_runs.of(args[0])
        with guarded("Model.fit", args[0]):
            self._watch(original)

    def __enter__(self) -> _WatchedFit:
        fits.begin(self.args[0])
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        model, training = self.args[0], self._training
        is_unseen = training is None and self._run is None
        fits.end(model, uncaptured=is_unseen and (error is None or _has_trained(model)))
        if self._run is not None and error is None:
            with guarded("the end of a fit in a loop", model):
                self._run.trained(model, _last_epoch(model))
        if training is not None:
            with guarded("the end of a training", model):
                without_callbacks(self._given, training.first, training.last)
                training.end(error)

    def _watch(self, original: Callable[..., Any]) -> None:
        if self._run is not None:
            return
        end_session(self.args[0])
        execution = execution_of(self.args[0])
        if execution is None:
            return
        bound = bound_arguments(original, self.args, self.kwargs)
        with_defaults = bound_arguments(original, self.args, self.kwargs)
        if bound is None or with_defaults is None:
            return
        self._given = bound.arguments.get("callbacks")
        with_defaults.apply_defaults()
        training = Training(execution, self.args[0], with_defaults.arguments)
        bound.arguments["callbacks"] = with_callbacks(self._given, training.first, training.last)
        self.args, self.kwargs, self._training = bound.args, bound.kwargs, training


def _has_trained(model: Any) -> bool:
    """Whether a `fit` that failed had trained an epoch."""
    return bool(getattr(getattr(model, "history", None), "epoch", None))


def _last_epoch(model: Any) -> dict[str, Any]:
    """What Keras' History has of the last epoch."""
    return {name: values[-1] for name, values in model.history.history.items() if values}


def _around_fit(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    reinstate()
    with _WatchedFit(original, args, kwargs) as watched:
        return original(*watched.args, **watched.kwargs)


PATCH = Patch(lambda: keras.Model, "fit", _around_fit)
