"""Keeps what was erased from being stored again, whoever erased it and wherever it comes from.

Before and after each batch, the tombstones are counted; they are read only when there are more. So
a message costs one look into a set. The look afterwards finds what another process has erased while
the batch was on its way, and erases it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...declarations.erasures import Erasures, erasure_parts
from ...declarations.messages import DataflowMessage, UncheckedMessage
from ...journal import Record
from ..connection import Connection
from .erase import bury, erase_rows
from .tombstones import count_tombstones, load_erasures

__all__ = ["ErasureGuard"]


class ErasureGuard:
    """What one writer knows of erasures.

    Attributes:
        erasures: what was erased, as of the last batch.
        left_out: how many messages were not stored, because their executions were erased.
    """

    def __init__(self) -> None:
        self.erasures, self.left_out = Erasures(), 0
        self._tombstones = 0
        self._postponed: dict[str, list[DataflowMessage]] = {}

    def refresh(self, connection: Connection) -> bool:
        """Read what was erased, if there is more than before; returns whether there is."""
        with connection.transaction():
            count = count_tombstones(connection)
            if count == self._tombstones:
                return False
            self.erasures = load_erasures(connection)
        self._tombstones = count
        return True

    def erase(self, connection: Connection, message: UncheckedMessage) -> None:
        """Erase what a message says, here or in a database that this one replaces."""
        tombstones, when, by = erasure_parts(message)
        bury(connection, tombstones, when, by)
        erase_rows(connection, Erasures(tombstones))

    def living(self, records: Sequence[Record]) -> Sequence[Record]:
        """The records that are to be stored, without what names erased executions.

        What such an execution declared stays, because others may use the same dataflow.
        """
        if not len(self.erasures):
            return records
        kept = ((record, self.erasures.living_part(record.message)) for record in records)
        return [record._replace(message=part) for record, part in kept if part is not None]

    def erase_again(self, connection: Connection, stored: Iterable[Record]) -> None:
        """Erase the rows of a batch that was stored while its executions were erased."""
        if any(self.erasures.names(record.message) for record in stored):
            erase_rows(connection, self.erasures)

    def postpone(self, message: DataflowMessage) -> None:
        """Keep the definition of an erased dataflow until a task needs it, if one ever does."""
        self._postponed.setdefault(message["tag"], []).append(message)

    def postponed(self, dataflow: str) -> Sequence[DataflowMessage]:
        """The definitions of a dataflow that were kept, once."""
        return self._postponed.pop(dataflow, ()) if self._postponed else ()
