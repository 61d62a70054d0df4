"""Write batches of journal records into MonetDB, each exactly once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypedDict, TypeVar

from ..config.store_url import StoreURL
from ..declarations.dataflow import Declaration
from ..declarations.erasures import ERASURE, Erasures
from ..declarations.messages import (
    DataflowMessage,
    TaskMessage,
    UncheckedMessage,
    is_annotation,
    is_dataflow,
    is_steering_offer,
    is_steering_outcome,
    is_steering_request,
    is_task,
)
from ..errors import (
    ConflictError,
    NotYetError,
    RefusedError,
    StoreBrokenError,
    StoreError,
    StoreLoginError,
    StoreUnavailableError,
)
from ..journal import Record
from .catalogue import create_catalogue
from .comparison.metric_summaries import repair_summaries
from .connection import Connection
from .definitions import (
    compare_with_new_roles,
    ensure_dataflow,
    ensure_execution,
    known_execution,
)
from .driver_errors import lacks_rights
from .erasing.guard import ErasureGuard
from .growth.links import link_pending
from .growth.schedule import PendingGrowth
from .layout import DataflowLayout
from .layout_queries import load_layout
from .retry import retrying_conflicts
from .sessions import warn_of_blocking_sessions
from .writing.annotations import prepare_annotation
from .writing.associations import associate, says_association
from .writing.batch import collect
from .writing.catalogue_rows import CatalogueRows
from .writing.insertion import insert_batch
from .writing.journal_heads import add_heads, heads_to_add, prune_heads
from .writing.journal_marks import add_mark, last_mark, last_marks, prune_marks
from .writing.prepared_task import PreparedTask, prepare_task
from .writing.steering import prepare_offer, prepare_outcome, prepare_request
from .writing.task_states import TaskCache
from .writing.texts import storable

__all__ = ["MonetDBStore"]

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class _OfExecution(TypedDict):
    """What all messages have that are of an execution as a whole."""

    dataflow: str
    exec: str


CACHED_ASSOCIATIONS = 10_000
"""So many are remembered; others are queried again."""


class MonetDBStore:
    """Provenance in a MonetDB database.

    Args:
        address: returns the server's URL when we connect; may start the server.
        readers: users who may SELECT from the tables and views that we create.
        stop: stops a broken server, so that `address` starts it again.
    """

    def __init__(
        self,
        address: Callable[[], StoreURL],
        readers: Sequence[str] = (),
        stop: Callable[[], object] | None = None,
    ) -> None:
        self._address, self._readers, self._stop = address, readers, stop
        self._connection: Connection | None = None
        self._layouts: dict[str, DataflowLayout] = {}
        self._executions: dict[tuple[int, str], int] = {}
        self._associated: set[tuple[object, ...]] = set()
        self._tasks = TaskCache()
        self._positions: dict[str, int] = {}
        self._pending_growth = PendingGrowth(readers)
        self._guard = ErasureGuard()

    @property
    def erasures(self) -> Erasures:
        """What was erased, as of the last batch."""
        return self._guard.erasures

    @property
    def left_out(self) -> int:
        """How many messages were not stored, because their executions were erased."""
        return self._guard.left_out

    def position(self, journal: str) -> int:
        """The last sequence number of `journal` that is stored; -1 if none is."""
        if journal not in self._positions:
            try:
                connection = self._connected()
                with connection.transaction():
                    self._positions[journal] = last_mark(connection, journal)
                self._refresh_erasures()
            except StoreUnavailableError:
                self.close()
                raise
        return self._positions[journal]

    def look_up_positions(self, journals: Sequence[str]) -> None:
        """Ask again how far journals are stored, because somebody else may have stored more."""
        try:
            connection = self._connected()
            with connection.transaction():
                marks = last_marks(connection, journals)
        except StoreUnavailableError:
            self.close()
            raise
        self._positions |= {journal: marks.get(journal, -1) for journal in journals}

    def forget_position(self, journal: str) -> None:
        """Forget how far `journal` is stored, because somebody else may have stored more."""
        self._positions.pop(journal, None)

    def prune_marks(self, journal: str) -> None:
        """Remove all marks of a completely stored journal except the last, and heads like them.

        This is tried once: if it fails, the marks stay, which is harmless.
        """
        try:
            connection = self._connected()
            with connection.transaction():
                prune_marks(connection, journal)
                prune_heads(connection, journal)
        except StoreUnavailableError:
            self.close()
        except StoreError as error:  # a conflict with another writer, or a missing right
            logger.debug("The marks of journal %s stay: %s", journal, error)

    def write(self, journal: str, records: Sequence[Record]) -> None:
        """Store `records` and how far `journal` is stored in one transaction, or nothing.

        Records that are stored already are skipped, so a call may be repeated.

        Raises:
            StoreUnavailableError: the server cannot be reached, or the connection broke.
            RefusedError: a record cannot be stored, and retrying will not help.
        """
        self.write_all({journal: records})

    def write_all(self, batches: Mapping[str, Sequence[Record]]) -> None:
        """Like `write`, for records of several journals in one transaction."""
        try:
            fresh = {
                journal: [record for record in records if record.sequence > self.position(journal)]
                for journal, records in batches.items()
            }
            if any(fresh.values()):
                self._store({journal: records for journal, records in fresh.items() if records})
        except StoreUnavailableError as error:
            self.close()
            if self._stop is not None and isinstance(error, StoreBrokenError):
                self._stop()
            raise
        except RefusedError as error:
            if self._connection is not None and lacks_rights(error):
                raise _missing_right(self._connection.url, error) from error
            raise

    def read(self, ask: Callable[[Connection], Answer]) -> Answer:
        """What a function reads over our connection, in a transaction of its own.

        Raises:
            StoreError: it cannot be read now.
        """
        try:
            connection = self._connected()
            with connection.transaction():
                return ask(connection)
        except StoreUnavailableError:
            self.close()
            raise

    def apply_pending(self) -> float | None:
        """Try pending columns and links, if it is time to.

        Returns:
            Seconds until the next attempt; None if nothing is left that retrying may help.

        Raises:
            StoreError: it cannot be done now.
        """
        if self._connection is None:
            return None
        try:
            return self._pending_growth.step(self._connection, self._layouts)
        except StoreUnavailableError:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection and forget what was cached; the next call connects again."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        self._forget_definitions()
        self._positions.clear()
        self._pending_growth.reset()

    def _forget_definitions(self) -> None:
        for cache in (self._layouts, self._executions, self._tasks):
            cache.clear()
        self._associated.clear()

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = Connection(self._address())
            try:
                create_catalogue(connection, self._readers)
            except RefusedError as error:  # no message is to blame
                connection.close()
                if lacks_rights(error):
                    raise _missing_right(connection.url, error) from error
                raise StoreLoginError(
                    f"The catalogue in {connection.url} cannot be used: {error}"
                ) from error
            self._connection = connection
            self._repair_summaries(connection)
        return self._connection

    def _repair_summaries(self, connection: Connection) -> None:
        """Write the summaries that concurrent processes have missed; tried once a connection."""
        try:
            with connection.transaction():
                repair_summaries(connection)
        except (ConflictError, RefusedError) as error:  # readers do without
            logger.debug("Summaries of metrics are still missing: %s", error)

    def _store(self, batches: Mapping[str, Sequence[Record]]) -> None:
        records = [record for each in batches.values() for record in each]
        self._refresh_erasures()
        living = self._guard.living(records)
        try:
            self._store_prepared(batches, *self._prepare(living))
        except NotYetError:
            if not self._layouts:
                raise
            self._layouts.clear()  # another process may have added to the dataflow since we read it
            self._store_prepared(batches, *self._prepare(living))
        self._guard.left_out += len(records) - len(living)
        if living and self._refresh_erasures():  # while we stored
            self._guard.erase_again(self._connected(), living)

    def _refresh_erasures(self) -> bool:
        """Notice what others have erased, definitions included; returns whether they did."""
        is_news = self._guard.refresh(self._connected())
        if is_news:
            self._forget_definitions()
        return is_news

    def _prepare(self, records: Sequence[Record]) -> tuple[list[PreparedTask], list[CatalogueRows]]:
        """Define the dataflows that records declare; returns what else is ready to be stored."""
        tasks, others = [], []
        for record in records:
            for each in self._prepare_message(storable(record.message)):
                if isinstance(each, PreparedTask):
                    tasks.append(each)
                else:
                    others.append(each)
        for task in tasks:  # a later record may have declared more
            task.layout = self._layout(task.layout.tag)
        return tasks, others

    def _prepare_message(self, message: UncheckedMessage) -> Iterator[PreparedTask | CatalogueRows]:
        if is_dataflow(message):
            self._define(message)
        elif is_task(message):
            layout = self._layout(message["dataflow"])
            execution = self._execution(layout, message["exec"])
            self._associate(execution, message)
            yield prepare_task(message, layout, execution)
        elif is_annotation(message):
            yield prepare_annotation(message, self._known_execution(message))
        elif is_steering_offer(message):
            yield prepare_offer(message, self._known_execution(message))
        elif is_steering_request(message):
            yield prepare_request(message, self._known_execution(message))
        elif is_steering_outcome(message):
            yield prepare_outcome(message, self._known_execution(message))
        elif message.get("kind") == ERASURE:
            self._guard.erase(self._connected(), message)
            self._refresh_erasures()
        elif message.get("kind") != "refused" and "journal" not in message:
            raise RefusedError(
                "A message is of kind 'dataflow', 'task', 'annotation' or 'steering_…'. Received: "
                f"{message.get('kind')!r}, which a newer keras-prov may know."
            )

    def _define(self, message: DataflowMessage) -> None:
        tag = message["tag"]
        is_needed = message.get("exec") is not None or message.get("opens") is not None
        if not is_needed and self.erasures.has_dataflow(tag) and self._found(tag) is None:
            self._guard.postpone(message)
            return
        for earlier in self._guard.postponed(tag):
            self._define_parts(earlier)
        layout = self._define_parts(message)
        if message.get("exec") is not None:
            self._execution(layout, message["exec"])

    def _define_parts(self, message: DataflowMessage) -> DataflowLayout:
        declared = Declaration(message["tag"])
        try:
            declared.merge(message, whole=False)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        layout = ensure_dataflow(
            self._connected(), declared, self._layouts.get(declared.tag), self._readers
        )
        self._layouts[declared.tag] = layout
        return layout

    def _layout(self, tag: str) -> DataflowLayout:
        for message in self._guard.postponed(tag):
            self._define_parts(message)
        layout = self._found(tag)
        if layout is None:
            raise NotYetError(f"No dataflow {tag!r} was declared before its task.")
        return layout

    def _found(self, tag: str) -> DataflowLayout | None:
        if tag not in self._layouts:
            connection = self._connected()
            with connection.transaction():
                layout = load_layout(connection, tag)
            if layout is None:
                return None
            self._layouts[tag] = layout
        return self._layouts[tag]

    def _execution(self, layout: DataflowLayout, tag: str) -> int:
        key = layout.id, tag
        if key not in self._executions:
            self._executions[key] = ensure_execution(self._connected(), layout, tag)
        return self._executions[key]

    def _known_execution(self, message: _OfExecution) -> int:
        """The id of an execution that was begun; others are neither annotated nor steered."""
        layout = self._layout(message["dataflow"])
        key = layout.id, message["exec"]
        if key not in self._executions:
            self._executions[key] = known_execution(self._connected(), layout, message["exec"])
        return self._executions[key]

    def _associate(self, execution: int, message: TaskMessage) -> None:
        said = execution, message.get("email"), str(message.get("hardware")), "received" in message
        if says_association(message) and said not in self._associated:
            if len(self._associated) >= CACHED_ASSOCIATIONS:
                self._associated.clear()
            associate(self._connected(), execution, message)
            self._associated.add(said)

    def _store_prepared(
        self,
        batches: Mapping[str, Sequence[Record]],
        tasks: Sequence[PreparedTask],
        others: Sequence[CatalogueRows],
    ) -> None:
        connection = self._connected()
        marks = {journal: records[-1].sequence for journal, records in batches.items()}
        for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
            with attempt, connection.transaction():
                states = self._tasks.states(connection, tasks)
                insert_batch(connection, collect(tasks, states, others))
                for journal, sequence in marks.items():
                    add_mark(connection, journal, sequence)
                for journal, head, executions in heads_to_add(batches, tasks):
                    add_heads(connection, journal, head, executions)
        self._tasks.remember(states)
        self._positions |= marks
        try:
            link_pending(connection, {task.execution for task in tasks})
            for tag in {task.layout.tag for task in tasks}:
                self._layouts[tag] = compare_with_new_roles(connection, self._layouts[tag])
        except (ConflictError, RefusedError) as error:  # the batch is stored all the same
            logger.debug("What other processes sent meanwhile is seen later: %s", error)


def _missing_right(url: StoreURL, error: RefusedError) -> StoreLoginError:
    """No message is to blame for a missing right, and somebody may grant it meanwhile."""
    return StoreLoginError(
        f"The user of {url} lacks a right that storing needs ({error}): let an administrator grant "
        "the role sysadmin, which MonetDB requires of who creates schemas, or store as the user "
        "monetdb."
    )
