"""The trial of a study that runs now: a search's training is an execution of its own, linked to it.

KerasTuner, Optuna, scikeras and scikit-learn say through `trial` which trial they run; whoever
writes a search by hand says so the same way::

    for number, rate in enumerate([0.1, 0.01]):
        with keras_prov.trial("rates", number, {"rate": rate}):
            build(rate).fit(x, y)
"""

from __future__ import annotations

import logging
import numbers
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from dfanalyzer_client.keras_schema import names as tags

from .._capture.requests import is_capturing
from .._guard import guarded
from .._inspection.describe import describe

__all__ = [
    "LateParameters",
    "Trial",
    "current_trial",
    "during",
    "end_of",
    "is_captured",
    "is_pruning",
    "trial",
    "trial_rows",
]

logger = logging.getLogger("keras_prov")

FINISHED, PRUNED, FAILED = "FINISHED", "PRUNED", "FAILED"
"""How a trial ends, in the words for tasks."""

Rows = list[dict[str, Any]]
"""Rows of ``iTrial`` or ``oTrial``, by column."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One trial: known by identity, so that a study may run one of the same number again.

    Attributes:
        study: the name of the search.
        number: the trial's number or name within it.
        parameters: what the search chose, by name.
        framework: the library that searches; empty where the user's own code does.
    """

    study: str
    number: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    framework: str = ""
    trainings: list[Callable[[Trial, Rows], None]] = field(default_factory=list, repr=False)
    measured: dict[str, float | None] = field(default_factory=dict, repr=False)

    def report(self, values: Mapping[str, float | None]) -> None:
        """Give the objective's value, or several by name, for the row that the trial ends with.

        Example:
            >>> with keras_prov.trial("rates", 0, {"rate": 0.1}) as running:
            ...     running.report({"val_loss": min(model.fit(x, y).history["val_loss"])})
        """
        self.measured.update({str(name): _number(value) for name, value in values.items()})

    def end(self, state: str, values: Mapping[str, float | None] | None = None) -> None:
        """Tell the trainings how it ended, and with it what was chosen after they had begun.

        Args:
            state: FINISHED, PRUNED or FAILED.
            values: of the objectives, by name.
        """
        self.report(values or {})
        ended = {**_identity(self), tags.TRIAL_STATE: state}
        rows = [
            {**ended, tags.TRIAL_OBJECTIVE: name, tags.TRIAL_VALUE: value}
            for name, value in self.measured.items()
        ]
        trainings, self.trainings[:] = list(self.trainings), []
        for tell in trainings:
            tell(self, rows or [ended])


TrialOrNone = TypeVar("TrialOrNone", Trial, Trial | None)


class LateParameters(Mapping[str, Any]):
    """Parameters that are read when a training begins: a search may choose them until then.

    Args:
        read: gives those chosen so far.
    """

    def __init__(self, read: Callable[[], Mapping[str, Any]]) -> None:
        self._read = read

    def __getitem__(self, name: str) -> Any:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


_captured: weakref.WeakSet[Trial] = weakref.WeakSet()
_has_warned = False

_current: ContextVar[Trial | None] = ContextVar("keras_prov_trial", default=None)


def current_trial() -> Trial | None:
    """The trial that runs in this thread, or None."""
    return _current.get()


def trial(
    study: str,
    number: int | str,
    parameters: Mapping[str, Any] | None = None,
    *,
    framework: str = "",
) -> AbstractContextManager[Trial]:
    """Let the trainings in the `with` block be executions of a trial of `study`.

    Where nothing is captured in the block, because nobody asked, a warning says so once.

    Args:
        study: the name of the search.
        number: the trial's number or name within it.
        parameters: what the search chose, by name.
        framework: the library that searches.

    Raises:
        TypeError: `study` is no text, or `parameters` is no mapping.
    """
    if not isinstance(study, str):
        raise TypeError(f"The name of a study is a text. Received: {study!r}.")
    if not isinstance(parameters or {}, Mapping):
        raise TypeError(f"A trial's parameters are a dictionary. Received: {parameters!r}.")
    return _by_hand(Trial(study, str(number), dict(parameters or {}), framework))


def trial_rows(begun: Trial) -> Rows:
    """A row for each parameter that was chosen so far, and one in any case."""
    who = _identity(begun)
    rows: Rows = [
        {
            **who,
            tags.TRIAL_PARAMETER: str(name),
            tags.TRIAL_VALUE: describe(value),
            tags.TRIAL_VALUE_AS_NUMBER: _number(value),
        }
        for name, value in begun.parameters.items()
    ]
    return rows or [who]


def _identity(trial: Trial) -> dict[str, Any]:
    return {
        tags.TRIAL_FRAMEWORK: trial.framework or None,
        tags.TRIAL_STUDY: trial.study,
        tags.TRIAL_NUMBER: trial.number,
    }


def end_of(error: BaseException | None) -> str:
    """The state of a trial that ended so."""
    if error is None:
        return FINISHED
    return PRUNED if is_pruning(error) else FAILED


def is_pruning(error: BaseException) -> bool:
    """Whether a search has ended a trial that promised nothing, which is no failure."""
    optuna = sys.modules.get("optuna.exceptions")
    return optuna is not None and isinstance(error, optuna.TrialPruned)


def is_captured(trial: Trial) -> None:
    """An execution of `trial` has begun."""
    _captured.add(trial)


@contextmanager
def _by_hand(begun: Trial) -> Iterator[Trial]:
    error: BaseException | None = None
    try:
        with during(begun):
            yield begun
    except BaseException as raised:
        error = raised
        raise
    finally:
        with guarded("the end of a trial", lost="how it ended"):
            begun.end(end_of(error))
    if begun not in _captured and not is_capturing():
        _warn(begun)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, numbers.Real) else None


def _warn(trial: Trial) -> None:
    global _has_warned
    if not _has_warned:
        _has_warned = True
        logger.warning(
            "Nothing is captured of trial %s of %r: nobody has called keras_prov.capture() in this "
            "process, or in the one that started it. Call it first, as in "
            'keras_prov.capture({"LEARNING_RATE": True}, dataflow_tag="sweep"). This is said once.',
            trial.number, trial.study,
        )  # fmt: skip


@contextmanager
def during(begun: TrialOrNone) -> Iterator[TrialOrNone]:
    """Let `begun` be the current trial in the block; with None there is none."""
    token = _current.set(begun)
    try:
        yield begun
    finally:
        _current.reset(token)
