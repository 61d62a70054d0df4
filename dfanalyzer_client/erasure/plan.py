"""What would be erased, before anything is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..config.store_url import StoreURL
from ..declarations.erasures import Tombstone, tombstone_of_dataflow, tombstones_of
from ..errors import JournalError, RefusedError, StoreLoginError
from ..store import Connection
from ..store.driver_errors import lacks_rights
from ..store.erasing.erase import StoredExecution, check_rights, portions_of
from ..support.signature_files import signature_file, timestamp_path
from .artifacts import Artifact, artifacts_of
from .local_journals import LocalJournal, journals_naming

__all__ = ["Plan", "plan_erasure"]


@dataclass
class Plan:
    """What goes with some executions.

    Attributes:
        executions: oldest first.
        dataflow: the tag of the dataflow that goes, too; None: none does.
        rows: how many rows, by table.
        journals: those of this machine that name them.
        unreadable: journals that may name them, and why they cannot be read.
        artifacts: what nobody else refers to.
        signatures: those in the data folder, and their timestamps.
    """

    executions: list[StoredExecution]
    dataflow: str | None = None
    rows: dict[str, int] = field(default_factory=dict)
    journals: list[LocalJournal] = field(default_factory=list)
    unreadable: list[JournalError] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    signatures: list[Path] = field(default_factory=list)

    @property
    def tombstones(self) -> Iterator[Tombstone]:
        """What is left of them."""
        for execution in self.executions:
            yield from tombstones_of(execution.dataflow, execution.tag)
        if self.dataflow is not None:
            yield tombstone_of_dataflow(self.dataflow)


def plan_erasure(
    connection: Connection,
    executions: Sequence[StoredExecution],
    *,
    home: Path,
    store: StoreURL | None,
    dataflow: str | None = None,
) -> Plan:
    """Find what goes with some executions; changes nothing.

    Args:
        connection: of a user who may erase, outside of a transaction.
        executions: the executions.
        home: the data folder.
        store: the store's URL; None is the private server of `home`.
        dataflow: the tag of a dataflow of which these are all executions, and which goes with them.

    Raises:
        StoreLoginError: the user may not erase rows.
    """
    _check_rights(connection, executions)
    plan = Plan(list(executions), dataflow)
    with connection.transaction():
        rows: dict[str, int] = defaultdict(int)
        for portion in portions_of(connection, executions):
            rows[portion.name] += portion.count(connection)
        plan.rows = {name: count for name, count in rows.items() if count}
        plan.artifacts = artifacts_of(connection, executions, home)
    plan.signatures = list(_signatures(executions, home))
    for found in journals_naming(home, store, executions):
        if isinstance(found, JournalError):
            plan.unreadable.append(found)
        else:
            plan.journals.append(found)
    return plan


def _signatures(executions: Sequence[StoredExecution], home: Path) -> Iterator[Path]:
    """The files of signatures that are there: they name executions and their files."""
    for execution in executions:
        signature = signature_file(home, execution.dataflow, execution.tag)
        yield from (each for each in (signature, timestamp_path(signature)) if each.exists())


def _check_rights(connection: Connection, executions: Sequence[StoredExecution]) -> None:
    try:
        check_rights(connection, executions)
    except RefusedError as error:
        if not lacks_rights(error):
            raise
        raise StoreLoginError(
            f"The user {connection.url.user} may not erase rows in "
            f"{connection.url.without_password()}, so nothing was changed: ask whoever may "
            "DELETE there, or use another account with --store."
        ) from error
