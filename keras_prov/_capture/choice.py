"""The keys that a user has set to True in a dictionary, list or text, checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .._inspection.hyperparameters import KNOWN
from .keys import OPTIONS, Key, everything

__all__ = ["Choice", "Hyps", "checked_choice", "choice_of_text"]

SYSTEM_SECONDS = 10.0

Hyps = Mapping[Any, bool | float] | Iterable[Any] | str
"""What a user may give as `hyps`: keys, as text or `Key`, to True or False; a list; ``"all"``."""

IMPLIED = {"NUM_PARAMETERS": "NUM_TRAINABLE_PARAMETERS"}
"""What is captured together with a key, unless it is set to False."""

ALIASES = {
    "BATCH": "BATCH_SIZE",
    "DATA": "DATASET",
    "DTYPE": "DTYPE_POLICY",
    "EPOCHS": "NUM_EPOCHS",
    "JIT": "JIT_COMPILE",
    "LAYERS": "NUM_LAYERS",
    "LR": "LEARNING_RATE",
    "OPTIMIZER": "OPTIMIZER_NAME",
    "PARAMETERS": "NUM_PARAMETERS",
    "PARAMS": "NUM_PARAMETERS",
    "POLICY": "DTYPE_POLICY",
    "RANDOM_SEED": "SEED",
    "SCHEDULE": "LEARNING_RATE_SCHEDULE",
    "SYSTEM": "SYSTEM_METRICS",
    "WEIGHTS": "MODEL",
}
"""What people call a key, for the hint in an error's text."""


@dataclass(frozen=True)
class Choice:
    """What a user asked for, checked.

    Attributes:
        keys: hyperparameters, in the dictionary's order.
        dataset: whether data are fingerprinted.
        environment: whether the environment is recorded.
        model: whether the trained model is stored.
        every_batch: metrics of every n-th batch; 0 for none.
        system_seconds: interval of system metrics; 0 for none.
        named: all keys that are set to True.
    """

    keys: tuple[str, ...] = ()
    dataset: bool = False
    environment: bool = False
    model: bool = False
    every_batch: int = 0
    system_seconds: float = 0.0
    named: frozenset[str] = field(default_factory=frozenset)

    def __bool__(self) -> bool:
        """Whether anything was set to True."""
        return bool(self.named)


def choice_of_text(text: str) -> dict[str, bool | float]:
    """The dictionary that ``all,MODEL,BATCH_METRICS=10`` stands for.

    ``all`` is `everything`; a key may be followed by ``=`` and a number, true or false.

    Raises:
        ValueError: a value is none of these; an unknown key is left to `checked_choice`.
    """
    chosen: dict[str, bool | float] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, has_value, value = (part.strip() for part in item.partition("="))
        if item.lower() == "all":
            chosen |= everything()
        else:
            chosen[key] = _value_of_text(key, value) if has_value else True
    return chosen


def _value_of_text(key: str, text: str) -> bool | float:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        raise ValueError(
            f"What to capture is 'all', or keys as in LEARNING_RATE,BATCH_METRICS=10. "
            f"Received: {key}={text}."
        ) from None


def checked_choice(hyps: Hyps) -> Choice:
    """What is True in the dictionary.

    Raises:
        TypeError: `hyps` is not a dictionary, list or text, or a value is of the wrong type.
        ValueError: a key is unknown; the message suggests the nearest known one.
        ImportError: a library that SYSTEM_METRICS needs is not installed.
    """
    given = ((_name(key), value) for key, value in _as_mapping(hyps).items())
    chosen = {key: _checked_value(key, value) for key, value in given}
    chosen = {key: value for key, value in chosen.items() if value}
    for key, other in IMPLIED.items():
        if key in chosen:
            chosen.setdefault(other, True)
    if chosen.get("SYSTEM_METRICS"):
        from .._environment.system_sampler import checked

        checked()
    return Choice(
        keys=tuple(key for key in chosen if key in KNOWN),
        dataset="DATASET" in chosen,
        environment="ENVIRONMENT" in chosen,
        model="MODEL" in chosen,
        every_batch=int(chosen.get("BATCH_METRICS", 0)),
        system_seconds=_seconds(chosen.get("SYSTEM_METRICS", 0.0)),
        named=frozenset(chosen),
    )


def _as_mapping(hyps: Any) -> Mapping[Any, Any]:
    """The dictionary that a list of keys, ``"all"`` or a text of keys stands for."""
    if isinstance(hyps, Mapping):
        return hyps
    if isinstance(hyps, str):
        return choice_of_text(hyps)
    if isinstance(hyps, (list, tuple, set, frozenset)) and all(
        isinstance(key, (str, Key)) for key in hyps
    ):
        chosen: dict[Any, Any] = {}
        for key in hyps:
            chosen |= choice_of_text(key) if isinstance(key, str) else {key: True}
        return chosen
    raise TypeError(
        'What to capture is a dictionary of True and False, as in {"LEARNING_RATE": True}, a list '
        f'of keys, or "all". Received: {hyps!r:.200} of type {type(hyps).__name__}.'
    )


def _name(key: object) -> Any:
    """The name of a key, which may be a `Key` of `known_hyperparameters`."""
    return key.key if isinstance(key, Key) else key


def _seconds(value: bool | float) -> float:
    return SYSTEM_SECONDS if value is True else float(value)


def _checked_value(key: str, value: Any) -> bool | float:
    if key not in KNOWN and key not in OPTIONS:
        raise ValueError(_unknown(key))
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if key == "BATCH_METRICS" and isinstance(value, int) and value >= 0:
        return value
    if key == "SYSTEM_METRICS" and isinstance(value, (int, float)) and 0 <= value < float("inf"):
        return value
    number = {
        "BATCH_METRICS": ", or a whole number n for every n-th batch",
        "SYSTEM_METRICS": ", or a number of seconds",
    }.get(key, "")
    raise TypeError(
        f"Whether to capture {key} is True or False{number}. "
        f"Received: {value!r} of type {type(value).__name__}."
    )


def _unknown(key: object) -> str:
    known = [*KNOWN, *OPTIONS]
    if not isinstance(key, str):
        return (
            f"A key is a text such as 'LEARNING_RATE', or one of known_hyperparameters(). "
            f"Received: {key!r:.200} of type {type(key).__name__}."
        )
    name = str(key).upper().replace(" ", "_").replace("-", "_")
    near = [ALIASES[name]] if name in ALIASES else difflib.get_close_matches(name, known, n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"Unknown hyperparameter {key!r}.{meant} keras_prov.known_hyperparameters() lists all "
        f"{len(known)} keys. Custom ones are given as hyperparameters=[({name!r}, 'NUMERIC')]."
    )
