"""Verify executions, by their names or by a journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from ..config import settings
from ..delivery.leftovers import drain_leftovers
from ..errors import PrivateServerError, UnknownTagError
from ..executions.summaries import ExecutionSummary, executions, find_execution, find_executions
from ..journal import Record, executions_named, read_header
from ..store import Connection, reader_connection
from ._files import checked_files
from ._findings import Finding, State, Verification
from ._journals import CheckedJournal, Name, checked_journal, found_journals, naming
from ._replay import replayed
from ._rows import counted, differences, execution_with
from ._stored import Stored

__all__ = ["Check", "verify", "verify_all", "verify_journal", "verify_with"]

FLUSH_SECONDS = 30.0
"""How long storing what this process has recorded may take."""

NOT_HERE = "it is not on this machine, or is damaged there, so what came from it cannot be compared"
NOT_ALL_HERE = "the journals that they were stored from are not all on this machine"


class Check(Protocol):
    """Something else that is checked of an execution, such as a signature."""

    def __call__(
        self, connection: Connection, stored: Stored, journals: dict[str, Path]
    ) -> Iterator[Finding]:
        """What is found.

        Args:
            connection: to the database.
            stored: what it has of the execution.
            journals: those of this machine, by their ids.
        """


def verify(
    execution: str | int = "last", *, store: str | None = None, check: Check | None = None
) -> Verification:
    """Verify that nothing of an execution was altered since it was captured.

    What this process and ended ones of this machine have recorded is stored first.

    Args:
        execution: its id, its tag, the beginning of its tag, or ``last``.
        store: URL of the store; by default the one of the settings.
        check: what else to check, as `dfanalyzer_client.signing.Signed`.

    Raises:
        UnknownTagError: no execution matches, or several do.
        StoreError: the store cannot be read.
    """
    from ..delivery.clients import flush  # the command has no messages of its own

    url, home = settings.store_url(store), settings.home()
    flush(FLUSH_SECONDS)
    drain_leftovers(url, home)
    with reader_connection(url, home) as connection:
        summary = find_execution(connection, str(execution))
        return verify_with(connection, summary, home, check=check)


def verify_journal(
    connection: Connection, path: Path, home: Path, *, check: Check | None = None
) -> list[Verification]:
    """Verify all executions that a journal has messages of.

    Raises:
        JournalError: the file is not a journal, or is damaged at its beginning.
        UnknownTagError: none of them is stored.
    """
    if read_header(path) is None:
        raise UnknownTagError(f"The journal {path} is empty.")
    tags = dict.fromkeys(tag for _, tag in executions_named(path))
    found = find_executions(connection, list(tags))
    if not found:
        raise UnknownTagError(f"The journal {path} has messages of no execution.")
    return verify_all(connection, found, home, check=check)


def verify_with(
    connection: Connection, summary: ExecutionSummary, home: Path, *, check: Check | None = None
) -> Verification:
    """`verify` over an open connection, with the journals of a data folder."""
    (found,) = verify_all(connection, [summary], home, check=check)
    return found


def verify_all(
    connection: Connection,
    summaries: Sequence[ExecutionSummary],
    home: Path,
    *,
    check: Check | None = None,
) -> list[Verification]:
    """`verify_with` for several executions: each journal is read once, for all of them."""
    paths, tags = found_journals(home), {each.tag for each in summaries}
    named = {id_: naming(path, tags) for id_, path in paths.items()}
    stored = []
    for summary in summaries:
        with connection.transaction():
            ids = {id_ for id_, found in named.items() if summary.tag in found}
            stored.append(Stored.read(connection, summary, ids))
    journals = dict(_checked(stored, paths))
    rows = _of_rows(stored, journals)
    return [
        Verification(
            each.summary.id,
            each.summary.tag,
            each.summary.dataflow,
            [
                *(check(connection, each, paths) if check else ()),
                *(journals[id_].finding for id_ in _in_order(each, journals)),
                *(
                    Finding("journal", id_, State.UNKNOWN, NOT_HERE)
                    for id_ in sorted(each.marks.keys() - paths.keys())
                ),
                rows[each.name],
                *checked_files(each.record.files),
            ],
        )
        for each in stored
    ]


def _checked(
    stored: Sequence[Stored], paths: dict[str, Path]
) -> Iterator[tuple[str, CheckedJournal]]:
    """The journals of executions that are on this machine, checked."""
    for id_ in sorted({id_ for each in stored for id_ in each.marks} & paths.keys()):
        of = [each for each in stored if id_ in each.marks]
        yield (
            id_,
            checked_journal(
                paths[id_],
                of[0].heads.get(id_, []),
                was_erased=of[0].was_erased,
                executions={each.name for each in of},
                stored_to=of[0].marks[id_],
            ),
        )


def _in_order(stored: Stored, journals: dict[str, CheckedJournal]) -> list[str]:
    """The ids of an execution's journals that are on this machine, by the names of their files."""
    return sorted(stored.marks.keys() & journals.keys(), key=lambda id_: journals[id_].path.name)


def _of_rows(stored: Sequence[Stored], journals: dict[str, CheckedJournal]) -> dict[Name, Finding]:
    """What is found of the rows of executions."""
    compared = [each for each in stored if _is_whole(each, journals)]
    found = _replayed_rows(compared, list(_messages(compared, journals))) if compared else {}
    for each in stored:
        found.setdefault(each.name, _finding(each, State.UNKNOWN, NOT_ALL_HERE))
    return found


def _is_whole(stored: Stored, journals: dict[str, CheckedJournal]) -> bool:
    """Whether all journals of an execution are on this machine, and have something of it."""
    return stored.marks.keys() <= journals.keys() and any(
        journals[id_].records[stored.name] for id_ in stored.marks
    )


def _messages(stored: Sequence[Stored], journals: dict[str, CheckedJournal]) -> Iterator[Record]:
    """The messages of executions, journal by journal, each of them once."""
    names = {id_: [each.name for each in stored if id_ in each.marks] for id_ in journals}
    for id_, journal in sorted(journals.items(), key=lambda each: each[1].path.name):
        of = {record.sequence: record for name in names[id_] for record in journal.records[name]}
        yield from (record for _, record in sorted(of.items()))


def _replayed_rows(stored: Sequence[Stored], records: Sequence[Record]) -> dict[Name, Finding]:
    """What is found of rows by storing the messages of all their executions anew."""
    try:
        with replayed(records) as connection:
            known = {(each.dataflow.lower(), each.tag): each for each in executions(connection)}
            return {each.name: _compared(connection, each, known.get(each.name)) for each in stored}
    except PrivateServerError as error:
        detail = f"they cannot be stored anew here: {error}"
        return {each.name: _finding(each, State.UNKNOWN, detail) for each in stored}


def _compared(connection: Connection, stored: Stored, same: ExecutionSummary | None) -> Finding:
    """What is found of an execution's rows by comparing them with those that were stored anew."""
    if same is None:
        return _finding(stored, State.ALTERED, "its journals have nothing of it")
    with connection.transaction():
        expected = execution_with(connection, same)
    found = list(differences((stored.record, stored.derived), expected))
    if not found:
        return _finding(stored, State.UNCHANGED, counted(stored.record))
    more = f" (and {len(found) - 1} more differences)" if found[1:] else ""
    return _finding(stored, State.ALTERED, found[0] + more)


def _finding(stored: Stored, state: State, detail: str) -> Finding:
    return Finding("rows", f"execution {stored.summary.id}", state, detail)
