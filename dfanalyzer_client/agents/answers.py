"""Answers as JSON texts of limited length."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..errors import RefusedError

__all__ = ["Answer", "add_list", "answer_text"]

Answer = dict[str, Any]

CUT = "cut"
"""The part of an answer that says which of its lists were cut: a sentence for each."""

FEWER = "ask for fewer, or aggregate"


def add_list(answer: Answer, name: str, listed: Sequence[Any], limit: int) -> None:
    """Add a list to an answer, with as much as may be shown, and a sentence if there is more."""
    answer[name] = list(listed[:limit])
    if len(listed) > limit:
        answer.setdefault(CUT, {})[name] = f"{_more_than(limit, name)}: {FEWER}."


def answer_text(answer: Answer, characters: int) -> str:
    """An answer as JSON. One that is too long has shorter lists, and says so.

    Raises:
        RefusedError: it is too long, and not because of its lists.
    """
    shown = {name: _plain(part) for name, part in answer.items() if name != CUT}
    cut = dict(answer.get(CUT, {}))
    while len(text := _json(shown, cut)) > characters:
        name = max(shown, key=lambda name: _length(shown[name]))
        if not _length(shown[name]):
            raise RefusedError(
                f"The answer has {len(text)} characters, more than {characters}. Ask for less."
            )
        shown[name] = shown[name][: len(shown[name]) // 2]
        cut[name] = (
            f"{_more_than(len(shown[name]), name)}, and the answer would be longer than "
            f"{characters} characters: {FEWER}."
        )
    return text


def _more_than(count: int, name: str) -> str:
    if count == 0:
        return f"There are {name} that are not shown"
    these = f"this one {name.removesuffix('s')}" if count == 1 else f"these {count} {name}"
    return f"There are more than {these}"


def _json(shown: Answer, cut: dict[str, str]) -> str:
    whole = {**shown, CUT: " ".join(cut.values())} if cut else shown
    return json.dumps(whole, ensure_ascii=False)


def _length(part: Any) -> int:
    """How long a list is as JSON; 0 for what cannot be cut."""
    return len(json.dumps(part, ensure_ascii=False)) if part and isinstance(part, list) else 0


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
