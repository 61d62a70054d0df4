"""KerasTuner: every model that a tuner trains for a trial is an execution of that trial.

A trial with ``executions_per_trial=3`` builds three models, which are three executions.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..._guard import guarded
from ..._identity_map import WeakIdentityMap
from ..._instrumentation.change import Original
from ..._instrumentation.patch import Patch
from ..._recording.trials import FAILED, FINISHED, LateParameters, Trial, during

__all__ = ["PATCHES"]

_running: WeakIdentityMap[Trial] = WeakIdentityMap()
"""By KerasTuner's object of the trial."""


def _around_run_trial(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    running = None
    with guarded("a trial of KerasTuner", lost="that trial"):
        tuner, trial = args[:2]
        running = _trial(tuner, trial)
        _running.set(trial, running)
    try:
        with during(running):
            return original(*args, **kwargs)
    except BaseException as error:
        if running is not None and not isinstance(error, Exception):  # the search is aborted
            with guarded("the end of a trial of KerasTuner", lost="how it ended"):
                running.end(FAILED)
        raise


def _trial(tuner: Any, trial: Any) -> Trial:
    def chosen() -> Mapping[str, Any]:
        return dict(trial.hyperparameters.values)

    # late: building the model and `HyperModel.fit` may choose more of them
    return Trial(tuner.project_name, str(trial.trial_id), LateParameters(chosen), "keras_tuner")


def _around_trial_end(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    result = original(*args, **kwargs)
    with guarded("the end of a trial of KerasTuner", lost="how it ended"):
        tuner, trial = args[:2]
        running = _running.pop(trial)
        if running is not None:
            _end(running, tuner.oracle, trial)
    return result


def _end(running: Trial, oracle: Any, trial: Any) -> None:
    ended = getattr(oracle, "trials", {}).get(trial.trial_id, trial)
    state = FINISHED if ended.status == "COMPLETED" else FAILED  # or INVALID
    objective = getattr(oracle, "objective", None)
    name = str(getattr(objective, "name", None) or "score")
    running.end(state, {name: ended.score})


def _tuner() -> type:
    found: type = sys.modules["keras_tuner.src.engine.base_tuner"].BaseTuner
    return found


PATCHES = (
    Patch(_tuner, "_run_and_update_trial", _around_run_trial),  # not `run_trial`: users override it
    Patch(_tuner, "on_trial_end", _around_trial_end),
)
