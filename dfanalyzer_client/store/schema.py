"""The catalogue in schema ``"public"``: the one file that spells its tables.

What DfAnalyzer's users know keeps its name and columns. Tables that many trainings write at once
carry no PRIMARY KEY, UNIQUE or FOREIGN KEY and are only appended to, since MonetDB lets writers
conflict over either; so DfAnalyzer's ``task``, whose status changes, is a view here, over
``task_begun`` and ``task_ended``. Ours beyond DfAnalyzer's:

- ``task_dependency``: which task read what which task wrote; the views of the sets join along it;
- ``exact_number``: numbers that a DOUBLE cannot hold (NaN, infinities, integers beyond 2^53);
- ``journal_mark``: how far each journal is stored, written with its rows;
- ``definition_lock``: one row, updated by whoever changes definitions, so that no two do at once;
- ``catalogue_version``: the steps that made this catalogue.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import RefusedError
from .connection import Connection
from .retry import retrying_conflicts
from .sql import identifier, qualified

__all__ = ["PUBLIC", "TABLES", "catalogue_exists", "create_catalogue", "grant", "table"]

PUBLIC = "public"
VERSION = 1

TABLES: dict[str, str] = {
    "dataflow": "id BIGINT, tag TEXT",
    "dataflow_version": "version BIGINT, df_id BIGINT",
    "data_transformation": "id BIGINT, df_id BIGINT, tag TEXT",
    "program": "id BIGINT, df_id BIGINT, name TEXT, path TEXT",
    "use_program": "dt_id BIGINT, program_id BIGINT",
    "data_set": "id BIGINT, df_id BIGINT, tag TEXT",
    "data_dependency": "id BIGINT, previous_dt_id BIGINT, next_dt_id BIGINT, ds_id BIGINT",
    "extractor": "id BIGINT, ds_id BIGINT, tag TEXT, cartridge TEXT, extension TEXT",
    "extractor_combination": (
        "id BIGINT, ds_id BIGINT, outer_ext_id BIGINT, inner_ext_id BIGINT, keys TEXT, "
        "key_types TEXT"
    ),
    "attribute": "id BIGINT, ds_id BIGINT, extractor_id BIGINT, name TEXT, type TEXT",
    "dataflow_execution": "id BIGINT, tag TEXT, df_id BIGINT",
    "task_begun": (
        "id BIGINT, identifier BIGINT, df_version BIGINT, df_exec BIGINT, dt_id BIGINT, "
        "status TEXT, workspace TEXT, computing_resource TEXT, output_msg TEXT, error_msg TEXT, "
        "began TIMESTAMP"
    ),
    "task_ended": ("task_id BIGINT, status TEXT, output_msg TEXT, error_msg TEXT, ended TIMESTAMP"),
    "task_dependency": "task_id BIGINT, dt_id BIGINT, previous_task_id BIGINT",
    "file": "id BIGINT, task_id BIGINT, name TEXT, path TEXT",
    "performance": (
        "id BIGINT, task_id BIGINT, subtask_id TEXT, method TEXT, description TEXT, "
        "starttime TIMESTAMP, endtime TIMESTAMP, invocation TEXT"
    ),
    "exact_number": "attribute_id BIGINT, element_id BIGINT, value TEXT",
    "journal_mark": "journal TEXT, stored_to BIGINT",
    "definition_lock": "changes BIGINT",
    "catalogue_version": "version BIGINT, made TIMESTAMP",
}

TASK_VIEW = """
CREATE VIEW "public"."task" AS
SELECT b.id, b.identifier, b.df_version, b.df_exec, b.dt_id,
       COALESCE(e.status, b.status) AS status, b.workspace, b.computing_resource,
       COALESCE(e.output_msg, b.output_msg) AS output_msg,
       COALESCE(e.error_msg, b.error_msg) AS error_msg
FROM "public"."task_begun" AS b LEFT JOIN "public"."task_ended" AS e ON e.task_id = b.id
"""


def table(name: str) -> str:
    """A table of the catalogue, quoted."""
    return qualified(PUBLIC, name)


def catalogue_exists(connection: Connection) -> bool:
    """Whether the catalogue is there.

    Raises:
        RefusedError: a catalogue is there that another program made.
    """
    names = {
        name
        for (name,) in connection.query(
            "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
            "WHERE s.name = %s",
            [PUBLIC],
        )
    }
    if "dataflow" in names and "catalogue_version" not in names:
        raise RefusedError(
            f"The database at {connection.url} holds a catalogue of DfAnalyzer that keras-prov "
            "did not make and cannot write to yet. Name another database."
        )
    return "catalogue_version" in names


def create_catalogue(connection: Connection, readers: Sequence[str] = ()) -> bool:
    """Make the catalogue unless it is there; whether it was made.

    `readers` are users who may then SELECT from it.
    """
    for attempt in retrying_conflicts():
        with attempt, connection.transaction():
            made = not catalogue_exists(connection)
            if made:
                _create(connection, readers)
    return made


def grant(connection: Connection, schema: str, name: str, readers: Sequence[str]) -> None:
    """Let `readers` SELECT from a table or view."""
    for reader in readers:
        connection.execute(f"GRANT SELECT ON {qualified(schema, name)} TO {identifier(reader)}")


def _create(connection: Connection, readers: Sequence[str]) -> None:
    if not connection.query("SELECT 1 FROM sys.schemas WHERE name = %s", [PUBLIC]):
        connection.execute(f"CREATE SCHEMA {identifier(PUBLIC)}")
    for name, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {table(name)} ({_quoted(columns)})")
        if columns.startswith("id "):
            connection.execute(f"CREATE SEQUENCE {table(f'{name}_id_seq')} AS BIGINT")
    connection.execute(TASK_VIEW)
    connection.execute(f"INSERT INTO {table('definition_lock')} VALUES (0)")
    connection.execute(
        f"INSERT INTO {table('catalogue_version')} VALUES (%s, localtimestamp)", [VERSION]
    )
    for name in [*TABLES, "task"]:
        grant(connection, PUBLIC, name, readers)


def _quoted(columns: str) -> str:
    pairs = (column.split(" ", 1) for column in columns.split(", "))
    return ", ".join(f"{identifier(name)} {type_}" for name, type_ in pairs)
