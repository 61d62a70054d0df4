"""What is asked for, checked as far as that can be done without Keras."""

from __future__ import annotations

import json
import math
import numbers
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..declarations.steering import SteeringAction
from ..errors import DefinitionError

__all__ = ["Asked", "asked_for"]

MAX_CHARACTERS = 250
NAME = re.compile(r"[^\W\d]\w*(\[\d+\])?(\.[^\W\d]\w*(\[\d+\])?)*")


@dataclass(frozen=True)
class Asked:
    """What is asked of a training, all of it under the same terms.

    Attributes:
        actions: each with what it is to change or to write, and the value as JSON.
        at_epoch: the first epoch that it is to hold for, counted from 0; None: at once.
        when: the condition that its epochs are to fulfil first; None: there is none.
        reason: why.
        person: who asks; None: the author that is set, or the account.
    """

    actions: Sequence[tuple[SteeringAction, str | None, str | None]] = field(default_factory=list)
    at_epoch: int | None = None
    when: str | None = None
    reason: str | None = None
    person: str | None = None


def asked_for(
    *,
    set: Mapping[str, Any] | None = None,
    stop: bool = False,
    stop_now: bool = False,
    pause: bool = False,
    resume: bool = False,
    checkpoint: bool | str | os.PathLike[str] = False,
    at_epoch: int | None = None,
    when: str | None = None,
    reason: str | None = None,
    person: str | None = None,
) -> Asked:
    """What the arguments of `steer` ask for.

    Raises:
        DefinitionError: nothing is asked for, two things that exclude each other, or a name or a
            value that cannot be.
        SelectionError: `when` is no condition.
        TypeError: an argument is of another type.
    """
    flags = {
        SteeringAction.STOP: stop,
        SteeringAction.STOP_NOW: stop_now,
        SteeringAction.PAUSE: pause,
        SteeringAction.RESUME: resume,
    }
    chosen = [(action, None, None) for action, flag in flags.items() if _flag(action, flag)]
    if len(chosen) > 1:
        names = ", ".join(action.value for action, _, _ in chosen)
        raise DefinitionError(
            f"Ask for one of stop, stop-now, pause and resume. Received: {names}."
        )
    actions = [*_settings(set), *_checkpoint(checkpoint), *chosen]
    if not actions:
        raise DefinitionError(
            "Nothing is asked for: expected set, stop, stop_now, pause, resume or checkpoint."
        )
    for what, text in (("reason", reason), ("person", person), ("when", when)):
        if text is not None and not isinstance(text, str):
            raise TypeError(f"{what} must be a text or None. Received: {text!r:.100}.")
    if when is not None:
        from ..policies import parse_condition  # not above: it parses SQL

        parse_condition(when)
    return Asked(actions, _epoch(at_epoch), when, reason or None, person or None)


def _flag(action: SteeringAction, flag: object) -> bool:
    if not isinstance(flag, bool):
        name = action.value.replace("-", "_")
        raise TypeError(f"{name} must be True or False. Received: {flag!r:.100}.")
    return flag


def _settings(set: object) -> list[tuple[SteeringAction, str | None, str | None]]:
    if set is None:
        return []
    if not isinstance(set, Mapping):
        raise TypeError(
            f"set must be a dictionary, as {{'learning_rate': 1e-4}}. Received: {set!r:.100}."
        )
    return [(SteeringAction.SET, _name(name), _json(name, value)) for name, value in set.items()]


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"The name of what is to be set must be a text. Received: {name!r:.100}.")
    if not NAME.fullmatch(name) or len(name) > MAX_CHARACTERS:
        raise DefinitionError(
            "What is to be set is an attribute of the optimizer, as learning_rate, or of a "
            f"callback, as EarlyStopping.patience. Received: {name!r:.300}."
        )
    return name


def _json(name: str, value: object) -> str:
    """A value as JSON."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():  # a scalar of NumPy or of a backend
        value = item()
    if isinstance(value, float) and not math.isfinite(value):
        raise DefinitionError(f"The value of {name} must be finite. Received: {value!r}.")
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise TypeError(
            f"The value of {name} must be a number, a text, a boolean, None, or a list or "
            f"dictionary of these. Received: {type(value).__name__}."
        ) from None


def _checkpoint(file: object) -> list[tuple[SteeringAction, str | None, str | None]]:
    if isinstance(file, bool):
        return [(SteeringAction.CHECKPOINT, None, None)] if file else []
    if not isinstance(file, (str, os.PathLike)):
        raise TypeError(f"checkpoint must be True, False or a file. Received: {file!r:.100}.")
    path = os.fspath(file)
    if not isinstance(path, str) or not path.strip() or "\0" in path:
        raise DefinitionError(f"The file of a checkpoint must be a path. Received: {path!r:.100}.")
    return [(SteeringAction.CHECKPOINT, path, None)]


def _epoch(at_epoch: object) -> int | None:
    if at_epoch is None:
        return None
    if isinstance(at_epoch, bool) or not isinstance(at_epoch, numbers.Integral):
        raise TypeError(f"at_epoch must be an epoch's number from 0. Received: {at_epoch!r:.100}.")
    epoch = int(at_epoch)
    if not 0 <= epoch < 1 << 63:
        raise DefinitionError(f"at_epoch must be an epoch's number from 0. Received: {epoch}.")
    return epoch
