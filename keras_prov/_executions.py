"""Which execution a model's trainings and tests belong to."""

from __future__ import annotations

from typing import Any

from ._consent import Consent, consent_of, declare
from ._recorder import Execution
from ._weak import WeakIdentityMap

__all__ = ["declare_execution", "execution_of"]

_executions: WeakIdentityMap[Execution] = WeakIdentityMap()


def execution_of(model: Any) -> Execution | None:
    """The execution of `model`; None when its capture was not asked for.

    A model's trainings and tests are one execution, until `provenance()` or `capture()` is called
    anew.
    """
    consent = consent_of(model)
    if consent is None:
        return None
    execution = _executions.get(model)
    if execution is None or execution.consent is not consent:
        execution = Execution(consent)
        _executions.set(model, execution)
    return execution


def declare_execution(model: Any, consent: Consent) -> None:
    """Begin an execution of `model`; raises RuntimeError when its fit has begun."""
    declare(model, consent)
    _executions.set(model, Execution(consent))
