"""Import what is new in the records of another tool, through the journal."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from ..delivery.client import Client
from ..errors import DfAnalyzerError, ForeignDataError, StoreUnavailableError
from ..journal import DeadLetters
from ..store import Connection
from .attributes import Attributes
from .foreign_run import ForeignRun
from .run_messages import RunMessages
from .sources.source import Source
from .spool import Spool
from .stored import STATE, StoredExecution, StoredRuns

__all__ = ["Outcome", "import_runs"]

CHECKED_EVERY = 500
"""After so many runs, the import waits until they are stored."""

PATIENT_SECONDS = 30.0
"""How long nothing may be stored before the import ends with a word to the user."""


@dataclass
class Outcome:
    """What an import did with the runs that it found.

    Attributes:
        imported: those that were new.
        continued: those that have got more.
        unchanged: those that were there already.
        failed: those that could not be read.
        erased: those that were left out, because they were erased from this database.
        refused: those that the database refused, whole or in part.
        damaged: those that were imported without values that could not be read.
    """

    imported: int = 0
    continued: int = 0
    unchanged: int = 0
    failed: int = 0
    erased: int = 0
    refused: int = 0
    damaged: int = 0

    def __str__(self) -> str:
        runs = f"{self.imported} run{'s' * (self.imported != 1)}"
        return f"{runs} imported, {self.continued} continued, {self.unchanged} there already"


class _Sent(NamedTuple):
    """A run, the state that was sent last of it, and whether it is new."""

    tag: str
    title: str
    state: str
    is_new: bool


def import_runs(
    source: Source,
    connection: Connection,
    client: Client,
    report: Callable[[DfAnalyzerError], None],
    *,
    dataflow: str | None = None,
) -> Outcome:
    """Import what is new in a source.

    Args:
        source: where the runs are.
        connection: reads the database.
        client: sends messages to the same database, and relays: runs may go on elsewhere.
        report: called with the reason why a run, or a part of it, was not imported.
        dataflow: the dataflow that all of them are to be in; None: those that the source names.

    Raises:
        ForeignDataError: some of them are in another dataflow already; nothing was imported.
        StoreUnavailableError: not all could be stored; it is safe in the journal.
    """
    outcome = Outcome()
    stored = StoredRuns(connection)
    if dataflow is not None:
        _check_dataflow(source, stored, dataflow.lower())
    known = _attributes_of(source, stored)
    seen: set[str] = set()
    sent: list[_Sent] = []
    for run in source.runs():
        if isinstance(run, ForeignDataError):
            outcome.failed += 1
            report(run)
            continue
        if run.tag in seen:  # a copy
            outcome.unchanged += 1
            continue
        seen.add(run.tag)
        try:
            sent += _import_run(run, stored, known, client, outcome)
        except ForeignDataError as error:
            outcome.failed += 1
            report(error)
        outcome.damaged += bool(run.left_out)
        for reason in run.left_out:
            report(ForeignDataError(reason))
        if (outcome.imported + outcome.continued) % CHECKED_EVERY == CHECKED_EVERY - 1:
            _store_all(client)
    _store_all(client)
    reasons = _refusals(client)
    for each in _not_stored(sent, StoredRuns(connection), outcome):
        report(_refused(each, reasons.get(each.tag)))
    return outcome


def _check_dataflow(source: Source, stored: StoredRuns, dataflow: str) -> None:
    """Raise ForeignDataError if a run is in another dataflow than the one that was asked for."""
    found = [stored.find(run.tag) for run in source.runs() if isinstance(run, ForeignRun)]
    elsewhere = [run.dataflow for run in found if run is not None and run.dataflow != dataflow]
    if elsewhere:
        count = len(elsewhere)
        raise ForeignDataError(
            f"{count} of these runs {'is' if count == 1 else 'are'} in the database already, in "
            f"{', '.join(sorted(set(elsewhere)))}, and a run stays in its dataflow. So nothing was "
            f"imported into {dataflow}. Without --dataflow, they are continued where they are; to "
            "have them elsewhere, erase them first: `keras-prov forget`."
        )


def _store_all(client: Client) -> None:
    """Wait until all is stored, as long as there is progress."""
    waiting = client.waiting()
    while not client.flush(PATIENT_SECONDS):
        left = client.waiting()
        if left >= waiting:
            raise StoreUnavailableError(
                f"{left} messages are not stored yet. They are safe in {client.journal_path}: "
                "`keras-prov sync` stores them."
            )
        waiting = left


def _not_stored(sent: Iterable[_Sent], stored: StoredRuns, outcome: Outcome) -> Iterator[_Sent]:
    """Count what was sent and is not stored; a refused message keeps only itself from it."""
    for each in sent:
        found = stored.find(each.tag)
        if found is None or found.state != each.state:
            outcome.refused += 1
            if each.is_new:
                outcome.imported -= 1
            else:
                outcome.continued -= 1
            yield each


def _refusals(client: Client) -> dict[str, str]:
    """Why messages of this import were refused, by execution: the first reason of each."""
    reasons: dict[str, str] = {}
    if client.journal_path is not None:
        for letter in DeadLetters.of_journal(client.journal_path).open():
            message = letter.message
            if isinstance(message, dict) and isinstance(message.get("exec"), str):
                reasons.setdefault(message["exec"], letter.error)
    return reasons


def _refused(sent: _Sent, reason: str | None) -> ForeignDataError:
    because = f": {reason.rstrip('.')}" if reason else ""
    return ForeignDataError(f"{sent.title} was refused by the database, whole or in part{because}.")


def _attributes_of(source: Source, stored: StoredRuns) -> dict[str, Attributes]:
    """The attributes of each dataflow, once the types of all hyperparameters are known."""
    known: dict[str, Attributes] = {}
    for run in source.runs():
        if isinstance(run, ForeignRun):
            dataflow = _dataflow_of(run, stored)
            if dataflow not in known:
                known[dataflow] = stored.attributes(dataflow)
            known[dataflow].expect(run.hyperparameters)
    return known


def _dataflow_of(run: ForeignRun, stored: StoredRuns) -> str:
    """The dataflow that has the execution already, else the one that it is to have."""
    found = stored.find(run.tag)
    return run.dataflow.lower() if found is None else found.dataflow


def _import_run(
    run: ForeignRun,
    stored: StoredRuns,
    known: dict[str, Attributes],
    client: Client,
    outcome: Outcome,
) -> list[_Sent]:
    """Send what is new of a run; returns it, unless nothing is."""
    found, state = stored.find(run.tag), _state(run)
    if found is not None and found.state == state:
        outcome.unchanged += 1
        return []
    dataflow = _dataflow_of(run, stored)
    if found is None and stored.was_erased(dataflow, run.tag):
        outcome.erased += 1
        return []
    before = StoredExecution() if found is None else stored.execution(found)
    if dataflow not in known:  # it began since the types were read
        known[dataflow] = stored.attributes(dataflow)
    with Spool(run.points()) as spool:
        RunMessages(client, run, dataflow, known[dataflow], before, spool).send(state)
    if found is None:
        outcome.imported += 1
    else:
        outcome.continued += 1
    return [_Sent(run.tag, run.title, state, found is None)]


def _state(run: ForeignRun) -> str:
    """A digest of all that is to be imported of a run; of its points and files, how they are."""
    files = []
    for file in run.files:
        try:
            files.append((str(file.path), file.path.stat().st_size))
        except OSError:
            files.append((str(file.path), -1))
    parts = [
        run.points_state,
        run.status.value,
        run.hyperparameters,
        [fact for fact in run.facts if fact[0] != STATE[0]],  # where it lies may change
        run.tags,
        run.note,
        run.data,
        run.parents,
        files,
    ]
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
