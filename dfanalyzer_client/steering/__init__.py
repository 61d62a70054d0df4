"""Steering: ask something of a training while it runs.

A request is a row that goes through the journal; the training's process looks for it, applies or
refuses it, and writes what came of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._asking import Sent, answers, send, steer, steer_with
from ._requests import Asked, asked_for
from ._training import ALIVE, HOW

if TYPE_CHECKING:
    from ._words import change_in_words, in_words, outcome_in_words, value_of_text

__all__ = [
    "ALIVE",
    "HOW",
    "Asked",
    "Sent",
    "answers",
    "asked_for",
    "change_in_words",
    "in_words",
    "outcome_in_words",
    "send",
    "steer",
    "steer_with",
    "value_of_text",
]


def __getattr__(name: str) -> Any:  # importing Keras-Prov does not wait for the driver
    if name not in ("change_in_words", "in_words", "outcome_in_words", "value_of_text"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("._words", __name__), name)
