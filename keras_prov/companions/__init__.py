"""Libraries that search: each of their trials is an execution of its own, linked to its study.

None of them is imported here, nor needed: see `WhenImported`.
"""

from __future__ import annotations

from collections.abc import Iterable

from .._patch import Change
from .._when_imported import WhenImported

__all__ = ["COMPANIONS"]


def _optuna() -> Iterable[Change]:
    from . import optuna

    return optuna.PATCHES


def _keras_tuner() -> Iterable[Change]:
    from . import keras_tuner

    return keras_tuner.PATCHES


def _scikit_learn() -> Iterable[Change]:
    from . import scikit_learn

    return scikit_learn.PATCHES


COMPANIONS = (
    WhenImported("optuna.study._optimize", _optuna, "Optuna's trials"),
    WhenImported("keras_tuner.src.engine.base_tuner", _keras_tuner, "KerasTuner's trials"),
    WhenImported("sklearn.model_selection._search", _scikit_learn, "scikit-learn's searches"),
)
