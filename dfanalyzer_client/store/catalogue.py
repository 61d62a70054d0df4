"""Create the catalogue, or upgrade one that an earlier version or the predecessor created."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ..dlprov import role_of as dlprov_role
from ..errors import RefusedError
from ..keras_schema import Role, find_set
from ..keras_schema.names import TEST_METRIC_PREFIX
from .comparison.metric_summaries import summarize_dataflows
from .comparison.roles import add_known_roles
from .comparison.values import backfill, compare_anew
from .connection import Connection
from .inspection import tables_of
from .layout import DataflowLayout, SetLayout
from .layout_queries import load_layouts
from .origins.origin import Origin, name_clash, origin_of
from .retry import retrying_conflicts
from .rights.permissions import all_readers
from .schema import (
    LINEAGE_VIEW,
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
from .sessions import warn_of_blocking_sessions
from .sql import identifier
from .upgrade.predecessor import dataflows_left, upgrade
from .upgrade.progress import Progress
from .upgrade.rebuilding import drop_foreign_keys, recreate_sequence, recreate_table

__all__ = ["create_catalogue", "create_missing_catalogue"]

logger = logging.getLogger(__name__)


def _creation(name: str) -> list[str]:
    """What creates a table of the catalogue, and the sequence of its ids."""
    statements = [f"CREATE TABLE {table(name)} ({quoted_columns(TABLES[name])})"]
    if TABLES[name].startswith("id "):
        statements.append(f"CREATE SEQUENCE {table(f'{name}_id_seq')} AS BIGINT")
    return statements


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
        'ALTER TABLE "public"."catalogue_version" ADD COLUMN "step" TEXT',
        VIEWS["hyperparameters"],
        VIEWS["metrics"],
    ),
    4: tuple(
        f'CREATE TABLE "public"."{name}" ({quoted_columns(TABLES[name])})'
        for name in ("waiting_value", "waiting_dependency")
    ),
    5: tuple(
        statement
        for name in ("data_set_role", "execution_association")
        for statement in _creation(name)
    ),
    6: (
        *(
            statement
            for name in ("execution_tag", "execution_note", "erasure", "metric_summary")
            for statement in _creation(name)
        ),
        VIEWS["tags"],
        VIEWS["notes"],
    ),
    7: (
        *(
            statement
            for name in ("steering_offer", "steering_request", "steering_outcome")
            for statement in _creation(name)
        ),
        VIEWS["steering"],
    ),
    8: tuple(_creation("journal_head")),
}
"""Statements that upgrade a catalogue from the version before."""


OF_DLPROV = {"data_scientist": {"id", "email"}, "hardware_info": {"id", "hostname"}}
"""Columns by which tables of DLProv's are told from those of other programs."""


def _add_agents(connection: Connection, readers: Sequence[str]) -> None:
    """Create DLProv's tables of scientists and machines, or recreate those that it created."""
    found = tables_of(connection, PUBLIC)
    for name in ("data_scientist", "hardware_info"):
        if name in found:
            if not OF_DLPROV[name] <= found[name].columns.keys():
                raise RefusedError(
                    f"The catalogue cannot be upgraded, because {table(name)} is a table of "
                    "another program: rename it."
                )
            drop_foreign_keys(connection, PUBLIC, [name])
            recreate_table(connection, PUBLIC, found[name], columns_of(TABLES[name]))
            recreate_sequence(connection, PUBLIC, f"{name}_id_seq", name)
            grant(connection, PUBLIC, name, readers)
        else:
            for statement in _creation(name):
                connection.execute(statement)


PREPARATIONS = {5: _add_agents}
"""What else to do before the statements of a version, with the users who may then read."""


def _add_roles(connection: Connection, layout: DataflowLayout) -> None:
    """Give sets their roles; those of DLProv were not compared before, or under other names."""
    add_known_roles(connection, layout)
    if any(map(_was_compared_otherwise, layout.sets.values())):
        compare_anew(connection, layout)


def _was_compared_otherwise(known: SetLayout) -> bool:
    if known.role == Role.TESTS:
        return any(not name.startswith(TEST_METRIC_PREFIX) for name in known.attributes)
    is_dlprovs = dlprov_role(known.tag, known.producers, known.consumers) is not None
    return is_dlprovs and find_set(known.tag) is None


Share = Callable[[float], None]
"""Called with the share of a step that is done."""


def _for_each(
    change: Callable[[Connection, DataflowLayout], None],
) -> Callable[[Connection, Sequence[DataflowLayout], Share], None]:
    """What changes dataflows one after the other."""

    def change_all(
        connection: Connection, layouts: Sequence[DataflowLayout], progress: Share
    ) -> None:
        for number, layout in enumerate(layouts, 1):
            change(connection, layout)
            progress(number / len(layouts))

    return change_all


def _summarize(connection: Connection, layouts: Sequence[DataflowLayout], progress: Share) -> None:
    summarize_dataflows(connection, [layout.id for layout in layouts], progress)


BACKFILLS = {3: _for_each(backfill), 5: _for_each(_add_roles), 6: _summarize}
"""What to do for the existing dataflows after the statements of a version."""


def create_catalogue(
    connection: Connection,
    readers: Sequence[str] = (),
    report: Callable[[str], None] | None = None,
    progress: Progress | None = None,
) -> bool:
    """Create the catalogue unless it exists, or upgrade it.

    A catalogue of an earlier version, or of the predecessor, is upgraded step by step. Every step
    is one transaction that also records it.

    Args:
        connection: of a user who may create schemas and tables.
        readers: users who may then SELECT from it.
        report: called with each step; None: write it to the log.
        progress: is told how far a step is; None: the log is.

    Returns:
        Whether the catalogue was created.

    Raises:
        RefusedError: another program's tables are in its place, or the user lacks a right.
    """
    created = create_missing_catalogue(connection, readers)
    progress = progress or Progress(partial(logger.warning, "An upgrade of the catalogue: %s."))
    for step in _upgrade_steps(connection, readers, progress):
        if report is None:
            logger.warning("The catalogue in %s was upgraded: %s.", connection.url, step)
        else:
            report(step)
    return created


def create_missing_catalogue(connection: Connection, readers: Sequence[str] = ()) -> bool:
    """Create the catalogue unless one exists, of whatever version; returns whether it was created.

    Raises:
        RefusedError: another program's tables are in its place, or the user lacks a right.
    """
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            created = origin_of(tables_of(connection, PUBLIC)) is Origin.NONE
            if created:
                _create(connection, readers)
    return created


def _upgrade_steps(
    connection: Connection, readers: Sequence[str], progress: Progress
) -> Iterator[str]:
    while True:
        for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
            with attempt, connection.transaction():
                step = _next_version(connection, readers, progress)
        if step is None:
            break
        yield f"version {step}"
    yield from upgrade(connection, readers)


def _create(connection: Connection, readers: Sequence[str]) -> None:
    clash = name_clash(names_in(connection, PUBLIC))
    if clash is not None:
        raise clash
    if not connection.query("SELECT 1 FROM sys.schemas WHERE name = %s", [PUBLIC]):
        connection.execute(f"CREATE SCHEMA {identifier(PUBLIC)}")
    for name in TABLES:
        for statement in _creation(name):
            connection.execute(statement)
    for view in VIEWS.values():
        connection.execute(view)
    connection.execute(f"INSERT INTO {table('definition_lock')} VALUES (0)")
    record(connection, VERSION)
    for name in [*TABLES, *VIEWS]:
        grant(connection, PUBLIC, name, readers)


def _next_version(connection: Connection, readers: Sequence[str], progress: Progress) -> int | None:
    """Upgrade a catalogue of ours by one version; returns it, or None if there is no newer one."""
    find = f"SELECT max(version) FROM {table('catalogue_version')}"
    before = names_in(connection, PUBLIC)
    if "catalogue_version" not in before or connection.query(find)[0][0] >= VERSION:
        return None
    lock_definitions(connection)
    readers = all_readers(connection, readers)
    version = int(connection.query(find)[0][0]) + 1
    if version in PREPARATIONS:
        PREPARATIONS[version](connection, readers)
    for statement in MIGRATIONS[version]:
        connection.execute(statement)
    if version in BACKFILLS:
        left = dataflows_left(connection)  # the steps of their upgrade do the same
        layouts = [each for each in load_layouts(connection) if each.tag not in left]
        BACKFILLS[version](connection, layouts, partial(progress.done, f"version {version}"))
    _record(connection, version)
    for name in [*TABLES, *VIEWS]:
        if name not in before and name in names_in(connection, PUBLIC):
            grant(connection, PUBLIC, name, readers)  # MonetDB refuses to grant twice
    return version


def _record(connection: Connection, version: int) -> None:
    """Record a version; before version 3 there was no column for a step's name."""
    connection.execute(
        f"INSERT INTO {table('catalogue_version')} (version, made) VALUES (%s, localtimestamp)",
        [version],
    )
