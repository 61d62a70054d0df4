"""``Model.evaluate``: the test of a captured model is recorded with its metrics."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import keras

from dfanalyzer_client.support.clock import utc_now

from .._guard import guarded
from .._inspection.fit_call import FitCall
from .._inspection.logs import plain_logs
from .._instrumentation.call_arguments import bound_arguments, with_callbacks, without_callbacks
from .._instrumentation.patch import Patch
from .._instrumentation.switch import reinstate
from .._loops.hints import HELP
from .._recording.execution import Execution
from .._recording.outcome import steps_taken
from .._recording.registry import execution_of
from .._tracking.calls import chosen_optimizer
from .._tracking.running import fits
from .._training.inputs import data_rows, values_of
from .._training.loaded_files import loaded_files
from .._training.modifications import record_kept_modifications

__all__ = ["PATCH"]

_logger = logging.getLogger("keras_prov")


class _Listener(keras.callbacks.Callback):
    """Takes the metrics of a test, from the hook that is called once."""

    def __init__(self) -> None:
        super().__init__()
        self.logs: Mapping[str, Any] | None = None

    def on_test_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self.logs = dict(plain_logs(logs))


class _WatchedEvaluate:
    """The arguments of one call, including our listeners, and what those took."""

    def __init__(
        self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.args, self.kwargs = args, kwargs
        self._execution: Execution | None = None
        self._began = utc_now()
        self._first, self._last = _Listener(), _Listener()
        self._given: Any = None
        self._data: dict[str, Any] = {}
        with guarded("Model.evaluate", args[0]):
            self._watch(original)

    def __enter__(self) -> _WatchedEvaluate:
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if self._execution is not None:
            with guarded("the end of a test", self.args[0]):
                without_callbacks(self._given, self._first, self._last)
                if error is None and self._last.logs is not None:
                    # `evaluate` returns what Keras measured, whatever callbacks change in the logs
                    logs = {**self._last.logs, **(self._first.logs or {})}
                    self._record(self._execution, logs)

    def _record(self, execution: Execution, logs: Mapping[str, Any]) -> None:
        model, untrained = self.args[0], execution.training is None and not execution.tested
        loaded = execution.record_loaded(loaded_files([model]))
        with guarded("enable_lora() and quantize()", model, lost="which layers they have changed"):
            record_kept_modifications(execution, model, [model])
        values = None
        if untrained and (execution.config.choice.keys or execution.config.custom_hyperparameters):
            values = values_of(FitCall(model, {}), execution.config)
        execution.tested = True
        rows = data_rows("test", self._data) if execution.config.choice.dataset else []
        execution.record_test(logs, self._began, rows, self._first.logs, values)
        if untrained and not loaded:
            _warn_of_custom_loop(execution, model)

    def _watch(self, original: Callable[..., Any]) -> None:
        bound = bound_arguments(original, self.args, self.kwargs)
        if bound is None:
            return
        self._execution = execution_of(self.args[0])
        parts = ("x", "y", "sample_weight")
        self._data = {name: bound.arguments.get(name) for name in parts}
        self._given = bound.arguments.get("callbacks")
        bound.arguments["callbacks"] = with_callbacks(self._given, self._first, self._last)
        self.args, self.kwargs = bound.args, bound.kwargs


def _around_evaluate(
    original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    if _is_validation(args[0], kwargs):
        return original(*args, **kwargs)
    reinstate()
    if not _is_captured(args[0]):
        return original(*args, **kwargs)
    with _WatchedEvaluate(original, args, kwargs) as watched:
        return original(*watched.args, **watched.kwargs)


def _is_validation(model: Any, kwargs: Mapping[str, Any]) -> bool:
    """Whether `fit` or one of its callbacks evaluates the model while it is fitted."""
    return "_use_cached_eval_dataset" in kwargs or fits.is_running(model)


def _warn_of_custom_loop(execution: Execution, model: Any) -> None:
    """Log once per execution that its model was trained by a loop that we cannot see."""
    taken = steps_taken(chosen_optimizer(model))
    if taken is not None and taken > (execution.steps_before or 0):
        _logger.warning(
            "The model %r is evaluated after %d steps of training outside fit(), which Keras-Prov "
            "does not see: execution %s has hyperparameters and tests, but no epochs. %s",
            getattr(model, "name", type(model).__name__),
            taken - (execution.steps_before or 0),
            execution.tag,
            HELP,
        )


def _is_captured(model: Any) -> bool:
    with guarded("Model.evaluate"):
        return execution_of(model) is not None
    return False


PATCH = Patch(lambda: keras.Model, "evaluate", _around_evaluate)
