"""Look up a declaration in the journals of all processes."""

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
"""How much is read at most, the newest journals first."""

MAX_ATTEMPTS = 5
MAX_LINE_BYTES = 16 << 20
"""No declaration is longer."""

MIN_LINE_BYTES, MAX_SHORT_LINES = len("0 00000000 {}"), 10_000
"""No record is shorter. A file with more lines that are is not a journal."""


def declarations(folder: Path, tag: str, exec_tag: str | None) -> list[dict[str, Any]]:
    """The messages that declared a dataflow for an execution (None: for any), in order.

    Only those of the newest journal that has any are returned.
    """
    for _ in range(MAX_ATTEMPTS):
        try:
            return _search(folder, tag, exec_tag)
        except FileNotFoundError:  # compressed meanwhile, so it has another name
            continue
    return []


def _search(folder: Path, tag: str, exec_tag: str | None) -> list[dict[str, Any]]:
    searched = 0
    for path in reversed(journals(folder, done=True)):
        found: list[dict[str, Any]] = []
        for line in _lines(path):
            searched += len(line)
            if may_declare(line) and (exec_tag is None or may_name(line, exec_tag)):
                record = parsed(line)
                if record is not None and _declares(record.message, tag, exec_tag):
                    found.append(record.message)
        if found or searched > SEARCHED_BYTES:
            return found
    return []


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with opened(path) as file:
            short = 0
            while short < MAX_SHORT_LINES and (line := file.readline(MAX_LINE_BYTES)):
                short += len(line) < MIN_LINE_BYTES
                yield line
    except FileNotFoundError:
        raise
    except (OSError, EOFError, zlib.error):
        return  # damaged: what comes after cannot be read


def declares(message: dict[str, Any]) -> bool:
    """Whether a dataflow message begins an execution; one that was looked up does not."""
    return ("exec" in message or "opens" in message) and "recalled" not in message


def _declares(message: dict[str, Any], tag: str, exec_tag: str | None) -> bool:
    if message.get("tag") != tag:
        return False
    if exec_tag is None:
        return declares(message)
    return exec_tag in (message.get("exec"), message.get("opens"))
