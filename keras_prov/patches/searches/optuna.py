"""Optuna: every model that an objective trains is an execution of its trial."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..._guard import guarded
from ..._instrumentation.change import Original
from ..._instrumentation.patch import Patch
from ..._recording.trials import FAILED, FINISHED, PRUNED, LateParameters, Trial, during

__all__ = ["PATCHES"]

STATES = {"COMPLETE": FINISHED, "PRUNED": PRUNED}


def _around_run_trial(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if len(args) < 2:
        return original(*args, **kwargs)
    study, objective, *others = args
    started: list[tuple[Trial, Any]] = []

    def within_trial(trial: Any) -> Any:
        running = None
        with guarded("a trial of Optuna", lost="that trial"):
            running = _trial(study, trial)
            started.append((running, trial))
        with during(running):
            return objective(trial)

    try:  # in here, Optuna tells its study what the objective has returned or raised
        return original(study, within_trial, *others, **kwargs)
    finally:
        with guarded("the end of a trial of Optuna", lost="how it ended"):
            for running, trial in started:
                _end(running, study, trial)


def _trial(study: Any, trial: Any) -> Trial:
    def suggested() -> Mapping[str, Any]:
        parameters: Mapping[str, Any] = trial.params
        return parameters

    # late: an objective chooses its parameters while it runs
    return Trial(study.study_name, str(trial.number), LateParameters(suggested), "optuna")


def _end(running: Trial, study: Any, trial: Any) -> None:
    ended = study._storage.get_trial(trial._trial_id)
    values = ended.values or []
    names = getattr(study, "metric_names", None) or [f"value_{i}" for i in range(len(values))]
    if len(values) == 1 and names == ["value_0"]:
        names = ["value"]
    running.end(STATES.get(ended.state.name, FAILED), dict(zip(names, values, strict=False)))


PATCHES = (Patch(lambda: sys.modules["optuna.study._optimize"], "_run_trial", _around_run_trial),)
