"""The current trial of a study: its trainings are executions of their own, linked to it.

The patches of KerasTuner, Optuna and scikit-learn set it. A search written by hand sets it like
this::

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
    "final_state",
    "is_pruning",
    "note_captured",
    "trial",
    "trial_rows",
]

logger = logging.getLogger("keras_prov")

FINISHED, PRUNED, FAILED = "FINISHED", "PRUNED", "FAILED"
"""How a trial ends; the words are those for tasks."""

Rows = list[dict[str, Any]]
"""Rows of ``iTrial`` or ``oTrial``, by column."""


@dataclass(frozen=True, eq=False)
class Trial:
    """One trial. It is compared by identity, so a study may use the same number again.

    Attributes:
        study: the name of the search.
        number: the trial's number or name within it.
        parameters: what the search chose, by name.
        framework: the library that searches; empty for a search written by hand.
    """

    study: str
    number: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    framework: str = ""
    trainings: list[Callable[[Trial, Rows], None]] = field(default_factory=list, repr=False)
    measured: dict[str, float | None] = field(default_factory=dict, repr=False)

    def report(self, values: Mapping[str, float | None]) -> None:
        """Set the values of objectives, by name. They are recorded when the trial ends.

        Example:
            >>> with keras_prov.trial("rates", 0, {"rate": 0.1}) as running:
            ...     running.report({"val_loss": min(model.fit(x, y).history["val_loss"])})
        """
        self.measured.update({str(name): _number(value) for name, value in values.items()})

    def end(self, state: str, values: Mapping[str, float | None] | None = None) -> None:
        """Record how the trial ended, and what was chosen after its trainings had begun.

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
        for notify in trainings:
            notify(self, rows or [ended])


TrialOrNone = TypeVar("TrialOrNone", Trial, Trial | None)


class LateParameters(Mapping[str, Any]):
    """Parameters that are read when a training begins, as a search may choose more until then.

    Args:
        read: returns those chosen so far.
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
    """The trial that is running in this thread, or None."""
    return _current.get()


def trial(
    study: str,
    number: int | str,
    parameters: Mapping[str, Any] | None = None,
    *,
    framework: str = "",
) -> AbstractContextManager[Trial]:
    """Make the trainings in the `with` block executions of a trial of `study`.

    If nothing is captured in the block because nobody asked for it, a warning says so once.

    Args:
        study: the name of the search.
        number: the trial's number or name within it.
        parameters: what the search chose, by name.
        framework: the library that searches.

    Raises:
        TypeError: `study` is not a text, or `parameters` is not a mapping.
    """
    if not isinstance(study, str):
        raise TypeError(f"The name of a study is a text. Received: {study!r}.")
    if not isinstance(parameters or {}, Mapping):
        raise TypeError(f"A trial's parameters are a dictionary. Received: {parameters!r}.")
    return _by_hand(Trial(study, str(number), dict(parameters or {}), framework))


def trial_rows(begun: Trial) -> Rows:
    """A row for every parameter that was chosen so far; at least one row."""
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


def final_state(error: BaseException | None) -> str:
    """The state of a trial that ended with this error, or without one."""
    if error is None:
        return FINISHED
    return PRUNED if is_pruning(error) else FAILED


def is_pruning(error: BaseException) -> bool:
    """Whether a search ended a trial because it was not promising, which is not a failure."""
    optuna = sys.modules.get("optuna.exceptions")
    return optuna is not None and isinstance(error, optuna.TrialPruned)


def note_captured(trial: Trial) -> None:
    """Note that an execution of `trial` has begun."""
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
            begun.end(final_state(error))
    if begun not in _captured and not is_capturing():
        _warn(begun)


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, numbers.Real) else None


def _warn(trial: Trial) -> None:
    global _has_warned
    if not _has_warned:
        _has_warned = True
        logger.warning(
            "Nothing is captured of trial %s of %r: keras_prov.capture() was not called in this "
            "process, nor in the one that started it. Call it first, as in "
            'keras_prov.capture({"LEARNING_RATE": True}, dataflow_tag="sweep"). '
            "This is logged once.",
            trial.number,
            trial.study,
        )


@contextmanager
def during(begun: TrialOrNone) -> Iterator[TrialOrNone]:
    """Make `begun` the current trial in the block; with None there is none."""
    token = _current.set(begun)
    try:
        yield begun
    finally:
        _current.reset(token)
