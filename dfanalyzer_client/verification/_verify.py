"""Verify executions, by their names or by a journal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config import settings
from ..delivery.leftovers import drain_leftovers
from ..errors import PrivateServerError, UnknownTagError
from ..executions.record import ExecutionRecord
from ..executions.summaries import ExecutionSummary, find_execution, find_executions
from ..journal import read_header
from ..store import Connection, reader_connection
from ..store.erasing.tombstones import load_erasures
from ..store.reading import Catalogue
from ..store.writing.journal_heads import JournalHead, heads_of, journals_of
from ..store.writing.journal_marks import last_mark
from ._files import checked_files
from ._findings import Finding, State, Verification
from ._journals import CheckedJournal, checked_journal, executions_of, found_journals, names
from ._replay import replayed
from ._rows import DerivedRows, counted, differences, execution_with

__all__ = ["verify", "verify_journal", "verify_with"]

FLUSH_SECONDS = 30.0
"""How long storing what this process has recorded may take."""

NOT_HERE = "it is not on this machine, or is damaged there, so what came from it cannot be compared"


def verify(execution: str | int = "last", *, store: str | None = None) -> Verification:
    """Verify that nothing of an execution was altered since it was captured.

    What this process and ended ones of this machine have recorded is stored first.

    Args:
        execution: its id, its tag, the beginning of its tag, or ``last``.
        store: URL of the store; by default the one of the settings.

    Raises:
        UnknownTagError: no execution matches, or several do.
        StoreError: the store cannot be read.
    """
    from ..delivery.clients import flush  # the command has no messages of its own

    url, home = settings.store_url(store), settings.home()
    flush(FLUSH_SECONDS)
    drain_leftovers(url, home)
    with reader_connection(url, home) as connection:
        return verify_with(connection, find_execution(connection, str(execution)), home)


def verify_journal(connection: Connection, path: Path, home: Path) -> list[Verification]:
    """Verify all executions that a journal has messages of.

    Raises:
        JournalError: the file is not a journal, or is damaged at its beginning.
        UnknownTagError: none of them is stored.
    """
    if read_header(path) is None:
        raise UnknownTagError(f"The journal {path} is empty.")
    found = find_executions(connection, executions_of(path))
    if not found:
        raise UnknownTagError(f"The journal {path} has messages of no execution.")
    return [verify_with(connection, each, home) for each in found]


def verify_with(connection: Connection, summary: ExecutionSummary, home: Path) -> Verification:
    """`verify` over an open connection, with the journals of a data folder."""
    paths = found_journals(home)
    naming = {id_ for id_, path in paths.items() if names(path, summary.tag)}
    with connection.transaction():
        stored = _Stored.read(connection, summary, naming)
    journals = [
        checked_journal(
            paths[id_],
            stored.heads.get(id_, []),
            was_erased=stored.was_erased,
            execution=(summary.dataflow.lower(), summary.tag),
            stored_to=stored.marks[id_],
        )
        for id_ in sorted(stored.marks.keys() & paths.keys(), key=lambda each: paths[each].name)
    ]
    lacking = sorted(stored.marks.keys() - paths.keys())
    findings = [
        *(journal.finding for journal in journals),
        *(Finding("journal", id_, State.UNKNOWN, NOT_HERE) for id_ in lacking),
        _of_rows(summary, stored, journals, lacks_some=bool(lacking)),
        *checked_files(stored.record.files),
    ]
    return Verification(summary.id, summary.tag, summary.dataflow, findings)


@dataclass(frozen=True)
class _Stored:
    """What the database has of an execution, as of one moment.

    Attributes:
        marks: how far its journals are stored, by their ids.
        heads: the heads of these.
        was_erased: whether anything was erased from the database.
        record: the execution.
        derived: its rows of other tables.
    """

    marks: dict[str, int]
    heads: dict[str, list[JournalHead]]
    was_erased: bool
    record: ExecutionRecord
    derived: DerivedRows

    @classmethod
    def read(
        cls, connection: Connection, summary: ExecutionSummary, naming: Collection[str]
    ) -> _Stored:
        """Read it in the connection's transaction; `naming` are journals that may be of it."""
        has_heads = bool(Catalogue(connection).columns("journal_head"))
        sealing = journals_of(connection, summary.id) if has_heads else []
        ids = sorted({*sealing, *naming})
        return cls(
            {id_: last_mark(connection, id_) for id_ in ids},
            {id_: heads_of(connection, id_) for id_ in ids if has_heads},
            len(load_erasures(connection)) > 0,
            *execution_with(connection, summary),
        )


def _of_rows(
    summary: ExecutionSummary,
    stored: _Stored,
    journals: Sequence[CheckedJournal],
    *,
    lacks_some: bool,
) -> Finding:
    """What is found of the rows of an execution."""
    name = f"execution {summary.id}"
    records = [record for journal in journals for record in journal.records]
    if lacks_some or not records:
        detail = "the journals that they were stored from are not all on this machine"
        return Finding("rows", name, State.UNKNOWN, detail)
    try:
        with replayed(records, summary.tag) as (connection, same), connection.transaction():
            expected = execution_with(connection, same)
        found = list(differences((stored.record, stored.derived), expected))
    except UnknownTagError:
        found = ["its journals have nothing of it"]
    except PrivateServerError as error:
        detail = f"they cannot be stored anew here: {error}"
        return Finding("rows", name, State.UNKNOWN, detail)
    if not found:
        return Finding("rows", name, State.UNCHANGED, counted(stored.record))
    more = f" (and {len(found) - 1} more differences)" if found[1:] else ""
    return Finding("rows", name, State.ALTERED, found[0] + more)
