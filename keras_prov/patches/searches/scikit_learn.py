"""scikit-learn: the fits of a search, with the wrappers of scikeras or Keras, are its trials.

There is one trial per candidate and fold, such as ``0-2`` for the first candidate's third fold, and
``refit`` for the training of the best one on all data. Fits in other processes (``n_jobs=2``, by
joblib's loky) are trials in those processes, which capture nothing unless they are told to.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from ..._guard import guarded
from ..._identity_map import WeakIdentityMap
from ..._instrumentation.attributes import Alias
from ..._instrumentation.change import Original
from ..._instrumentation.patch import Patch
from ..._recording.trials import FAILED, LateParameters, Trial, during, final_state

__all__ = ["PATCHES"]

FRAMEWORK = "scikit-learn"
VALIDATION = "sklearn.model_selection._validation"
SEARCH = "sklearn.model_selection._search"

_studies: WeakIdentityMap[str] = WeakIdentityMap()
_running: list[Any] = []
"""Running searches, newest last: older versions do not pass the caller to a fit."""


def _around_search(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    search, refit = args[0], None
    with guarded("a search of scikit-learn", lost="its study"):
        study = f"{type(search).__name__}-{uuid.uuid4().hex[:8]}"
        _studies.set(search, study)

        def chosen() -> Mapping[str, Any]:
            return dict(getattr(search, "best_params_", {}))

        refit = Trial(study, "refit", LateParameters(chosen), FRAMEWORK)
    _running.append(search)
    error: BaseException | None = None
    try:
        with during(refit):
            return original(*args, **kwargs)
    except BaseException as raised:
        error = raised
        raise
    finally:
        _running.remove(search)
        with guarded("a search of scikit-learn", lost="how it ended"):
            if refit is not None:
                refit.end(final_state(error), {"score": getattr(search, "best_score_", None)})


def _around_fit(original: Original, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    running = None
    with guarded("a fit of scikit-learn's search", lost="that trial"):
        running = _trial(kwargs)
    error: BaseException | None = None
    result = None
    try:
        with during(running):
            result = original(*args, **kwargs)
        return result
    except BaseException as raised:
        error = raised
        raise
    finally:
        with guarded("a fit of scikit-learn's search", lost="how it ended"):
            if running is not None:
                _end(running, error, result)


def _end(running: Trial, error: BaseException | None, result: Any) -> None:
    """End a trial with its scores. With `error_score`, a failed fit reports and does not raise."""
    outcome = result if isinstance(result, Mapping) else {}
    state = FAILED if outcome.get("fit_error") else final_state(error)
    scores = outcome.get("test_scores")
    running.end(state, scores if isinstance(scores, Mapping) else {"score": scores})


def _trial(arguments: Mapping[str, Any]) -> Trial | None:
    """The trial that a call belongs to; None for one of `cross_validate`."""
    candidate, split = arguments.get("candidate_progress"), arguments.get("split_progress")
    search = arguments.get("caller") or (_running[-1] if _running else None)
    study = _studies.get(search) if search is not None else None
    if study is None or candidate is None or split is None:
        return None
    return Trial(
        study, f"{candidate[0]}-{split[0]}", dict(arguments.get("parameters") or {}), FRAMEWORK
    )


def _module(name: str) -> ModuleType:
    return sys.modules[name]


def _search_class() -> type:
    found: type = _module(SEARCH).BaseSearchCV
    return found


PATCHES = (
    Patch(_search_class, "fit", _around_search),
    # the same object where it is defined and where it is used: joblib pickles it by name
    Patch(lambda: _module(VALIDATION), "_fit_and_score", _around_fit),
    Alias(lambda: _module(SEARCH), lambda: _module(VALIDATION), "_fit_and_score"),
)
