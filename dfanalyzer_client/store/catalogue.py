"""Making the catalogue, and bringing one that an earlier version made up to this one."""

from __future__ import annotations

from collections.abc import Sequence

from .comparison import backfill
from .connection import Connection
from .layout import load_layouts
from .retry import retrying_conflicts
from .schema import (
    LINEAGE_VIEW,
    PUBLIC,
    TABLES,
    VERSION,
    VIEWS,
    catalogue_exists,
    grant,
    names_in,
    table,
)
from .sql import identifier

__all__ = ["create_catalogue"]

MIGRATIONS: dict[int, tuple[str, ...]] = {
    2: (
        'ALTER TABLE "public"."file" ADD COLUMN "mode" TEXT',
        'ALTER TABLE "public"."file" ADD COLUMN "size" BIGINT',
        'ALTER TABLE "public"."file" ADD COLUMN "sha256" TEXT',
        'CREATE TABLE "public"."execution_link" '
        '("df_exec" BIGINT, "task_id" BIGINT, "relation" TEXT, "execution_tag" TEXT)',
        LINEAGE_VIEW,
    ),
    3: (
        f'CREATE TABLE "public"."hyperparameter_value" ({TABLES["hyperparameter_value"]})',
        f'CREATE TABLE "public"."metric_value" ({TABLES["metric_value"]})',
        VIEWS["hyperparameters"],
        VIEWS["metrics"],
    ),
}
"""What makes a catalogue of the version before into one of this version."""

FILLS = {3: backfill}
"""What a step does then for each dataflow that is there."""


def create_catalogue(connection: Connection, readers: Sequence[str] = ()) -> bool:
    """Make the catalogue unless it is there; whether it was made.

    `readers` are users who may then SELECT from it.
    """
    for attempt in retrying_conflicts():
        with attempt, connection.transaction():
            made = not catalogue_exists(connection)
            if made:
                _create(connection, readers)
            else:
                _migrate(connection, readers)
    return made


def _create(connection: Connection, readers: Sequence[str]) -> None:
    if not connection.query("SELECT 1 FROM sys.schemas WHERE name = %s", [PUBLIC]):
        connection.execute(f"CREATE SCHEMA {identifier(PUBLIC)}")
    for name, columns in TABLES.items():
        connection.execute(f"CREATE TABLE {table(name)} ({_quoted(columns)})")
        if columns.startswith("id "):
            connection.execute(f"CREATE SEQUENCE {table(f'{name}_id_seq')} AS BIGINT")
    for view in VIEWS.values():
        connection.execute(view)
    connection.execute(f"INSERT INTO {table('definition_lock')} VALUES (0)")
    connection.execute(
        f"INSERT INTO {table('catalogue_version')} VALUES (%s, localtimestamp)", [VERSION]
    )
    for name in [*TABLES, *VIEWS]:
        grant(connection, PUBLIC, name, readers)


def _migrate(connection: Connection, readers: Sequence[str]) -> None:
    """Bring a catalogue that an earlier version made up to this one, one version at a time."""
    find = f"SELECT max(version) FROM {table('catalogue_version')}"
    if connection.query(find)[0][0] >= VERSION:
        return
    connection.execute(f"UPDATE {table('definition_lock')} SET changes = changes + 1")
    ((version,),) = connection.query(find)
    before = names_in(connection, PUBLIC)  # MonetDB refuses to grant what was granted
    for step in range(version + 1, VERSION + 1):
        for statement in MIGRATIONS[step]:
            connection.execute(statement)
        if step in FILLS:
            for layout in load_layouts(connection):
                FILLS[step](connection, layout)
        connection.execute(
            f"INSERT INTO {table('catalogue_version')} VALUES (%s, localtimestamp)", [step]
        )
    for name in [*TABLES, *VIEWS]:
        if name not in before:
            grant(connection, PUBLIC, name, readers)


def _quoted(columns: str) -> str:
    pairs = (column.split(" ", 1) for column in columns.split(", "))
    return ", ".join(f"{identifier(name)} {type_}" for name, type_ in pairs)
