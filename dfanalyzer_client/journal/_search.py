"""Look up a declaration in the journals of all processes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from ..declarations.encoding import may_declare, may_name
from ..declarations.messages import JournalDataflow, is_dataflow
from ._files import journals
from ._reader import opened
from ._record import parsed

__all__ = ["SEARCHED_BYTES", "declaration", "declarations", "declares", "executions_in"]

SEARCHED_BYTES = 1 << 30
"""How much is read at most, the newest journals first."""

MAX_ATTEMPTS = 5
MAX_LINE_BYTES = 16 << 20
"""No declaration is longer."""

MIN_LINE_BYTES, MAX_SHORT_LINES = len("0 00000000 {}"), 10_000
"""No record is shorter. A file with more lines that are is not a journal."""


def declarations(folder: Path, tag: str, exec_tag: str | None) -> list[JournalDataflow]:
    """The messages that declared a dataflow for an execution (None: for any), in order.

    Only those of the newest journal that has any are returned.
    """
    for _ in range(MAX_ATTEMPTS):
        try:
            return _search(folder, tag, exec_tag)
        except FileNotFoundError:  # compressed meanwhile, so it has another name
            continue
    return []


def _search(folder: Path, tag: str, exec_tag: str | None) -> list[JournalDataflow]:
    searched = 0
    for path in reversed(journals(folder, done=True)):
        found: list[JournalDataflow] = []
        for line in _lines(path):
            searched += len(line)
            if may_declare(line) and (exec_tag is None or may_name(line, exec_tag)):
                message = declaration(line)
                if message is not None and _declares(message, tag, exec_tag):
                    found.append(message)
        if found or searched > SEARCHED_BYTES:
            return found
    return []


def executions_in(folder: Path) -> list[tuple[str, str]]:
    """Dataflow and tag of the executions that journals began, oldest first."""
    for _ in range(MAX_ATTEMPTS):
        try:
            return list(dict.fromkeys(_executions(folder)))
        except FileNotFoundError:  # compressed meanwhile, so it has another name
            continue
    return []


def _executions(folder: Path) -> Iterator[tuple[str, str]]:
    for path in journals(folder, done=True):
        for line in _lines(path):
            message = declaration(line) if may_declare(line) else None
            if message is not None and declares(message):
                yield str(message.get("tag")), str(message.get("exec") or message.get("opens"))


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


def declaration(line: bytes) -> JournalDataflow | None:
    """The dataflow's message in a journal's line; None if it is of another kind, or damaged."""
    record = parsed(line)
    if record is None or not is_dataflow(record.message):
        return None
    return record.message


def declares(message: JournalDataflow) -> bool:
    """Whether a dataflow message begins an execution; one that was looked up does not."""
    return ("exec" in message or "opens" in message) and "recalled" not in message


def _declares(message: JournalDataflow, tag: str, exec_tag: str | None) -> bool:
    if message.get("tag") != tag:
        return False
    if exec_tag is None:
        return declares(message)
    return exec_tag in (message.get("exec"), message.get("opens"))
