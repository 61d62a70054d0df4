"""Upgrade a database that the predecessor's server filled, step by step.

Its tables have keys, which make writers conflict, and texts of limited length; ``task`` is a table
whose rows are updated, and may name executions by their tags. The first step recreates the tables
of the catalogue without keys and limits, but with all their rows and columns. One step for each
dataflow then does the same with the tables of its sets. Each step is one transaction, which also
records it in ``catalogue_version``, so that an interrupted upgrade continues where it stopped.

Nothing is lost, and old queries still work: columns keep their names and order, ``task.df_exec``
keeps its values, times of ``performance`` stay texts. Only the functions with which the
predecessor's server inserts rows are dropped, because they depend on the tables.

The predecessor's first versions had no executions: each of their dataflows gets one, with its tag.
DLProv's tables have columns of their own, which are kept where they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ...errors import RefusedError
from ..connection import Connection
from ..inspection import TableFound, tables_of
from ..origins.predecessor_tables import PredecessorTables
from ..retry import retrying_conflicts
from ..rights.permissions import all_readers
from ..schema import (
    PUBLIC,
    TABLES,
    VERSION,
    VIEWS,
    columns_of,
    grant,
    lock_definitions,
    names_in,
    quoted_columns,
    record,
    table,
)
from .rebuilding import drop_foreign_keys, recreate_sequence, recreate_table
from .sets import upgrade_dataflow
from .tasks import move_tasks, task_view

__all__ = ["dataflows_left", "steps_left", "upgrade"]

CATALOGUE_STEP, DONE_STEP = "predecessor: catalogue", "predecessor: all of it"
DATAFLOW_STEP = "predecessor: dataflow "
INSERT_FUNCTIONS = frozenset(
    {
        "insertattribute",
        "insertdataflow",
        "insertdataflowexecution",
        "insertdataflowversion",
        "insertdataset",
        "insertdatatransformation",
        "insertextractor",
        "insertextractorcombination",
        "insertfile",
        "inserthardwareinfo",
        "insertperformance",
        "insertprogram",
        "insertscientist",
        "inserttask",
    }
)
"""Functions with which the predecessor's server, and DLProv's, insert rows."""

EXECUTIONS_NOTE = "its tasks named no execution, so each dataflow has one now, with its tag"


def steps_left(connection: Connection) -> list[str]:
    """The steps that are not taken yet, in order; none in a catalogue that we created."""
    names = names_in(connection, PUBLIC)
    done: set[str] = set()
    if "catalogue_version" in names:
        rows = connection.query(f"SELECT step FROM {table('catalogue_version')}")
        done = {step for (step,) in rows if step is not None}
        if CATALOGUE_STEP not in done or DONE_STEP in done:
            return []
    elif "dataflow" not in names:
        return []
    rows = connection.query(f"SELECT tag FROM {table('dataflow')} ORDER BY id")
    steps = [CATALOGUE_STEP, *(DATAFLOW_STEP + tag for (tag,) in rows), DONE_STEP]
    return [step for step in steps if step not in done]


def dataflows_left(connection: Connection) -> set[str]:
    """Tags of the predecessor's dataflows that are not upgraded yet."""
    return {
        step.removeprefix(DATAFLOW_STEP)
        for step in steps_left(connection)
        if step.startswith(DATAFLOW_STEP)
    }


def upgrade(connection: Connection, readers: Sequence[str] = ()) -> Iterator[str]:
    """Take the steps that are left; yields each once it is committed, with what is to be said."""
    while True:
        step, note = "", ""
        for attempt in retrying_conflicts():
            with attempt, connection.transaction():
                left = steps_left(connection)
                step = left[0] if left else ""
                if step:
                    note = _take(connection, step, readers)
        if not step:
            return
        yield f"{step} ({note})" if note else step


def _take(connection: Connection, step: str, readers: Sequence[str]) -> str:
    note, readers = "", all_readers(connection, readers)
    try:
        if step == CATALOGUE_STEP:
            note = _upgrade_catalogue(connection, readers)
        else:
            lock_definitions(connection)  # so that nobody else takes the same step
        if step.startswith(DATAFLOW_STEP):
            upgrade_dataflow(connection, step.removeprefix(DATAFLOW_STEP), readers)
        record(connection, VERSION, step)
    except RefusedError as error:
        raise RefusedError(
            f"The step {step!r} cannot be taken, and nothing was changed: {error}. A view, "
            "table or function of yours may depend on what it recreates: drop it, upgrade, and "
            "create it again."
        ) from error
    return note


def _upgrade_catalogue(connection: Connection, readers: Sequence[str]) -> str:
    # First of all, so that who takes the same step at the same time ends in a conflict here. What
    # follows would fail on what another has just created, as if it were a user's.
    connection.execute(
        f"CREATE TABLE {table('definition_lock')} ({quoted_columns(TABLES['definition_lock'])})"
    )
    _drop_functions(connection)
    found = tables_of(connection, PUBLIC)
    drop_foreign_keys(connection, PUBLIC, [*TABLES, "task"])
    for (tag,) in connection.query(f"SELECT tag FROM {table('dataflow')}"):
        sets = [name for name in names_in(connection, tag) if name.startswith("ds_")]
        drop_foreign_keys(connection, tag, sets)
    predecessors = PredecessorTables(found)
    first = _first_execution(connection, found) if predecessors.key is None else 0
    move_tasks(connection, found, predecessors, first)
    for name, columns in TABLES.items():
        if name in found:
            recreate_table(connection, PUBLIC, found[name], columns_of(columns))
        elif name not in ("task_begun", "task_ended", "definition_lock"):
            connection.execute(f"CREATE TABLE {table(name)} ({quoted_columns(columns)})")
    if predecessors.key is None:
        connection.execute(
            f"INSERT INTO {table('dataflow_execution')} (id, tag, df_id) "
            f"SELECT id + %s, tag, id FROM {table('dataflow')}",
            [first],
        )
    for name, columns in TABLES.items():
        if columns.startswith("id "):
            recreate_sequence(connection, PUBLIC, f"{name}_id_seq", name)
        grant(connection, PUBLIC, name, readers)
    for name, view in {**VIEWS, "task": task_view(found["task"], predecessors.key)}.items():
        connection.execute(view)
        grant(connection, PUBLIC, name, readers)
    connection.execute(f"INSERT INTO {table('definition_lock')} (changes) VALUES (0)")
    return EXECUTIONS_NOTE if predecessors.key is None else ""


def _first_execution(connection: Connection, found: Mapping[str, TableFound]) -> int:
    """What to add to a dataflow's id to get its execution's: a table may have rows already."""
    if "dataflow_execution" not in found:
        return 0
    ((last,),) = connection.query(f"SELECT max(id) FROM {table('dataflow_execution')}")
    return last or 0


def _drop_functions(connection: Connection) -> None:
    rows = connection.query(
        "SELECT DISTINCT f.name FROM sys.functions f JOIN sys.schemas s ON s.id = f.schema_id "
        "WHERE s.name = %s",
        [PUBLIC],
    )
    for (name,) in rows:
        if name in INSERT_FUNCTIONS:
            connection.execute(f"DROP ALL FUNCTION {table(name)}")
