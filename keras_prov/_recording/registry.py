"""Which execution a model's trainings and tests belong to."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from .._capture.config import CaptureConfig
from .._capture.replicas import is_recorded_elsewhere
from .._capture.requests import declare, request, requested_config
from .._identity_map import WeakIdentityMap
from .._inspection.layers import direct_layers
from .._tracking.calls import chosen_optimizer
from .execution import Execution
from .outcome import steps_taken
from .trials import Trial, current_trial, note_captured

__all__ = [
    "declare_execution",
    "execution_here",
    "execution_of",
    "executions_of",
    "join",
    "known_execution",
    "link_to_parts",
    "only_execution",
    "recorded_models",
    "request_execution",
    "uncaptured_in",
]

MAX_DEPTH = 3
"""Objects that are nested deeper are not searched for models."""

_executions: WeakIdentityMap[Execution] = WeakIdentityMap()


def execution_of(model: Any) -> Execution | None:
    """The execution in which this process records `model`; None if it does not.

    It does not if nobody asked for it, or if another process records what both do.
    """
    if requested_config(model) is None or is_recorded_elsewhere(model):
        return None
    return execution_here(model)


def execution_here(model: Any) -> Execution | None:
    """The execution of `model`, also if another process records it; None if nobody asked for it.

    A model's trainings and tests are one execution. A new one begins when `provenance()` or
    `capture()` is called again, when a trial of a study begins, and in a forked child. It is
    derived from the previous one.
    """
    config = requested_config(model)
    if config is None:
        return None
    execution, trial = _executions.get(model), current_trial()
    is_same = (
        execution is not None and execution.config is config and _is_of_this_process(execution)
    )
    if execution is not None and is_same and (trial is None or execution.trial is trial):
        return execution
    return _begin(model, config, execution, trial)


def known_execution(model: Any) -> Execution | None:
    """The execution in which this process records `model`, if one has begun or was declared."""
    execution = _executions.get(model)
    if execution is None or not _is_of_this_process(execution) or is_recorded_elsewhere(model):
        return None
    return execution if requested_config(model) is execution.config else None


def executions_of(held: Any) -> list[Execution]:
    """The executions of the models that `held` is, holds, or whose optimizer it is or holds."""
    objects = {id(value) for value in _objects_in(held, MAX_DEPTH) if value is not None}
    found: dict[int, Execution] = {}
    for model in _executions.objects():
        mine = {id(model), id(getattr(model, "optimizer", model))}
        execution = known_execution(model)
        if execution is not None and objects & mine:
            found[id(execution)] = execution
    return list(found.values())


def uncaptured_in(held: Any) -> list[Any]:
    """The models without an execution that `held` is or holds."""
    objects = _objects_in(held, MAX_DEPTH)
    models = {id(value): value for value in objects if isinstance(value, keras.Model)}
    return [model for model in models.values() if known_execution(model) is None]


def only_execution() -> Execution | None:
    """The execution with a training, among those of live models; None if there are several."""
    known = [known_execution(model) for model in _executions.objects()]
    trained = [found for found in known if found is not None and found.training is not None]
    return trained[0] if len(trained) == 1 else None


def recorded_models() -> list[tuple[Any, Execution]]:
    """The live models that this process records, with their executions."""
    known = [(model, known_execution(model)) for model in _executions.objects()]
    return [(model, execution) for model, execution in known if execution is not None]


def _objects_in(held: Any, depth: int) -> Iterator[Any]:
    if isinstance(held, weakref.ref):
        held = held()
    yield held
    if isinstance(held, keras.Layer):
        yield from held._flatten_layers(include_self=False)
    elif not depth or held is None or isinstance(held, (str, bytes, int, float, type)):
        return
    elif isinstance(held, Mapping):
        for value in held.values():
            yield from _objects_in(value, depth - 1)
    elif isinstance(held, (list, tuple)):
        for value in held:
            yield from _objects_in(value, depth - 1)
    else:
        for value in list(getattr(held, "__dict__", {}).values()):
            yield from _objects_in(value, depth - 1)


def declare_execution(model: Any, config: CaptureConfig) -> None:
    """Begin an execution of `model`; raises RuntimeError once its fit has begun."""
    declare(model, config)
    execution = _begin(model, config, _executions.get(model), current_trial())
    execution.steps_before = steps_taken(chosen_optimizer(model))


def request_execution(model: Any, config: CaptureConfig) -> Execution:
    """Begin an execution of `model`, whatever was trained before, as `config` says."""
    request(model, config)
    return _begin(model, config, _executions.get(model), current_trial())


def join(model: Any, execution: Execution) -> None:
    """Let `model` belong to `execution`, as do others that are trained together with it."""
    before = _executions.get(model)
    if before is execution:
        return
    if before is not None and before.training is not None:
        execution.derived_from.add(before.tag)
    if requested_config(model) is not execution.config:
        request(model, execution.config)
    _executions.set(model, execution)


def link_to_parts(model: Any, execution: Execution) -> None:
    """Derive `execution` from those of captured models that are layers of `model`."""
    for layer in direct_layers(model):
        part = _executions.get(layer)
        if part is not None and part is not execution and part.training is not None:
            execution.derived_from.add(part.tag)


def _is_of_this_process(execution: Execution) -> bool:
    """Whether this process began it: a forked child must not continue its parent's execution."""
    return execution.process == os.getpid()


def _begin(
    model: Any, config: CaptureConfig, before: Execution | None, trial: Trial | None = None
) -> Execution:
    execution = Execution(config, trial)
    if trial is not None:
        note_captured(trial)
    if before is not None:
        trained = {before.tag} if before.training is not None else before.derived_from
        execution.derived_from |= trained
        if before.training is None:
            execution.continuation = before.continuation
    _executions.set(model, execution)
    return execution
