"""Which executions belong to a graph of lineage: step by step from where it begins."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ..errors import DefinitionError
from ..store.connection import Connection
from .content import Fingerprint
from .graph_rows import data_of, dataflows_of
from .relatives import children, parents
from .uses import data_uses

__all__ = ["AFTER", "ALL", "BEFORE", "BOTH", "DIRECTIONS", "MAX_DEPTH", "MOST", "Reached", "walk"]

BOTH, BEFORE, AFTER, ALL = DIRECTIONS = ("both", "before", "after", "all")
"""``both`` is what came before and what came after; ``all`` also has what used the same data."""

MAX_DEPTH = 20

MOST = 100
"""So many executions are in a graph; more can be neither drawn nor read."""


@dataclass
class Reached:
    """The executions that were reached.

    Attributes:
        ids: their ids, in the order in which they were reached.
        more: how many were left out because there are too many.
    """

    ids: list[int] = field(default_factory=list)
    more: int = 0

    def add(self, ids: Iterable[int | None]) -> list[int]:
        """Add those that are not there, as long as there is room; the newest come first."""
        new = sorted({id_ for id_ in ids if id_ is not None} - set(self.ids), reverse=True)
        kept = new[: max(0, MOST - len(self.ids))]
        self.ids += kept
        self.more += len(new) - len(kept)
        return kept


def walk(connection: Connection, starts: Iterable[int], depth: int, direction: str) -> Reached:
    """The executions that are at most `depth` steps of derivation from where a graph begins.

    Raises:
        DefinitionError: the depth or the direction is none.
    """
    if not 0 <= depth <= MAX_DEPTH:
        raise DefinitionError(f"A depth must be from 0 to {MAX_DEPTH}. Received: {depth}.")
    if direction not in DIRECTIONS:
        raise DefinitionError(
            f"A direction must be one of {', '.join(DIRECTIONS)}. Received: {direction!r}."
        )
    reached = Reached()
    above = below = reached.add(starts)
    for _ in range(depth):
        before = _ids(parents(connection, above)) if above and direction != AFTER else []
        after = _ids(children(connection, below)) if below and direction != BEFORE else []
        if direction == ALL:
            beside = _with_the_same_data(connection, above)
            above = below = reached.add([*before, *after, *beside])
        else:
            above, below = reached.add(before), reached.add(after)
    return reached


def _ids(rows: Iterable[Sequence[object]]) -> list[int]:
    return [row[1] for row in rows if isinstance(row[1], int)]


def _with_the_same_data(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Other executions that trained on the same data as these, or tested with them."""
    if not ids:
        return []
    rows = data_of(connection, dataflows_of(connection, ids))
    hashes = {row.data.hash for row in rows if row.data.hash is not None}
    fingerprints = [Fingerprint("", each, "") for each in sorted(hashes)]
    return [use.df_exec for use in data_uses(connection, fingerprints)]
