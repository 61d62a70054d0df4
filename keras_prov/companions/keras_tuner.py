"""KerasTuner: what a tuner trains for a trial is an execution of it, of which there may be several.

A trial with ``executions_per_trial=3`` builds three models, and they are three executions.
"""

from __future__ import annotations

import sys
from typing import Any

from .._guard import guarded
from .._patch import Original, Patch
from .._trials import Trial, during

__all__ = ["PATCHES"]


def _around_run_trial(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    begun = None
    with guarded("a trial of KerasTuner", lost="that trial"):
        tuner, trial = args[:2]
        values = dict(trial.hyperparameters.values)
        begun = Trial(tuner.project_name, str(trial.trial_id), values, "keras_tuner")
    with during(begun):
        return original(*args, **kwargs)


PATCHES = (
    Patch(
        lambda: sys.modules["keras_tuner.src.engine.base_tuner"].BaseTuner,
        "_run_and_update_trial",  # not `run_trial`, which users override
        _around_run_trial,
    ),
)
