"""What the user asked to be captured, for one model or for all; nothing is captured without it."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dfanalyzer_client.config import settings
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.declarations.names import checked_dataflow_tag, storable_tag
from dfanalyzer_client.delivery.client import Client
from dfanalyzer_client.delivery.clients import client_for

from .._identity_map import WeakIdentityMap
from .._instrumentation.switch import reinstate
from .._tracking.running import fits
from . import workers
from .custom_hyperparameters import checked_own, checked_values
from .keys import Choice, Hyps, checked_choice, choice_of_text, everything

__all__ = [
    "Capture",
    "Consent",
    "capture",
    "capture_as_told",
    "capture_here",
    "consent_of",
    "everything",
    "is_capturing",
    "log",
]


@dataclass(frozen=True, eq=False)
class Consent:
    """A user's choice, checked: the call that gave a wrong one has raised.

    Attributes:
        dataflow_tag: what the dataflow is called.
        choice: what is True in the dictionary.
        own: the user's own hyperparameters, name to type.
        values: their values; `log` adds to them.
        adaptation: whether changes of the learning rate are captured.
        client: where to.
    """

    dataflow_tag: str
    choice: Choice
    own: Mapping[str, str]
    values: dict[str, Any]
    adaptation: bool
    client: Client = field(repr=False)

    @classmethod
    def checked(
        cls,
        dataflow_tag: str | None,
        hyps: Hyps | None,
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
        choice = _chosen_in_settings() if hyps is None else checked_choice(hyps)
        tag = dataflow_tag
        if tag is None:
            tag = settings.dataflow_tag() or _script_name()
        checked_dataflow_tag(tag)
        own = checked_own(hyperparameters)
        if not (adaptation is None or isinstance(adaptation, bool)):
            raise TypeError(
                "Whether to capture adaptations is True or False. "
                f"Received: adaptation={adaptation!r}."
            )
        if adaptation is None:
            adaptation = settings.adaptation()
        return cls(
            dataflow_tag=tag,
            choice=choice,
            own=own,
            values=checked_values(values or {}, own),
            adaptation="LEARNING_RATE" in choice.keys if adaptation is None else adaptation,
            client=client_for(store),
        )

    def said(self) -> dict[str, Any]:
        """What it was made of, as `checked` takes it, but for the store."""
        choice = self.choice
        hyps: dict[str, bool | float] = dict.fromkeys([*choice.keys, *sorted(choice.named)], True)
        numbers = {"BATCH_METRICS": choice.every_batch, "SYSTEM_METRICS": choice.system_seconds}
        return {
            "dataflow_tag": self.dataflow_tag,
            "hyps": hyps | {key: number for key, number in numbers.items() if key in hyps},
            "hyperparameters": dict(self.own),
            "values": self.values,
            "adaptation": self.adaptation,
        }


class Capture:
    """Capture for every model of the process, until `stop()` or the end of the `with` block."""

    def __init__(self, consent: Consent, *, for_workers: bool = False) -> None:
        self.consent = consent
        self.for_workers = for_workers

    def stop(self) -> None:
        """Capture no further training on this account; twice is fine.

        Nor do processes that are started from here on.
        """
        if self in _captures:
            _captures.remove(self)
            _tell_workers()

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<keras_prov.capture of {self.consent.dataflow_tag!r}>"


_captures: list[Capture] = []
_of_model: WeakIdentityMap[Consent] = WeakIdentityMap()

_declaring: list[weakref.ref[Consent]] = []
"""The choices made, oldest first, for `log` to find who declared a name."""


def capture(
    hyps: Mapping[Any, bool | float] | Iterable[Any] | str | None = None,
    dataflow_tag: str | None = None,
    *,
    adaptation: bool | None = None,
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    values: Mapping[str, Any] | None = None,
    store: str | StoreURL | None = None,
) -> Capture:
    """Capture the trainings and tests of every model of this process from here on.

    And of the processes that it starts, once they import `keras_prov`: KERAS_PROV_WORKERS=0 keeps
    to this one.

    Args:
        hyps: what to capture, as ``{"LEARNING_RATE": True, "DECAY": False}``; its keys are those
            of `known_hyperparameters`. A list of keys is for those that are True, and ``"all"`` for
            every one that costs next to nothing. With nothing True an execution and its metrics
            are still recorded. Left out, it is what KERAS_PROV_CAPTURE or the project's
            ``capture`` says.
        dataflow_tag: name of the dataflow; left out, KERAS_PROV_TAG, else the script's name.
        adaptation: whether changes of the learning rate are captured; left out,
            KERAS_PROV_ADAPTATION, else whether LEARNING_RATE is.
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
    return _begun(consent, for_workers=True)


def capture_here(*arguments: Any) -> Capture:
    """Capture in this process alone; the arguments of `Consent.checked`."""
    return _begun(Consent.checked(*arguments), for_workers=False)


def capture_as_told() -> None:
    """Capture what a process above was told to, where one was: see `_workers`."""
    said = workers.inherited()
    if said is not None:
        _begun(Consent.checked(**said), for_workers=False)


def log(values: Mapping[str, Any]) -> None:
    """Give values of your own hyperparameters, for the trainings that begin from here on.

    They go to the newest `provenance()` or `capture()` that declared them. A training's own
    callbacks may still give them in `on_train_begin`.

    Example:
        >>> model.provenance("dropouts", hyperparameters=[("DROP", "NUMERIC")])
        >>> keras_prov.log({"DROP": 0.5})

    Args:
        values: name to value, as ``{"DROP": 0.5}``.

    Raises:
        TypeError: `values` is no dictionary.
        ValueError: a name was not declared, or a value does not fit its type.
    """
    if not isinstance(values, Mapping):
        raise TypeError(
            f'Values are given by name, as in {{"DROP": 0.5}}. Received: {values!r} of type '
            f"{type(values).__name__}."
        )
    given = [(_declaring_consent(name), name, value) for name, value in values.items()]
    for consent, name, value in given:
        checked_values({name: value}, consent.own)
    for consent, name, value in given:
        consent.values[name] = value
    _tell_workers()


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
    _declaring.append(weakref.ref(consent))


def consent_of(model: object) -> Consent | None:
    """The choice that holds for `model`: its own, else the newest for all, else None."""
    own = _of_model.get(model)
    if own is not None:
        return own
    return _captures[-1].consent if _captures else None


def is_capturing() -> bool:
    """Whether a `capture()` holds in this process."""
    return bool(_captures)


def _begun(consent: Consent, *, for_workers: bool) -> Capture:
    handle = Capture(consent, for_workers=for_workers)
    reinstate()
    _captures.append(handle)
    _declaring.append(weakref.ref(consent))
    _tell_workers()
    return handle


def _tell_workers() -> None:
    newest = next((each.consent for each in reversed(_captures) if each.for_workers), None)
    if newest is None:
        workers.leave(None)
    else:
        workers.leave(newest.said(), newest.client.store)


def _declaring_consent(name: str) -> Consent:
    _declaring[:] = [each for each in _declaring if each() is not None]
    for reference in reversed(_declaring):
        consent = reference()
        if consent is not None and name in consent.own:
            return consent
    raise ValueError(
        f"A value was given for {name!r}, which nobody declared: "
        f"model.provenance(…, hyperparameters=[({name!r}, 'NUMERIC')]) does."
    )


def _chosen_in_settings() -> Choice:
    value, origin = settings.capture()
    try:
        return checked_choice(choice_of_text(value) if isinstance(value, str) else value or {})
    except (TypeError, ValueError) as error:
        raise type(error)(f"{origin}: {error}") from None


def _script_name() -> str:
    path = Path(sys.argv[0] if sys.argv else "")
    name = path.parent.name if path.stem == "__main__" else path.stem
    return storable_tag(name) if name not in ("", "-", "-c") else "keras"
