"""What the database has of an execution: its rows, and the heads of its journals."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..executions.record import ExecutionRecord
from ..executions.summaries import ExecutionSummary
from ..store import Connection
from ..store.erasing.tombstones import load_erasures
from ..store.reading import Catalogue
from ..store.writing.journal_heads import JournalHead, heads_of, journals_of
from ..store.writing.journal_marks import last_mark
from ._rows import DerivedRows, execution_with

__all__ = ["Stored"]


@dataclass(frozen=True)
class Stored:
    """What the database has of an execution, as of one moment.

    Attributes:
        summary: which execution.
        marks: how far its journals are stored, by their ids.
        heads: the heads of these.
        was_erased: whether anything was erased from the database.
        record: the execution.
        derived: its rows of other tables.
    """

    summary: ExecutionSummary
    marks: dict[str, int]
    heads: dict[str, list[JournalHead]]
    was_erased: bool
    record: ExecutionRecord
    derived: DerivedRows

    @classmethod
    def read(
        cls, connection: Connection, summary: ExecutionSummary, naming: Collection[str] = ()
    ) -> Stored:
        """Read it in the connection's transaction; `naming` are journals that may be of it."""
        has_heads = bool(Catalogue(connection).columns("journal_head"))
        sealing = journals_of(connection, summary.id) if has_heads else []
        ids = sorted({*sealing, *naming})
        return cls(
            summary,
            {id_: last_mark(connection, id_) for id_ in ids},
            {id_: heads_of(connection, id_) for id_ in ids if has_heads},
            len(load_erasures(connection)) > 0,
            *execution_with(connection, summary),
        )

    @property
    def name(self) -> tuple[str, str]:
        """The tags of the dataflow, in lower case as messages are compared, and the execution."""
        return self.summary.dataflow.lower(), self.summary.tag
