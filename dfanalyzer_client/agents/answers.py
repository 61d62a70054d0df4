"""Answers as JSON texts of limited length."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from ..errors import RefusedError

__all__ = ["answer_text"]

LISTS = ("rows", "runs")
"""The parts of answers that may be cut."""


def answer_text(answer: dict[str, Any], characters: int) -> str:
    """An answer as JSON. One that is too long has fewer rows, and says so.

    Raises:
        RefusedError: it is too long, and not because of its rows.
    """
    shown = _plain(answer)
    text = json.dumps(shown, ensure_ascii=False)
    name = next((each for each in LISTS if shown.get(each)), None)
    while len(text) > characters and name is not None and shown[name]:
        shown[name] = shown[name][: len(shown[name]) // 2]
        shown["cut"] = (
            f"There are more than these {len(shown[name])} {name}, and the answer would be longer "
            f"than {characters} characters: ask for fewer columns or {name}, or aggregate."
        )
        text = json.dumps(shown, ensure_ascii=False)
    if len(text) > characters:
        raise RefusedError(
            f"The answer has {len(text)} characters, more than {characters}. Ask for less."
        )
    return text


def _plain(value: Any) -> Any:
    """A value as JSON has it: times as texts, and numbers that it lacks."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return str(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return value.isoformat(" ") if isinstance(value, datetime) else str(value)
