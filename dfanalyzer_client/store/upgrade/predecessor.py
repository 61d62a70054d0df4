"""A database that the predecessor's server filled, brought forward step by step.

Its tables carry keys, over which writers conflict; their texts are bounded; ``task`` is a table
that is updated, and names executions by their tags. The step of the catalogue makes its tables
anew without keys and bounds, with all their rows and columns; one step for each dataflow does so
with its sets' tables. Each step is one transaction, which also writes its record into
``catalogue_version``, so that one that was interrupted goes on where it was.

Nothing is lost and old queries go on: columns keep their names and order, ``task.df_exec`` stays
what it is, times of ``performance`` stay texts. What goes are the functions with which the
predecessor's server inserts, because they hold the tables.
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
    VERSION,
    VIEWS,
    columns_of,
    grant,
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
INSERTING = (
    "insertdataflow", "insertdataflowversion", "insertdatatransformation", "insertprogram",
    "insertdataset", "insertattribute", "insertdataflowexecution", "inserttask", "insertfile",
    "insertperformance", "insertextractor", "insertextractorcombination",
)  # fmt: skip
TASK_VIEW = """
CREATE VIEW "public"."task" AS
SELECT b.id, b.identifier, b.df_version, {execution} AS df_exec, b.dt_id,
       COALESCE(e.status, b.status) AS status, b.workspace, b.computing_resource,
       COALESCE(e.output_msg, b.output_msg) AS output_msg,
       COALESCE(e.error_msg, b.error_msg) AS error_msg{more}
FROM "public"."task_begun" AS b LEFT JOIN "public"."task_ended" AS e ON e.task_id = b.id
  LEFT JOIN "public"."dataflow_execution" AS x ON x.id = b.df_exec
"""


def steps_left(connection: Connection) -> list[str]:
    """The steps that are not recorded, in order; none in a catalogue that we made."""
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
    """Take the steps that are left; each is named when its transaction has been committed."""
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
        else:  # of several who take a step at once MonetDB lets one through
            connection.execute(f"UPDATE {table('definition_lock')} SET changes = changes + 1")
        if step.startswith(DATAFLOW_STEP):
            upgrade_dataflow(connection, step.removeprefix(DATAFLOW_STEP), readers)
        record(connection, VERSION, step)
    except RefusedError as error:
        raise RefusedError(
            f"The step {step!r} cannot be taken, and nothing was changed: {error}. A view, "
            "table or function of your own may hold one: drop it, upgrade, and make it anew."
        ) from error


def _upgrade_catalogue(connection: Connection, readers: Sequence[str]) -> None:
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
        elif name not in ("task_begun", "task_ended"):
            connection.execute(f"CREATE TABLE {table(name)} ({quoted_columns(columns)})")
        if columns.startswith("id "):
            recreate_sequence(connection, PUBLIC, f"{name}_id_seq", name)
    more = "".join(f", b.{identifier(name)}" for name in extra)
    task_view = TASK_VIEW.format(execution="x.tag" if key == "tag" else "x.id", more=more)
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
        if name in INSERTING:
            connection.execute(f"DROP ALL FUNCTION {table(name)}")
