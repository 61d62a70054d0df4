"""What was erased, known by digests only: a tombstone says that, not what.

The digests are not salted. So every journal, database and machine has the same digest for the same
execution, and one look into a set recognizes a message. A tag that a dataflow gives itself ends in
random digits, so nobody finds it by trying; one that somebody has chosen can be guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .messages import UncheckedMessage, is_dataflow
from .names import is_storable, storable_text

__all__ = [
    "ERASED",
    "ERASURE",
    "Erasures",
    "Tombstone",
    "erasure_message",
    "erasure_parts",
    "execution_named",
    "tombstone_of_dataflow",
    "tombstones_of",
]

ERASURE = "erasure"
"""The kind of a message that says what was erased."""

ERASED = "(erased)"
"""Stands in the links of other executions, in place of the tag of an erased one."""

EXECUTION, TAG, DATAFLOW = "execution", "tag", "dataflow"
"""What a tombstone is of: an execution of a dataflow, its tag in links of others, a dataflow."""

MAX_REMEMBERED = 10_000


class Tombstone(NamedTuple):
    """One thing that was erased: its kind and its digest."""

    kind: str
    digest: str


class Erasures:
    """Recognizes what was erased.

    Args:
        tombstones: of all that was erased.
    """

    def __init__(self, tombstones: Iterable[Tombstone] = ()) -> None:
        self._digests = frozenset(tombstone.digest for tombstone in tombstones)
        self._known: dict[tuple[str, ...], bool] = {}

    def __len__(self) -> int:
        return len(self._digests)

    @property
    def digests(self) -> frozenset[str]:
        """The digests of all that was erased."""
        return self._digests

    def has_execution(self, dataflow: str, execution: str) -> bool:
        """Whether an execution of a dataflow was erased."""
        return self._has(EXECUTION, dataflow, execution)

    def has_tag(self, execution: str) -> bool:
        """Whether an execution with this tag was erased, of whatever dataflow."""
        return self._has(TAG, execution)

    def has_dataflow(self, tag: str) -> bool:
        """Whether a dataflow was erased with all its executions."""
        return self._has(DATAFLOW, tag)

    def names(self, message: UncheckedMessage) -> bool:
        """Whether a message is of an erased execution."""
        named = execution_named(message)
        return named is not None and self.has_execution(*named)

    def living_part(self, message: UncheckedMessage) -> UncheckedMessage | None:
        """What is left of a message: all, without the names of erased executions, or nothing."""
        if self.names(message):
            if not is_dataflow(message):
                return None
            return {name: part for name, part in message.items() if name not in ("exec", "opens")}
        links = message.get("derivedFrom")
        if not isinstance(links, list) or not any(map(self._is_erased, links)):
            return message
        kept = [ERASED if self._is_erased(link) else link for link in links]
        return {**message, "derivedFrom": kept}

    def _is_erased(self, link: object) -> bool:
        return isinstance(link, str) and self.has_tag(link)

    def _has(self, *parts: str) -> bool:
        if not self._digests:
            return False
        known = self._known.get(parts)
        if known is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            known = self._known[parts] = _digest(*parts) in self._digests
        return known


def tombstones_of(dataflow: str, execution: str) -> Iterator[Tombstone]:
    """The tombstones of an execution."""
    yield Tombstone(EXECUTION, _digest(EXECUTION, dataflow, execution))
    yield Tombstone(TAG, _digest(TAG, execution))


def tombstone_of_dataflow(tag: str) -> Tombstone:
    """The tombstone of a dataflow all of whose executions are erased."""
    return Tombstone(DATAFLOW, _digest(DATAFLOW, tag))


def erasure_message(tombstones: Iterable[Tombstone], when: str, by: str) -> dict[str, Any]:
    """The message that says what was erased, when (a TIMESTAMP of SQL) and by whom."""
    return {
        "kind": ERASURE,
        "tombstones": [list(each) for each in tombstones],
        "erased": when,
        "by": by,
    }


def erasure_parts(message: UncheckedMessage) -> tuple[list[Tombstone], str, str]:
    """The tombstones of such a message, when, and by whom; malformed tombstones are left out."""
    found = message.get("tombstones")
    tombstones = [
        Tombstone(*each)
        for each in (found if isinstance(found, list) else ())
        if isinstance(each, list) and len(each) == 2 and all(isinstance(part, str) for part in each)
    ]
    return tombstones, str(message.get("erased")), str(message.get("by"))


def execution_named(message: UncheckedMessage) -> tuple[str, str] | None:
    """The dataflow and the execution that a task's or a dataflow's message is of."""
    dataflow = message.get("dataflow") or message.get("tag")
    execution = message.get("exec") or message.get("opens")
    if isinstance(dataflow, str) and isinstance(execution, str):
        return dataflow, execution
    return None


def _digest(*parts: str) -> str:
    """SHA-256 of texts, each with its length before it, as the database has them."""
    digest = hashlib.sha256()
    for part in parts:
        text = (part if is_storable(part) else storable_text(part)).encode()
        digest.update(b"%d:%b" % (len(text), text))
    return digest.hexdigest()
