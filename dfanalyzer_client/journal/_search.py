"""Looking a declaration up in journals, whoever wrote them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..declarations.encoding import may_declare, may_name
from ._files import journals
from ._reader import opened
from ._record import parsed

__all__ = ["SEARCHED_BYTES", "declarations", "declares"]

SEARCHED_BYTES = 1 << 30
"""So much is read at most, the newest journals first."""

TRIES = 5
LONGEST_LINE = 16 << 20
"""No declaration is longer."""

SHORTEST_LINE, HOPELESS = len("0 00000000 {}"), 10_000
"""No record is shorter, and where so many lines are the file is no journal."""


def declarations(folder: Path, tag: str, exec_tag: str | None) -> list[dict[str, Any]]:
    """The messages that declared a dataflow for one execution (None: for any), in order.

    They are those of the newest journal that has any.
    """
    for _ in range(TRIES):
        try:
            return _searched(folder, tag, exec_tag)
        except FileNotFoundError:  # compressed meanwhile: it has another name now
            continue
    return []


def _searched(folder: Path, tag: str, exec_tag: str | None) -> list[dict[str, Any]]:
    searched = 0
    for path in reversed(journals(folder, done=True)):
        found: list[dict[str, Any]] = []
        for line in _lines(path):
            searched += len(line)
            if may_declare(line) and (exec_tag is None or may_name(line, exec_tag)):
                record = parsed(line)
                if record is not None and _is_of(record.message, tag, exec_tag):
                    found.append(record.message)
        if found or searched > SEARCHED_BYTES:
            return found
    return []


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with opened(path) as file:
            odd = 0
            while odd < HOPELESS and (line := file.readline(LONGEST_LINE)):
                odd += len(line) < SHORTEST_LINE
                yield line
    except FileNotFoundError:
        raise
    except (OSError, EOFError, zlib.error):
        return  # damaged: what comes after cannot be read


def declares(message: dict[str, Any]) -> bool:
    """Whether a dataflow message begins an execution; who recalls one does not begin it."""
    return ("exec" in message or "opens" in message) and "recalled" not in message


def _is_of(message: dict[str, Any], tag: str, exec_tag: str | None) -> bool:
    if message.get("tag") != tag:
        return False
    if exec_tag is None:
        return declares(message)
    return exec_tag in (message.get("exec"), message.get("opens"))
