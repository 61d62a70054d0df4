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
from datetime import UTC, datetime

from ...errors import RefusedError
from ...task_status import ENDED
from ..bulk import insert_rows
from ..comparison import backfill
from ..connection import Connection
from ..definitions import add_dependencies
from ..growth.views import create_view
from ..inspection import TableFound, column_kind, tables_of
from ..layout import AttributeLayout, DataflowLayout, SetLayout, load_layout
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
from ..sql import identifier, qualified
from .rebuilding import drop_foreign_keys, recreate_sequence, recreate_table, wider_type

__all__ = ["steps_left", "upgrade"]

CATALOGUE_STEP, DONE_STEP = "predecessor: catalogue", "predecessor: all of it"
DATAFLOW_STEP = "predecessor: dataflow "
INSERTING = (
    "insertdataflow", "insertdataflowversion", "insertdatatransformation", "insertprogram",
    "insertdataset", "insertattribute", "insertdataflowexecution", "inserttask", "insertfile",
    "insertperformance", "insertextractor", "insertextractorcombination",
)  # fmt: skip
TIMES = "upgrade_times"
"""Name of a table that is there during a step alone."""

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
            _upgrade_dataflow(connection, step.removeprefix(DATAFLOW_STEP), readers)
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
    extra = _move_tasks(connection, found["task"], key)
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


def _move_tasks(connection: Connection, old: TableFound, key: str) -> list[str]:
    """Tasks into the tables that are only appended to; the columns that only the old one had."""
    _note_times(connection)
    columns = columns_of(TABLES["task_begun"])
    extra = {name: each for name, each in old.columns.items() if name not in columns}
    more = "".join(f", {identifier(name)} {wider_type(each.type)}" for name, each in extra.items())
    for name in ("task_begun", "task_ended"):
        tail = more if name == "task_begun" else ""
        connection.execute(f"CREATE TABLE {table(name)} ({quoted_columns(TABLES[name])}{tail})")
    copied = [*(name for name in columns if name not in ("df_exec", "began")), *extra]
    names = ", ".join(map(identifier, copied))
    values = ", ".join(f"t.{identifier(name)}" for name in copied)
    connection.execute(
        f'INSERT INTO {table("task_begun")} ({names}, "df_exec", "began") '
        f"SELECT {values}, e.id, w.began FROM {table('task')} t "
        f"LEFT JOIN (SELECT {key} AS named, min(id) AS id FROM {table('dataflow_execution')} "
        f"GROUP BY {key}) e ON e.named = t.df_exec "
        f"LEFT JOIN {table(TIMES)} w ON w.task_id = t.id ORDER BY t.id"
    )
    marks = ", ".join(["%s"] * len(ENDED))
    connection.execute(
        f"INSERT INTO {table('task_ended')} "
        "SELECT t.id, t.status, t.output_msg, t.error_msg, w.ended "
        f"FROM {table('task')} t LEFT JOIN {table(TIMES)} w ON w.task_id = t.id "
        f"WHERE t.status IN ({marks})",
        sorted(status.value for status in ENDED),
    )
    connection.execute(f"DROP TABLE {table(TIMES)}")
    connection.execute(f"DROP TABLE {table('task')}")
    return list(extra)


def _note_times(connection: Connection) -> None:
    """When each task began and ended, where `performance` says so in a way that is understood."""
    times: dict[int, list[datetime | None]] = {}
    rows = connection.query(f"SELECT task_id, starttime, endtime FROM {table('performance')}")
    for task, start, end in rows:
        began, ended = _moment(start), _moment(end)
        known = times.setdefault(task, [None, None])
        known[0] = min(filter(None, (known[0], began)), default=None)
        known[1] = max(filter(None, (known[1], ended)), default=None)
    connection.execute(
        f'CREATE TABLE {table(TIMES)} ("task_id" BIGINT, "began" TIMESTAMP, "ended" TIMESTAMP)'
    )
    values = [
        [task, *(None if moment is None else moment.isoformat(" ") for moment in pair)]
        for task, pair in times.items()
    ]
    insert_rows(connection, table(TIMES), ["task_id", "began", "ended"], values)


def _moment(value: object) -> datetime | None:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _upgrade_dataflow(connection: Connection, tag: str, readers: Sequence[str]) -> None:
    layout = load_layout(connection, tag)
    if layout is None:
        return
    if tag not in {name for (name,) in connection.query("SELECT name FROM sys.schemas")}:
        connection.execute(f"CREATE SCHEMA {identifier(tag)}")
    names, found = names_in(connection, tag), tables_of(connection, tag)
    for known in layout.sets.values():
        if known.tag in names and known.tag not in found:
            connection.execute(f"DROP VIEW {qualified(tag, known.tag)}")
        old = found.get(known.table, TableFound(known.table))
        _complete(connection, layout, known, old)
        _make_set_anew(connection, layout, known, old, readers)
    backfill(connection, layout)


def _complete(
    connection: Connection, layout: DataflowLayout, known: SetLayout, old: TableFound
) -> None:
    """Give a set in the catalogue what its table has beyond that."""
    for name, column in old.columns.items():
        writer = name.removesuffix("_task_id")
        attribute = known.attributes.get(name)
        is_number = attribute is not None and attribute.type == "NUMERIC"
        if attribute is not None and is_number and column_kind(column.type) == "TEXT":
            _declare_text(connection, attribute)
        if name == "id" or name in known.task_columns or attribute is not None:
            continue
        if writer != name and writer in layout.transformations:
            add_dependencies(connection, layout, known, [], [writer])
        else:
            type_ = "NUMERIC" if column_kind(column.type) in ("DOUBLE", "BIGINT") else "TEXT"
            known.attributes[name] = AttributeLayout(
                _add_attribute(connection, known.id, name, type_), type_
            )


def _declare_text(connection: Connection, attribute: AttributeLayout) -> None:
    """Say that an attribute is what its column is."""
    connection.execute(
        f"UPDATE {table('attribute')} SET type = 'TEXT' WHERE id = %s", [attribute.id]
    )
    attribute.type = "TEXT"


def _add_attribute(connection: Connection, set_: int, name: str, type_: str) -> int:
    ((id_,),) = connection.query(f"SELECT NEXT VALUE FOR {table('attribute_id_seq')}")
    connection.execute(
        f'INSERT INTO {table("attribute")} ("id", "ds_id", "name", "type") VALUES (%s, %s, %s, %s)',
        [id_, set_, name, type_],
    )
    return int(id_)


def _make_set_anew(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    old: TableFound,
    readers: Sequence[str],
) -> None:
    wanted = {"id": "BIGINT"} | dict.fromkeys(known.task_columns, "BIGINT")
    for name, attribute in known.attributes.items():
        wanted[name] = "DOUBLE" if attribute.type == "NUMERIC" else "TEXT"
    if old.columns:
        recreate_table(connection, layout.tag, old, wanted)
    else:
        described = ", ".join(f"{identifier(name)} {type_}" for name, type_ in wanted.items())
        connection.execute(f"CREATE TABLE {qualified(layout.tag, known.table)} ({described})")
    recreate_sequence(connection, layout.tag, known.sequence, known.table)
    grant(connection, layout.tag, known.table, readers)
    known.pending, known.stale = set(), False
    create_view(connection, layout, known, readers)
