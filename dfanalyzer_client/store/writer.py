"""Batches of journal records into MonetDB, each exactly once."""

from __future__ import annotations

import logging
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..config.store_url import StoreURL
from ..declarations.dataflow import Declaration
from ..declarations.encoding import DATAFLOW, TASK
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
from .bulk import insert_rows
from .catalogue import create_catalogue
from .connection import Connection, lacks_rights
from .definitions import ensure_dataflow, ensure_execution, fresh_ids
from .growth.links import link_pending
from .growth.pending_columns import pending_row
from .growth.schedule import PendingGrowth
from .layout import DataflowLayout, SetLayout, compare_columns, load_layout
from .retry import retrying_conflicts
from .rows import ElementRow, TaskKey, TaskRows, dependencies, reused, task_key, task_rows
from .schema import table
from .sessions import warn_of_blocking_sessions
from .sql import qualified
from .writing.reuse import Reuse, copy_rows
from .writing.texts import storable

__all__ = ["MonetDBStore"]

logger = logging.getLogger(__name__)

KNOWN_TASKS = 10_000
"""Tasks whose ids are remembered; others are looked up again."""


@dataclass
class _TaskState:
    """A task: its id, whether the database has it, and what it is known to depend on.

    `edges` are those tasks' ids, `waits` are the keys of those that are not there yet.
    """

    id: int
    open: bool = True
    new: bool = False
    edges: frozenset[int] | None = None
    waits: frozenset[TaskKey] = frozenset()


@dataclass
class _Said:
    """A task message with the parts of the catalogue that it needs."""

    message: Mapping[str, Any]
    layout: DataflowLayout
    version: int
    execution: int
    key: TaskKey
    dependencies: list[TaskKey]

    @property
    def reused(self) -> dict[str, TaskKey]:
        """By set, the task whose rows it read, too."""
        return reused(self.message, self.key)


@dataclass
class _Batch:
    """Rows of one transaction, by table; parents were made before."""

    catalogue: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    elements: dict[tuple[str, str], list[ElementRow]] = field(
        default_factory=lambda: defaultdict(list)
    )
    layouts: dict[str, DataflowLayout] = field(default_factory=dict)
    reuses: list[Reuse] = field(default_factory=list)


class MonetDBStore:
    """Provenance in a MonetDB database.

    Args:
        address: gives the server's URL when a connection is made; may start the server.
        readers: users who may SELECT from what is made.
        stop: ends a server that is broken, so that `address` starts it anew.
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
        self._tasks: OrderedDict[TaskKey, _TaskState] = OrderedDict()
        self._positions: dict[str, int] = {}
        self._pending_growth = PendingGrowth(readers)

    def position(self, journal: str) -> int:
        """The last sequence number of `journal` that is stored, -1 when none is."""
        if journal not in self._positions:
            try:
                self._positions[journal] = self._stored_to(journal)
            except StoreUnavailableError:
                self.close()
                raise
        return self._positions[journal]

    def forget_position(self, journal: str) -> None:
        """Forget how far `journal` is stored: somebody else may have stored more."""
        self._positions.pop(journal, None)

    def prune_marks(self, journal: str) -> None:
        """Remove a journal's marks but the last, for all of it is stored; once, if nobody minds."""
        marks = table("journal_mark")
        try:
            connection = self._connected()
            with connection.transaction():
                connection.execute(
                    f"DELETE FROM {marks} WHERE journal = %s AND stored_to < "
                    f"(SELECT max(stored_to) FROM {marks} WHERE journal = %s)",
                    [journal, journal],
                )
        except StoreUnavailableError:
            self.close()
        except StoreError as error:  # another writer was first, or a right is lacking
            logger.debug("The marks of journal %s stay: %s", journal, error)

    def write(self, journal: str, records: Sequence[Record]) -> None:
        """Store `records` and how far `journal` is stored in one transaction, or nothing.

        Records that are stored already are passed over, so a call may be made again.

        Raises:
            StoreUnavailableError: the server cannot be reached, or went away meanwhile.
            RefusedError: a record cannot be stored, however often it is tried.
        """
        try:
            position = self.position(journal)
            fresh = [record for record in records if record.sequence > position]
            if fresh:
                self._store(journal, fresh)
        except StoreUnavailableError as error:
            self.close()
            if self._stop is not None and isinstance(error, StoreBrokenError):
                self._stop()
            raise
        except RefusedError as error:
            if lacks_rights(error):
                raise self._not_allowed(error) from error
            raise

    def _store(self, journal: str, records: Sequence[Record]) -> None:
        try:
            self._append(journal, records[-1].sequence, self._said(records))
        except NotYetError:
            if not self._layouts:
                raise
            self._layouts.clear()  # others may have let the dataflow grow since we looked
            self._append(journal, records[-1].sequence, self._said(records))

    def _said(self, records: Sequence[Record]) -> list[_Said]:
        return [each for record in records for each in self._prepared(storable(record.message))]

    def apply_pending(self) -> float | None:
        """Bring forward what readers or another order of things held up, where it is time for it.

        Returns:
            In how many seconds it is time again; None where nothing is left that may mend itself.

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

    def _stored_to(self, journal: str) -> int:
        connection = self._connected()
        with connection.transaction():
            ((stored,),) = connection.query(
                f"SELECT max(stored_to) FROM {table('journal_mark')} WHERE journal = %s", [journal]
            )
        return -1 if stored is None else int(stored)

    def _not_allowed(self, error: RefusedError) -> StoreLoginError:
        """Lacking rights concern every message, and somebody may grant them meanwhile."""
        url = self._connection.url if self._connection is not None else "the store"
        return StoreLoginError(
            f"The user of {url} may not do what storing takes ({error}): grant it, or let an "
            "administrator make the catalogue with `keras-prov db init`."
        )

    def close(self) -> None:
        """Let go of the connection and of what was remembered; the next call connects anew."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None
        for remembered in (self._layouts, self._executions, self._tasks, self._positions):
            remembered.clear()
        self._pending_growth.reset()

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = Connection(self._address())
            try:
                create_catalogue(connection, self._readers)
            except RefusedError as error:  # no message is at fault
                connection.close()
                raise StoreLoginError(
                    f"The catalogue in {connection.url} cannot be used ({error}). An administrator "
                    "can make one with `keras-prov db init`."
                ) from error
            self._connection = connection
        return self._connection

    def _prepared(self, message: Mapping[str, Any]) -> Iterable[_Said]:
        """Make the catalogue ready for a message; a task message comes back with its ids."""
        if message.get("kind") == DATAFLOW:
            self._define(message)
        elif message.get("kind") == TASK:
            layout = self._layout(message["dataflow"])
            execution = self._execution(layout, message["exec"])
            yield _Said(
                message,
                layout,
                layout.version,
                execution,
                task_key(message, layout, execution),
                dependencies(message, layout, execution),
            )
        elif message.get("kind") != "refused" and "journal" not in message:
            raise RefusedError(
                f"A message is of kind 'dataflow' or 'task'. Received: {message.get('kind')!r}, "
                "which a newer keras-prov may know."
            )

    def _define(self, message: Mapping[str, Any]) -> None:
        declared = Declaration(message["tag"])
        try:
            declared.merge(message)
        except ValueError as error:
            raise RefusedError(str(error)) from error
        layout = ensure_dataflow(
            self._connected(), declared, self._layouts.get(declared.tag), self._readers
        )
        self._layouts[declared.tag] = layout
        if message.get("exec") is not None:
            self._execution(layout, message["exec"])

    def _layout(self, tag: str) -> DataflowLayout:
        if tag not in self._layouts:
            connection = self._connected()
            with connection.transaction():
                layout = load_layout(connection, tag)
            if layout is None:
                raise NotYetError(f"No dataflow {tag!r} was declared before its task.")
            self._layouts[tag] = layout
        return self._layouts[tag]

    def _execution(self, layout: DataflowLayout, tag: str) -> int:
        key = layout.id, tag
        if key not in self._executions:
            self._executions[key] = ensure_execution(self._connected(), layout, tag)
        return self._executions[key]

    def _append(self, journal: str, sequence: int, said: Sequence[_Said]) -> None:
        connection = self._connected()
        for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
            with attempt, connection.transaction():
                states = self._states(connection, said)
                batch = _batch(said, states)
                _insert(connection, batch)
                connection.execute(
                    f"INSERT INTO {table('journal_mark')} VALUES (%s, %s)", [journal, sequence]
                )
        self._remember(states)
        self._positions[journal] = sequence
        self._link(connection, {each.execution for each in said})

    def _link(self, connection: Connection, executions: set[int]) -> None:
        """Look for links to make, now that the batch is stored: whatever it meets, it stays so."""
        try:
            link_pending(connection, executions)
        except (ConflictError, RefusedError) as error:
            logger.debug("Links to tasks that came later are made later: %s", error)

    def _states(
        self, connection: Connection, said: Sequence[_Said]
    ) -> dict[TaskKey, _TaskState | None]:
        """The tasks named in a batch, as they are in the database; None for those that are not."""
        keys = dict.fromkeys(
            key for each in said for key in (each.key, *each.dependencies, *each.reused.values())
        )
        states: dict[TaskKey, _TaskState | None] = {}
        for key in keys:
            known = self._tasks.get(key)
            states[key] = None if known is None else replace(known)
        unknown = [key for key, state in states.items() if state is None]
        for first in range(0, len(unknown), 500):
            states.update(_looked_up(connection, unknown[first : first + 500]))
        ids = iter(_fresh_task_ids(connection, {each.key for each in said}, states))
        for each in said:
            if states[each.key] is None:
                states[each.key] = _TaskState(next(ids), new=True, edges=frozenset())
            state = states[each.key]
            if each.dependencies and state is not None and state.edges is None:
                state.edges, state.waits = _edges(connection, each.execution, state.id)
        return states

    def _remember(self, states: Mapping[TaskKey, _TaskState | None]) -> None:
        for key, state in states.items():
            if state is not None:
                self._tasks[key] = state
                self._tasks.move_to_end(key)
        while len(self._tasks) > KNOWN_TASKS:
            self._tasks.popitem(last=False)


def _looked_up(connection: Connection, keys: Sequence[TaskKey]) -> dict[TaskKey, _TaskState]:
    executions = sorted({execution for execution, _, _ in keys})
    identifiers = sorted({identifier for _, _, identifier in keys})
    rows = connection.query(
        "SELECT b.df_exec, b.dt_id, b.identifier, b.id, e.task_id "
        f"FROM {table('task_begun')} b LEFT JOIN {table('task_ended')} e ON e.task_id = b.id "
        f"WHERE b.df_exec IN ({_marks(executions)}) AND b.identifier IN ({_marks(identifiers)})",
        [*executions, *identifiers],
    )
    wanted = set(keys)
    return {
        (execution, transformation, identifier): _TaskState(id_, ended is None)
        for execution, transformation, identifier, id_, ended in rows
        if (execution, transformation, identifier) in wanted
    }


def _edges(
    connection: Connection, execution: int, task: int
) -> tuple[frozenset[int], frozenset[TaskKey]]:
    """The tasks that a task depends on, by id, and by key those that are not there yet."""
    made = connection.query(
        f"SELECT previous_task_id FROM {table('task_dependency')} WHERE task_id = %s", [task]
    )
    waiting = connection.query(
        f"SELECT previous_dt_id, previous_identifier FROM {table('waiting_dependency')} "
        "WHERE task_id = %s",
        [task],
    )
    return (
        frozenset(previous for (previous,) in made),
        frozenset((execution, *key) for key in waiting),
    )


def _fresh_task_ids(
    connection: Connection, keys: set[TaskKey], states: Mapping[TaskKey, _TaskState | None]
) -> list[int]:
    count = sum(states[key] is None for key in keys)
    return fresh_ids(connection, table("task_begun_id_seq"), count) if count else []


def _batch(said: Sequence[_Said], states: Mapping[TaskKey, _TaskState | None]) -> _Batch:
    batch = _Batch()
    for each in said:
        state = states[each.key]
        assert state is not None  # noqa: S101 (for the type checker: every own key has a state)
        rows = task_rows(each.message, each.layout, task=state.id, new=state.new, open_=state.open)
        state.new, state.open = False, state.open and rows.ended is None
        _add(batch, each, rows, state.id)
        _add_dependencies(batch, each, states, state)
        _add_reuses(batch, each, states, state)
    return batch


def _add(batch: _Batch, said: _Said, rows: TaskRows, task: int) -> None:
    execution, transformation, identifier = said.key
    if rows.begun is not None:
        batch.catalogue["task_begun"].append(
            {
                "id": task,
                "identifier": identifier,
                "df_version": said.version,
                "df_exec": execution,
                "dt_id": transformation,
                **rows.begun,
            }
        )
    if rows.ended is not None:
        batch.catalogue["task_ended"].append(rows.ended)
    batch.catalogue["performance"] += rows.performances
    batch.catalogue["file"] += rows.files
    batch.catalogue["hyperparameter_value"] += rows.compared.hyperparameters
    batch.catalogue["metric_value"] += rows.compared.metrics
    batch.catalogue["execution_link"] += [{"df_exec": execution, **e} for e in rows.derivations]
    for tag, elements in rows.elements.items():
        batch.elements[said.layout.tag, tag] += elements
        batch.layouts[said.layout.tag] = said.layout


def _add_dependencies(
    batch: _Batch, said: _Said, states: Mapping[TaskKey, _TaskState | None], state: _TaskState
) -> None:
    for key in said.dependencies:
        other = states[key]
        if key in state.waits:
            continue  # whoever finds it there makes the link
        if other is None:
            state.waits |= {key}
            batch.catalogue["waiting_dependency"].append(
                {
                    "task_id": state.id,
                    "dt_id": said.key[1],
                    "df_exec": key[0],
                    "previous_dt_id": key[1],
                    "previous_identifier": key[2],
                }
            )
        elif other.id not in (state.edges or ()):
            state.edges = (state.edges or frozenset()) | {other.id}
            batch.catalogue["task_dependency"].append(
                {"task_id": state.id, "dt_id": said.key[1], "previous_task_id": other.id}
            )


def _add_reuses(
    batch: _Batch, said: _Said, states: Mapping[TaskKey, _TaskState | None], state: _TaskState
) -> None:
    transformation = said.message["transformation"]
    for tag, key in said.reused.items():
        source = states[key]
        if source is None:  # its message was refused: there are no rows to be had
            logger.warning("Rows of %s of task %s are missing: their task %s was refused.",
                           tag, said.key[2], key[2])  # fmt: skip
        else:
            batch.reuses.append(Reuse(said.layout, tag, transformation, source.id, state.id))


def _insert(connection: Connection, batch: _Batch) -> None:
    for name in ("performance", "file"):
        rows = batch.catalogue[name]
        ids = fresh_ids(connection, table(f"{name}_id_seq"), len(rows)) if rows else []
        for row, id_ in zip(rows, ids, strict=True):
            row["id"] = id_
    for name, rows in batch.catalogue.items():
        _insert_rows(connection, table(name), rows)
    for layout in batch.layouts.values():
        if any(known.pending for known in layout.sets.values()):
            compare_columns(connection, layout)  # as they are in this transaction
    for (schema, tag), elements in batch.elements.items():
        layout = batch.layouts[schema]
        _insert_elements(connection, layout, layout.sets[tag], elements)
    copy_rows(connection, batch.reuses, _insert_elements)


def _insert_elements(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    elements: Sequence[ElementRow],
) -> None:
    ids = fresh_ids(connection, qualified(layout.tag, known.sequence), len(elements))
    rows = [{"id": id_, **each.values} for id_, each in zip(ids, elements, strict=True)]
    if known.pending:
        rows = _without_waiting(connection, layout, known, rows)
    _insert_rows(connection, qualified(layout.tag, known.table), rows)
    exact = [
        {"attribute_id": attribute, "element_id": id_, "value": text}
        for id_, each in zip(ids, elements, strict=True)
        for attribute, text in each.exact
    ]
    _insert_rows(connection, table("exact_number"), exact)


def _without_waiting(
    connection: Connection, layout: DataflowLayout, known: SetLayout, rows: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """`rows` without values for columns that the table has not got; those are put elsewhere."""
    waiting = [
        pending_row(layout, known, name, row["id"], row[name])
        for row in rows
        for name in row.keys() & known.pending
        if row[name] is not None
    ]
    _insert_rows(connection, table("waiting_value"), waiting)
    return [
        {name: value for name, value in row.items() if name not in known.pending} for row in rows
    ]


def _insert_rows(connection: Connection, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of different columns, those of the same columns together and in order."""
    by_columns: dict[tuple[str, ...], list[list[Any]]] = defaultdict(list)
    for row in rows:
        by_columns[tuple(row)].append(list(row.values()))
    for columns, values in by_columns.items():
        insert_rows(connection, name, columns, values)


def _marks(values: Sequence[Any]) -> str:
    return ", ".join(["%s"] * len(values))
