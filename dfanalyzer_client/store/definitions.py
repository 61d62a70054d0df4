"""Define a dataflow in the database: catalogue rows, schema, tables and views.

All of it happens in one transaction that first updates the one row of ``definition_lock``. MonetDB
commits only one of several such transactions, so definitions change one after the other although
no table has a constraint. Existing tables and views are not altered in it, because a reader may
block that: `growth` does so, in transactions of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..declarations.dataflow import Declaration
from ..errors import NotYetError, RefusedError
from .catalogue_rows import fresh_ids, insert_with_id
from .comparison.values import compare_anew, trains
from .connection import Connection
from .growth.apply_pending import apply_pending
from .layout import DataflowLayout, missing_parts
from .layout_queries import load_layout
from .retry import retrying_conflicts
from .rights.permissions import all_readers
from .schema import lock_definitions, table
from .sessions import warn_of_blocking_sessions
from .set_definitions import grow_set
from .sql import identifier

__all__ = ["compare_with_new_roles", "ensure_dataflow", "ensure_execution", "known_execution"]


def ensure_dataflow(
    connection: Connection,
    declared: Declaration,
    known: DataflowLayout | None,
    readers: Sequence[str],
) -> DataflowLayout:
    """The layout of a dataflow, after everything declared but missing was created.

    Raises:
        RefusedError: the database has an attribute with another type.
    """
    if known is not None and not missing_parts(known, declared):
        return known
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            layout = _define(connection, declared, readers)
    apply_pending(connection, layout, readers)
    return layout


def _define(
    connection: Connection, declared: Declaration, readers: Sequence[str]
) -> DataflowLayout:
    layout = load_layout(connection, declared.tag)
    if layout is None or missing_parts(layout, declared):
        lock_definitions(connection)
        readers = all_readers(connection, readers)
        layout = _add_missing_parts(connection, layout, declared, readers)
    return layout


def compare_with_new_roles(connection: Connection, used: DataflowLayout) -> DataflowLayout:
    """Compare the rows of a dataflow anew if another process has given its sets roles meanwhile.

    Args:
        connection: outside of a transaction.
        used: the layout with which rows were stored just now.

    Returns:
        The layout that the next rows are to be stored with.
    """
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            newest = connection.query(
                f"SELECT max(version) FROM {table('dataflow_version')} WHERE df_id = %s", [used.id]
            )
            if (newest[0][0] or 0) <= used.version:
                return used
            layout = load_layout(connection, used.tag) or used
            if _has_other_roles(layout, used):
                lock_definitions(connection)
                compare_anew(connection, layout)
    return layout


def _has_other_roles(layout: DataflowLayout, used: DataflowLayout) -> bool:
    return trains(layout) != trains(used) or any(
        known.role != used.sets[tag].role for tag, known in layout.sets.items() if tag in used.sets
    )


def ensure_execution(connection: Connection, layout: DataflowLayout, tag: str | None) -> int:
    """The id of the execution `tag`, created if it is missing.

    Raises:
        RefusedError: `tag` is None, so nobody could ever find the execution.
    """
    if tag is None:
        raise RefusedError(
            "The task names no execution: expected a text as 'exec'. Received: null."
        )
    find = f"SELECT id FROM {table('dataflow_execution')} WHERE df_id = %s AND tag = %s"
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            found = connection.query(find, [layout.id, tag])
            if not found:
                lock_definitions(connection)
                (id_,) = fresh_ids(connection, table("dataflow_execution_id_seq"), 1)
                connection.execute(
                    f"INSERT INTO {table('dataflow_execution')} (id, tag, df_id) "
                    "VALUES (%s, %s, %s)",
                    [id_, tag, layout.id],
                )
                found = [(id_,)]
    return int(found[0][0])


def known_execution(connection: Connection, layout: DataflowLayout, tag: str) -> int:
    """The id of the execution `tag`; raises NotYetError if there is none."""
    with connection.transaction():
        found = connection.query(
            f"SELECT id FROM {table('dataflow_execution')} WHERE df_id = %s AND tag = %s",
            [layout.id, tag],
        )
    if not found:
        raise NotYetError(f"Dataflow {layout.tag!r} has no execution {tag!r} yet.")
    return int(found[0][0])


def _add_missing_parts(
    connection: Connection,
    layout: DataflowLayout | None,
    declared: Declaration,
    readers: Sequence[str],
) -> DataflowLayout:
    is_new = layout is None
    if layout is None:
        layout = DataflowLayout(
            insert_with_id(connection, "dataflow", tag=declared.tag), declared.tag
        )
        connection.execute(f"CREATE SCHEMA {identifier(declared.tag)}")
    for tag in declared.transformations:
        _add_transformation(connection, layout, tag)
    has_new_roles, trained = False, trains(layout)
    for wanted in declared.sets.values():
        for tag in wanted.producers:
            _add_transformation(connection, layout, tag)
        has_new_roles |= grow_set(connection, layout, wanted, readers)
    if has_new_roles or (not is_new and trains(layout) and not trained):
        compare_anew(connection, layout)
    _add_programs(connection, layout, declared)
    layout.version += 1
    connection.execute(
        f"INSERT INTO {table('dataflow_version')} (version, df_id) VALUES (%s, %s)",
        [layout.version, layout.id],
    )
    return layout


def _add_transformation(connection: Connection, layout: DataflowLayout, tag: str) -> None:
    if tag not in layout.transformations:
        layout.transformations[tag] = insert_with_id(
            connection, "data_transformation", df_id=layout.id, tag=tag
        )


def _add_programs(connection: Connection, layout: DataflowLayout, declared: Declaration) -> None:
    for tag, programs in declared.programs.items():
        for program in programs:
            if program not in layout.programs:
                name, path = program
                layout.programs[program] = insert_with_id(
                    connection, "program", df_id=layout.id, name=name, path=path
                )
            if (tag, program) not in layout.used:
                connection.execute(
                    f"INSERT INTO {table('use_program')} (dt_id, program_id) VALUES (%s, %s)",
                    [layout.transformations[tag], layout.programs[program]],
                )
                layout.used.add((tag, program))
