"""DeepXDE: each ``train()`` of a captured network is a training, with the steps that it displays.

DeepXDE is not imported here: see `WhenImported`. Its model has a network (`net`), which is what is
captured. A `train()` in a block of `keras_prov.training` of that network adds to that.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dfanalyzer_client.support.forks import fork_lock

from .._guard import guarded
from .._identity_map import WeakIdentityMap
from .._instrumentation.call_arguments import bound_arguments
from .._instrumentation.change import Change, Original
from .._instrumentation.patch import Patch
from .._instrumentation.post_import import WhenImported
from .._instrumentation.switch import reinstate
from .._loops.open_runs import open_runs
from .._recording.registry import execution_of

if TYPE_CHECKING:
    from .._loops.call_feed import CallFeed
    from .._loops.run import TrainingRun

__all__ = ["PATCHES"]

MODULE = "deepxde.model"
STEP = "compiled at step"

_guard = guarded("a training of DeepXDE", lost="that training")

_compiled: WeakIdentityMap[Mapping[str, Any]] = WeakIdentityMap()
"""What `compile` was given, by DeepXDE's model."""


def _around_compile(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = original(*args, **kwargs)
    with _guard:
        bound = bound_arguments(original, args, kwargs)
        if bound is not None:
            bound.apply_defaults()
            _compiled.set(args[0], {**bound.arguments, STEP: int(args[0].train_state.step)})
    return result


def _around_train(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    run: TrainingRun | None = None
    with _guard:
        run = _begun(original, args, kwargs)
    if run is None:
        return original(*args, **kwargs)
    with run:
        return original(*args, **kwargs)


def _begun(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> TrainingRun | None:
    """The training of this call; None if it is not captured, or a part of another one."""
    with fork_lock():  # not above: most programs do not use DeepXDE
        from .._loops.deepxde import optimizer_of, said_to_compile
        from .._loops.run import TrainingRun

    model = args[0]
    network = model.net
    reinstate()
    if open_runs.of(network) is not None or execution_of(network) is None:
        return None
    bound = bound_arguments(original, args, kwargs)
    given = {} if bound is None else bound.arguments
    compiled = _compiled.get(model) or {}
    size = given.get("batch_size")
    arguments = {
        "batch_size": size if isinstance(size, int) else None,
        "compile": said_to_compile(compiled),
    }
    optimizers = {"optimizer": optimizer_of(model, compiled)}
    return TrainingRun({"net": network}, optimizers, arguments, None, execution_of)


def _around_test(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = original(*args, **kwargs)
    with _guard:
        run = open_runs.of(args[0].net)
        if run is not None:
            _record(args[0], run)
    return result


def _record(model: Any, run: CallFeed) -> None:
    with fork_lock():
        from .._loops.deepxde import displayed, rate_at

    compiled, row = _compiled.get(model) or {}, displayed(model)
    rate = rate_at(row["step"] - compiled.get(STEP, 0), compiled)
    run.displayed(row["step"], row if rate is None else {**row, "learning_rate": rate})


def _changes() -> list[Change]:
    model = sys.modules[MODULE].Model
    return [
        Patch(model, "compile", _around_compile),
        Patch(model, "train", _around_train),
        Patch(model, "_test", _around_test),
    ]


PATCHES: tuple[Change, ...] = (WhenImported(MODULE, _changes, "trainings of DeepXDE"),)
