"""Libraries that search hyperparameters: every trial is an execution, linked to its study.

None of them is imported here, nor needed: see `WhenImported`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable

from ..._instrumentation.change import Change
from ..._instrumentation.post_import import WhenImported

__all__ = ["SEARCHES"]


def _patches(name: str) -> Callable[[], Iterable[Change]]:
    """A function that imports one of our modules and returns its patches."""

    def found() -> Iterable[Change]:
        patches: Iterable[Change] = importlib.import_module(f"{__name__}.{name}").PATCHES
        return patches

    return found


SEARCHES = (
    WhenImported("optuna.study._optimize", _patches("optuna"), "Optuna's trials"),
    WhenImported(
        "keras_tuner.src.engine.base_tuner", _patches("keras_tuner"), "KerasTuner's trials"
    ),
    WhenImported(
        "sklearn.model_selection._search", _patches("scikit_learn"), "scikit-learn's searches"
    ),
)
