"""Compare the hash chain of a journal with the heads that the database has of it."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..declarations.messages import is_dataflow, is_task
from ..errors import JournalError
from ..journal import JournalReader, Record, journals, read_header, tags_named
from ..store.writing.journal_heads import JournalHead
from ._findings import Finding, State

__all__ = ["CheckedJournal", "Name", "checked_journal", "found_journals", "naming"]

Name = tuple[str, str]
"""An execution: the tag of its dataflow, in lower case, and its own."""

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
        records: those of each execution, as far as they are stored.
    """

    path: Path
    finding: Finding
    records: dict[Name, list[Record]] = field(default_factory=dict)


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


def naming(path: Path, tags: Collection[str]) -> set[str]:
    """The tags of those executions that a journal names; all of them if it is damaged."""
    try:
        return tags_named(path, tags)
    except (OSError, EOFError, zlib.error):
        return set(tags)  # it is looked into, and the damage is found


def checked_journal(
    path: Path,
    heads: Sequence[JournalHead],
    *,
    was_erased: bool,
    executions: Collection[Name],
    stored_to: int,
) -> CheckedJournal:
    """Check a journal, and take from it what is of some executions.

    Args:
        path: the journal.
        heads: what the database has of it, in order.
        was_erased: whether the database knows of executions that were erased.
        executions: the tags of their dataflows, in lower case, and their own.
        stored_to: the number of the last record that is stored.
    """
    reader, told = JournalReader(path), {head.sequence: head.digest for head in heads}
    kept: dict[Name, list[Record]] = {name: [] for name in executions}
    problem, before = "", 0
    for record in reader:
        if record.sequence <= stored_to:
            for name in _of(record, executions):
                kept[name].append(record._replace(head=b""))
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


def _of(record: Record, executions: Collection[Name]) -> Iterator[Name]:
    """The executions that a record is of: its task's, or all of the dataflow that it declares."""
    message = record.message
    if is_dataflow(message):
        dataflow = str(message.get("tag")).lower()
        yield from (name for name in executions if name[0] == dataflow)
    elif is_task(message):
        name = str(message.get("dataflow")).lower(), str(message.get("exec"))
        if name in executions:
            yield name
