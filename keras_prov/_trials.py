"""The trial of a study that runs now: a search's training is an execution of its own, linked to it.

KerasTuner, Optuna, scikeras and scikit-learn say through `trial` which trial they run; whoever
writes a search by hand says so the same way::

    for number, rate in enumerate([0.1, 0.01]):
        with keras_prov.trial("rates", number, {"rate": rate}):
            build(rate).fit(x, y)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Trial", "current_trial", "trial"]


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
    return _during(Trial(study, str(number), dict(parameters or {}), framework))


@contextmanager
def _during(begun: Trial) -> Iterator[Trial]:
    token = _current.set(begun)
    try:
        yield begun
    finally:
        _current.reset(token)
