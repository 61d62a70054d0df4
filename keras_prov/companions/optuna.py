"""Optuna: what an objective trains is an execution of the trial it is called with."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from .._guard import guarded
from .._patch import Original, Patch
from .._trials import LateParameters, Trial, during

__all__ = ["PATCHES"]


def _around_run_trial(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if len(args) < 2:
        return original(*args, **kwargs)
    study, objective, *others = args

    def within_trial(trial: Any) -> Any:
        begun = None
        with guarded("a trial of Optuna", lost="that trial"):
            begun = _trial(study, trial)
        with during(begun):
            return objective(trial)

    return original(study, within_trial, *others, **kwargs)


def _trial(study: Any, trial: Any) -> Trial:
    def suggested() -> Mapping[str, Any]:
        parameters: Mapping[str, Any] = trial.params
        return parameters

    # late: an objective asks for its parameters while it runs
    return Trial(study.study_name, str(trial.number), LateParameters(suggested), "optuna")


PATCHES = (Patch(lambda: sys.modules["optuna.study._optimize"], "_run_trial", _around_run_trial),)
