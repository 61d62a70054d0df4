"""``Model.train_on_batch`` and ``test_on_batch``: calls of a captured model are a training.

In a block of `keras_prov.training`, and in a `fit` of the same model, they are a part of that.
"""

from __future__ import annotations

from typing import Any

import keras

from .._guard import guarded
from .._instrumentation.call_arguments import bound_arguments
from .._instrumentation.change import Original
from .._instrumentation.patch import Patch
from .._instrumentation.switch import reinstate
from .._loops.calls import returned_metrics
from .._loops.open_runs import open_runs
from .._loops.sessions import end_session, open_session, session_of
from .._recording.registry import execution_of
from .._tracking.running import calls_on_batch, fits

__all__ = ["PATCHES"]

_guard_before = guarded("Model.train_on_batch")
_guard_after = guarded("the end of Model.train_on_batch")


def _around_train(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    model = args[0]
    with _guard_before:
        _prepare(original, args, kwargs)
    with calls_on_batch:
        try:
            returned = original(*args, **kwargs)
        except BaseException as error:
            with _guard_after:
                if not fits.is_running(model):
                    end_session(model, error)
            raise
    with _guard_after:
        _trained(model, returned)
    return returned


def _around_test(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    returned = original(*args, **kwargs)
    with _guard_after:
        run = open_runs.of(args[0])
        session = session_of(args[0]) if run is None else None
        if run is not None:
            run.tested(args[0], returned_metrics(args[0], returned))
        elif session is not None:
            session.tested(returned_metrics(args[0], returned))
    return returned


def _prepare(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Begin the training of a model, unless it is part of another one."""
    model = args[0]
    if fits.is_running(model) or open_runs.of(model) is not None or fits.contain(model):
        return
    execution, session = execution_of(model), session_of(model)
    if execution is None or (session is not None and session.execution is execution):
        return
    reinstate()
    bound = bound_arguments(original, args, kwargs)
    data = None if bound is None else bound.arguments.get("x")
    open_session(execution, model, _samples(data))


def _samples(data: Any) -> int | None:
    """How many samples a batch has."""
    for leaf in keras.tree.flatten(data):
        shape = getattr(leaf, "shape", None)
        if shape is not None and len(shape):
            return int(shape[0])
    return None


def _trained(model: Any, returned: Any) -> None:
    run = open_runs.of(model)
    if run is not None:
        run.trained(model, returned_metrics(model, returned))
    elif not fits.is_running(model):
        session = session_of(model)
        if session is not None:
            session.trained(returned_metrics(model, returned))


PATCHES = (
    Patch(lambda: keras.Model, "train_on_batch", _around_train),
    Patch(lambda: keras.Model, "test_on_batch", _around_test),
)
