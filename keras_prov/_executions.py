"""Which execution a model's trainings and tests belong to."""

from __future__ import annotations

import os
from typing import Any

from ._consent import Consent, consent_of, declare
from ._layers import direct_layers
from ._recorder import Execution
from ._trials import Trial, current_trial, is_captured
from ._weak import WeakIdentityMap

__all__ = ["declare_execution", "execution_of", "known_execution", "link_to_parts"]

_executions: WeakIdentityMap[Execution] = WeakIdentityMap()


def execution_of(model: Any) -> Execution | None:
    """The execution of `model`; None when its capture was not asked for.

    A model's trainings and tests are one execution, until `provenance()` or `capture()` is called
    anew, or a trial of a study begins, or in a forked child. The new one is derived from the one
    before it.
    """
    consent = consent_of(model)
    if consent is None:
        return None
    execution, trial = _executions.get(model), current_trial()
    is_same = execution is not None and execution.consent is consent and _is_of_here(execution)
    if execution is not None and is_same and (trial is None or execution.trial is trial):
        return execution
    return _begun(model, consent, execution, trial)


def known_execution(model: Any) -> Execution | None:
    """The execution of `model` if it has begun one, or was told to."""
    execution = _executions.get(model)
    if execution is None or not _is_of_here(execution):
        return None
    return execution if consent_of(model) is execution.consent else None


def declare_execution(model: Any, consent: Consent) -> None:
    """Begin an execution of `model`; raises RuntimeError when its fit has begun."""
    declare(model, consent)
    _begun(model, consent, _executions.get(model), current_trial())


def link_to_parts(model: Any, execution: Execution) -> None:
    """Derive `execution` from those of the captured models that are layers of `model`."""
    for layer in direct_layers(model):
        part = _executions.get(layer)
        if part is not None and part is not execution and part.training is not None:
            execution.derived_from.add(part.tag)


def _is_of_here(execution: Execution) -> bool:
    """Whether this process tells of it: a forked child must not go on in its parent's name."""
    return execution.process == os.getpid()


def _begun(
    model: Any, consent: Consent, before: Execution | None, trial: Trial | None = None
) -> Execution:
    execution = Execution(consent, trial)
    if trial is not None:
        is_captured(trial)
    if before is not None:
        trained = {before.tag} if before.training is not None else before.derived_from
        execution.derived_from |= trained
    _executions.set(model, execution)
    return execution
