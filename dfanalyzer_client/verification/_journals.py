"""Compare the hash chain of a journal with the heads that the database has of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..declarations.encoding import encode
from ..declarations.erasures import execution_named
from ..declarations.messages import is_dataflow, is_task
from ..errors import JournalError
from ..journal import JournalReader, Record, journals, opened, read_header
from ..store.writing.journal_heads import JournalHead
from ._findings import Finding, State

__all__ = ["CheckedJournal", "checked_journal", "executions_of", "found_journals", "names"]

NO_HEADS = (
    "the database has no head of its hash chain: it was stored before heads were kept, or "
    "these were removed"
)


@dataclass
class CheckedJournal:
    """A journal and what was found of it.

    Attributes:
        path: its file.
        finding: what was found.
        records: those of the execution, as far as they are stored.
    """

    path: Path
    finding: Finding
    records: list[Record] = field(default_factory=list)


def found_journals(home: Path) -> dict[str, Path]:
    """The journals of this machine, by their ids; those without a readable header are left out."""
    found = {}
    for path in journals(home / "journals", done=True):
        try:
            header = read_header(path)
        except (JournalError, OSError):
            continue
        if header is not None:
            found[header.journal] = path
    return found


def executions_of(path: Path) -> list[str]:
    """The tags of the executions that a journal has messages of, in order."""
    named = (execution_named(record.message) for record in JournalReader(path))
    return list(dict.fromkeys(each[1] for each in named if each is not None))


def names(path: Path, execution: str) -> bool:
    """Whether a journal has the tag of an execution, in whatever message."""
    tag = encode(execution).encode("ascii")
    try:
        with opened(path) as file:
            return any(tag in line for line in file)
    except (OSError, EOFError, zlib.error):
        return True  # damaged: it is looked into, and that is found


def checked_journal(
    path: Path,
    heads: Sequence[JournalHead],
    *,
    was_erased: bool,
    execution: tuple[str, str],
    stored_to: int,
) -> CheckedJournal:
    """Check a journal, and take from it what is of an execution.

    Args:
        path: the journal.
        heads: what the database has of it, in order.
        was_erased: whether the database knows of executions that were erased.
        execution: the tags of a dataflow and of one of its executions.
        stored_to: the number of the last record that is stored.
    """
    reader, told = JournalReader(path), {head.sequence: head.digest for head in heads}
    kept: list[Record] = []
    problem, before = "", 0
    for record in reader:
        if record.sequence <= stored_to and _is_of(record, *execution):
            kept.append(record._replace(head=b""))
        wanted = told.get(record.sequence)
        if wanted is None:
            continue
        if wanted != record.head.hex() and not problem:
            problem = f"what it says is not what was stored, from record {before + 1} on"
            problem += f" to record {record.sequence}"
        before = record.sequence
    problem = problem or _of_end(reader, told, was_erased=was_erased)
    return CheckedJournal(path, _finding(path, reader, problem, told), kept)


def _of_end(reader: JournalReader, told: Mapping[int, str], *, was_erased: bool) -> str:
    """What is wrong with a journal whose heads agree, as far as it has their records."""
    last = reader.last
    if told and last < max(told):
        return f"it ends after record {last}, and {max(told)} were stored"
    if reader.repeated:
        return f"{reader.repeated} records have been added, with numbers that others have"
    if reader.chain.resumed and not was_erased:
        return "records are left out, as if executions had been erased, and none was"
    return ""


def _finding(path: Path, reader: JournalReader, problem: str, told: Mapping[int, str]) -> Finding:
    if problem:
        return Finding("journal", str(path), State.ALTERED, problem)
    if not told:
        return Finding("journal", str(path), State.UNKNOWN, NO_HEADS)
    return Finding("journal", str(path), State.UNCHANGED, ", ".join(_details(reader, max(told))))


def _details(reader: JournalReader, sealed: int) -> Iterator[str]:
    yield f"records 1 to {sealed} are those that were stored"
    if reader.last > sealed:
        yield f"{reader.last - sealed} later ones are not stored yet, or are of no task"
    if reader.chain.resumed:
        yield "some are left out, because executions were erased"
    if reader.damaged:
        yield f"{reader.damaged} damaged lines were skipped"


def _is_of(record: Record, dataflow: str, execution: str) -> bool:
    """Whether a record declares a dataflow, or is of a task of an execution."""
    message = record.message
    if is_dataflow(message):
        return str(message.get("tag")).lower() == dataflow
    return (
        is_task(message)
        and message.get("exec") == execution
        and str(message.get("dataflow")).lower() == dataflow
    )
