"""Erase what a plan says, so that a kill at any moment leaves what a second call completes.

The tombstones come first: from then on no writer stores what still comes of these executions. The
rows come last, because artifacts and journals are found by them. Before them, a journal of its own
says what was erased: it erases the rows even if we are killed now, and again if the database is
made anew from the journals.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..config.store_url import StoreURL
from ..declarations.erasures import Erasures, erasure_message
from ..delivery.recovery import drain
from ..errors import DfAnalyzerError, JournalError
from ..journal import Journal, read_header, try_acquire
from ..store import Connection, open_store
from ..store.erasing.erase import bury
from ..support.clock import timestamp
from .artifacts import remove_artifact
from .local_journals import journals_naming, purge_journal
from .plan import Plan

__all__ = ["Forgotten", "forget"]


@dataclass
class Forgotten:
    """What was erased, and what could not be.

    Attributes:
        messages: how many were removed from journals.
        artifacts: how many were removed.
        bytes: their size.
        in_use: journals that a running process writes; what they have goes when that ends.
        failures: what could not be removed, and why.
    """

    messages: int = 0
    artifacts: int = 0
    bytes: int = 0
    in_use: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def forget(plan: Plan, connection: Connection, home: Path, store: StoreURL | None) -> Forgotten:
    """Erase what `plan` says.

    Args:
        plan: made with the same connection, folder and store.
        connection: of a user who may erase, outside of a transaction.
        home: the data folder.
        store: the store's URL; None is the private server of `home`.
    """
    done, tombstones = Forgotten(), list(plan.tombstones)
    when, by = timestamp(datetime.now(UTC)), _user()
    bury(connection, tombstones, when, by)
    _remove_artifacts(plan, done)
    _remove_signatures(plan, done)
    _purge_journals(plan, Erasures(tombstones), home, store, done)
    _erase_rows(erasure_message(tombstones, when, by), home, store)
    return done


def _remove_artifacts(plan: Plan, done: Forgotten) -> None:
    for artifact in plan.artifacts:
        try:
            if remove_artifact(artifact):
                done.artifacts += 1
                done.bytes += artifact.size
        except OSError as error:
            done.failures.append(f"{artifact.place} cannot be removed: {error.strerror}.")


def _remove_signatures(plan: Plan, done: Forgotten) -> None:
    for path in plan.signatures:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            done.failures.append(f"{path} cannot be removed: {error.strerror}.")


def _purge_journals(
    plan: Plan, erasures: Erasures, home: Path, store: StoreURL | None, done: Forgotten
) -> None:
    """Purge them; they are looked up again, because one may have been compressed meanwhile."""
    for found in journals_naming(home, store, plan.executions):
        try:
            if isinstance(found, JournalError):
                raise found
            removed = purge_journal(found.path, erasures)
            if removed is None:
                done.in_use.append(found.path)
            else:
                done.messages += removed
        except JournalError as error:
            done.failures.append(str(error))


def _erase_rows(message: dict[str, Any], home: Path, store: StoreURL | None) -> None:
    """Say in a journal what was erased, and store that journal: its message erases the rows."""
    journal = Journal(home / "journals", store)
    try:
        journal.append(message)
        if journal.write_waiting():
            raise DfAnalyzerError(
                f"The journal {journal.path} cannot be written, because its disk is full: free "
                "space, and call this again."
            )
    finally:
        journal.close()
    for _ in _drained(journal.path, home, store):
        pass


def _drained(path: Path, home: Path, store: StoreURL | None) -> Iterator[int]:
    descriptor = try_acquire(path)
    if descriptor is None:  # another process was faster, and stores it
        return
    writer = open_store(store, home)
    try:
        yield from drain(path, read_header(path), writer, since=0.0)  # nobody else has sent it
    finally:
        writer.close()
        descriptor.close()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # an account without a name
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
