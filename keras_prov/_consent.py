"""What the user asked to be captured, for one model or for all; nothing is captured without it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dfanalyzer_client import settings
from dfanalyzer_client.client import Client, client_for
from dfanalyzer_client.names import checked_dataflow_tag, checked_name
from dfanalyzer_client.url import StoreURL

from ._hyperparameters import KNOWN, checked_keys
from ._weak import WeakIdentityMap

__all__ = ["Capture", "Consent", "capture", "consent_of", "fits"]

TYPES = ("NUMERIC", "TEXT")
OWN_COLUMNS = ("id", "TrainingModel_task_id", "ITRAIN_TIMESTAMP")
"""Columns that ``iTrainingModel`` has in any case."""


@dataclass(frozen=True, eq=False)
class Consent:
    """A user's choice, checked: the call that gave a wrong one has raised.

    Attributes:
        dataflow_tag: what the dataflow is called.
        keys: hyperparameters to capture.
        own: the user's own hyperparameters, name to type.
        values: their values.
        adaptation: whether changes of the learning rate are captured.
        client: where to.
    """

    dataflow_tag: str
    keys: tuple[str, ...]
    own: Mapping[str, str]
    values: Mapping[str, Any]
    adaptation: bool
    client: Client = field(repr=False)

    @classmethod
    def checked(
        cls,
        dataflow_tag: str | None,
        hyps: Mapping[str, bool] | None,
        hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        values: Mapping[str, Any] | None = None,
        adaptation: bool | None = None,
        store: str | StoreURL | None = None,
    ) -> Consent:
        """Check all that a user gave.

        Raises:
            TypeError: a value is not of its kind.
            ValueError: a key is unknown, a name is taken, a tag or a store URL cannot be.
        """
        settings.check()
        keys = checked_keys({} if hyps is None else hyps)
        tag = _script_name() if dataflow_tag is None else dataflow_tag
        checked_dataflow_tag(tag)
        own = _checked_own(hyperparameters)
        if not (adaptation is None or isinstance(adaptation, bool)):
            raise TypeError(
                "Whether to capture adaptations is True or False. "
                f"Received: adaptation={adaptation!r}."
            )
        return cls(
            dataflow_tag=tag,
            keys=keys,
            own=own,
            values=_checked_values(values or {}, own),
            adaptation="LEARNING_RATE" in keys if adaptation is None else adaptation,
            client=client_for(store),
        )


class Capture:
    """Capture for every model of the process, until `stop()` or the end of the `with` block."""

    def __init__(self, consent: Consent) -> None:
        self.consent = consent

    def stop(self) -> None:
        """Capture no further training on this account; twice is fine."""
        if self in _captures:
            _captures.remove(self)

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<keras_prov.capture of {self.consent.dataflow_tag!r}>"


class RunningFits:
    """The models that are being fitted now, and those that were while nobody asked for capture."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: WeakIdentityMap[int] = WeakIdentityMap()
        self._uncaptured: WeakIdentityMap[bool] = WeakIdentityMap()
        self.count = 0

    def begin(self, model: object, *, captured: bool) -> None:
        """A fit of `model` begins."""
        with self._lock:
            self.count += 1
            self._running.set(model, (self._running.get(model) or 0) + 1)
            if not captured:
                self._uncaptured.set(model, True)

    def end(self, model: object) -> None:
        """A fit of `model` is over, however it ended."""
        with self._lock:
            self.count -= 1
            left = (self._running.get(model) or 1) - 1
            if left:
                self._running.set(model, left)
            else:
                self._running.pop(model)

    def is_running(self, model: object) -> bool:
        """Whether `model` is inside a fit."""
        return self._running.get(model) is not None

    def went_uncaptured(self, model: object) -> bool:
        """Whether `model` was fitted before anybody asked for capture."""
        return bool(self._uncaptured.get(model))


_captures: list[Capture] = []
_of_model: WeakIdentityMap[Consent] = WeakIdentityMap()
fits = RunningFits()
"""The fits of this process; the patches tell it of each."""


def capture(
    hyps: Mapping[str, bool] | None = None,
    dataflow_tag: str | None = None,
    *,
    adaptation: bool | None = None,
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    values: Mapping[str, Any] | None = None,
    store: str | StoreURL | None = None,
) -> Capture:
    """Capture the trainings and tests of every model of this process from here on.

    Args:
        hyps: hyperparameters to capture, as ``{"LEARNING_RATE": True, "DECAY": False}``. With
            nothing True an execution and its metrics are still recorded.
        dataflow_tag: name of the dataflow; the script's name when it is left out.
        adaptation: whether changes of the learning rate are captured; by default they are when
            LEARNING_RATE is.
        hyperparameters: the user's own, as ``[("DROP", "NUMERIC")]``.
        values: their values, as ``{"DROP": 0.5}``; one without a value is NULL.
        store: URL of a MonetDB, ``monetdb://user:password@host:port/database``; by default
            KERAS_PROV_STORE, else the private server.

    Returns:
        A handle: `stop()` ends the capture, as does the end of a `with` block.

    Raises:
        TypeError: a value is not of its kind.
        ValueError: a key is unknown, or a tag, a name or the store's URL cannot be.
        RuntimeError: a training is running already.
    """
    consent = Consent.checked(dataflow_tag, hyps, hyperparameters, values, adaptation, store)
    if fits.count:
        raise RuntimeError(
            "keras_prov.capture() was called while a training is running, which would be captured "
            "in part. Call it before fit()."
        )
    handle = Capture(consent)
    _captures.append(handle)
    return handle


def declare(model: object, consent: Consent) -> None:
    """Attach a choice to one model; raises RuntimeError once its fit has begun."""
    if fits.is_running(model):
        raise RuntimeError(
            "model.provenance() was called inside this model's fit(), which would be captured in "
            "part. Call it before fit()."
        )
    if fits.went_uncaptured(model):
        raise RuntimeError(
            "model.provenance() was called after this model's fit(), which was not captured. Call "
            "it before the first fit(), or use keras_prov.capture(…) to capture only the trainings "
            "from here on."
        )
    _of_model.set(model, consent)


def consent_of(model: object) -> Consent | None:
    """The choice that holds for `model`: its own, else the newest for all, else None."""
    own = _of_model.get(model)
    if own is not None:
        return own
    return _captures[-1].consent if _captures else None


def _script_name() -> str:
    name = Path(sys.argv[0] if sys.argv else "").stem
    return name if name not in ("", "-", "-c") else "keras"


def _checked_own(
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]],
) -> dict[str, str]:
    own: dict[str, str] = {}
    for name, type_ in _pairs(hyperparameters):
        checked_name(name, "name of a hyperparameter")
        if str(type_).upper() not in TYPES:
            raise ValueError(
                f"The type of hyperparameter {name!r} is one of {', '.join(TYPES)}. "
                f"Received: {type_!r}."
            )
        taken = {key.lower() for key in (*KNOWN, *own, *OWN_COLUMNS)}
        if name.lower() in taken:
            raise ValueError(
                f"The name of hyperparameter {name!r} is taken already: rename it, or set "
                f"{name.upper()} to True in hyps where it is one of {', '.join(KNOWN)}."
            )
        own[name] = str(type_).upper()
    return own


def _pairs(hyperparameters: Any) -> list[tuple[str, str]]:
    items = hyperparameters.items() if isinstance(hyperparameters, Mapping) else hyperparameters
    try:
        return [(name, type_) for name, type_ in items]
    except (TypeError, ValueError):
        raise TypeError(
            'Own hyperparameters are pairs of name and type, as in [("DROP", "NUMERIC")]. '
            f"Received: {hyperparameters!r}."
        ) from None


def _checked_values(values: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, Any]:
    unknown = [name for name in values if name not in own]
    if unknown:
        raise ValueError(
            f"A value was given for {unknown[0]!r}, which is not among hyperparameters="
            f"{list(own.items())!r}: declare it there."
        )
    return dict(values)
