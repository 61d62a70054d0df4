"""``Model.fit``: a captured model's training is watched by two callbacks of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from .._arguments import bound_arguments, with_callbacks, without_callbacks
from .._consent import fits
from .._executions import execution_of
from .._guard import guarded
from .._patch import Patch
from .._training import Training

__all__ = ["PATCH"]


class _WatchedFit:
    """The arguments of one call, ours among them, and what happens around it."""

    def __init__(
        self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.args, self.kwargs = args, kwargs
        self._training: Training | None = None
        self._given: Any = None
        with guarded("Model.fit"):
            self._watch(original)

    def __enter__(self) -> _WatchedFit:
        fits.begin(self.args[0], captured=self._training is not None)
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        fits.end(self.args[0])
        if self._training is not None:
            with guarded("the end of a training"):
                without_callbacks(self._given, self._training.head, self._training.tail)
                self._training.end(error)

    def _watch(self, original: Callable[..., Any]) -> None:
        execution = execution_of(self.args[0])
        bound = bound_arguments(original, self.args, self.kwargs) if execution else None
        if execution is None or bound is None:
            return
        self._given = bound.arguments.get("callbacks")
        facts = bound_arguments(original, self.args, self.kwargs)
        assert facts is not None  # noqa: S101 (for the type checker: the same call was bound above)
        facts.apply_defaults()
        training = Training(execution, self.args[0], facts.arguments)
        bound.arguments["callbacks"] = with_callbacks(self._given, training.head, training.tail)
        self.args, self.kwargs, self._training = bound.args, bound.kwargs, training


def _around_fit(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with _WatchedFit(original, args, kwargs) as watched:
        return original(*watched.args, **watched.kwargs)


PATCH = Patch(lambda: keras.Model, "fit", _around_fit)
