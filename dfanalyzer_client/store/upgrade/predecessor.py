"""Upgrade a database that the predecessor's server filled, step by step.

Its tables have keys, which make writers conflict, and texts of limited length; ``task`` is a table
whose rows are updated, and may name executions by their tags. The first step recreates the tables
of the catalogue without keys and limits, but with all their rows and columns. One step for each
dataflow then does the same with the tables of its sets. Each step is one transaction, which also
records it in ``catalogue_version``, so that an interrupted upgrade continues where it stopped.

Nothing is lost, and old queries still work: columns keep their names and order, ``task.df_exec``
keeps its values, times of ``performance`` stay texts. Only the functions with which the
predecessor's server inserts rows are dropped, because they depend on the tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...errors import RefusedError
from ..connection import Connection
from ..inspection import tables_of
from ..reading import execution_key
from ..retry import retrying_conflicts
from ..schema import (
    PUBLIC,
    TABLES,
    TASK_VIEW,
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
from ..sql import identifier
from .rebuilding import drop_foreign_keys, recreate_sequence, recreate_table
from .sets import upgrade_dataflow
from .tasks import move_tasks

__all__ = ["steps_left", "upgrade"]

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
        "insertperformance",
        "insertprogram",
        "inserttask",
    }
)
"""Functions with which the predecessor's server inserts rows."""

EXECUTION_JOIN = ' LEFT JOIN "public"."dataflow_execution" AS x ON x.id = b.df_exec'


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


def upgrade(connection: Connection, readers: Sequence[str] = ()) -> Iterator[str]:
    """Take the steps that are left; yields the name of each once it is committed."""
    while True:
        step = ""
        for attempt in retrying_conflicts():
            with attempt, connection.transaction():
                left = steps_left(connection)
                step = left[0] if left else ""
                if step:
                    _take(connection, step, readers)
        if not step:
            return
        yield step


def _take(connection: Connection, step: str, readers: Sequence[str]) -> None:
    try:
        if step == CATALOGUE_STEP:
            _upgrade_catalogue(connection, readers)
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


def _upgrade_catalogue(connection: Connection, readers: Sequence[str]) -> None:
    # First of all, so that who takes the same step at the same time ends in a conflict here. What
    # follows would fail on what another has just created, as if it were a user's.
    connection.execute(
        f"CREATE TABLE {table('definition_lock')} ({quoted_columns(TABLES['definition_lock'])})"
    )
    _drop_functions(connection)
    found = tables_of(connection, PUBLIC)
    schemas = [tag for (tag,) in connection.query(f"SELECT tag FROM {table('dataflow')}")]
    drop_foreign_keys(connection, PUBLIC, [*TABLES, "task"])
    for schema in schemas:
        drop_foreign_keys(connection, schema)
    key = execution_key(found)
    extra = move_tasks(connection, found["task"], key)
    for name, columns in TABLES.items():
        if name in found:
            recreate_table(connection, PUBLIC, found[name], columns_of(columns))
        elif name not in ("task_begun", "task_ended", "definition_lock"):
            connection.execute(f"CREATE TABLE {table(name)} ({quoted_columns(columns)})")
        if columns.startswith("id "):
            recreate_sequence(connection, PUBLIC, f"{name}_id_seq", name)
    task_view = TASK_VIEW.format(
        execution="x.tag" if key == "tag" else "x.id",
        more="".join(f", b.{identifier(name)}" for name in extra),
        join=EXECUTION_JOIN,
    )
    for name, view in {**VIEWS, "task": task_view}.items():
        connection.execute(view)
        grant(connection, PUBLIC, name, readers)
    connection.execute(f"INSERT INTO {table('definition_lock')} (changes) VALUES (0)")
    for name in TABLES:
        grant(connection, PUBLIC, name, readers)


def _drop_functions(connection: Connection) -> None:
    rows = connection.query(
        "SELECT DISTINCT f.name FROM sys.functions f JOIN sys.schemas s ON s.id = f.schema_id "
        "WHERE s.name = %s",
        [PUBLIC],
    )
    for (name,) in rows:
        if name in INSERT_FUNCTIONS:
            connection.execute(f"DROP ALL FUNCTION {table(name)}")
