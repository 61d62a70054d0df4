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
from ..declarations.sets import DeclaredSet
from ..errors import RefusedError
from .connection import Connection
from .growth.apply_pending import apply_pending
from .growth.views import create_view
from .layout import (
    LIST_SEPARATOR,
    AttributeLayout,
    DataflowLayout,
    SetLayout,
    load_layout,
    missing_parts,
)
from .retry import retrying_conflicts
from .schema import grant, lock_definitions, table
from .sessions import warn_of_blocking_sessions
from .sql import identifier, next_range, next_values, qualified

__all__ = [
    "add_dependencies",
    "ensure_dataflow",
    "ensure_execution",
    "fresh_ids",
]

IDS_AT_ONCE = 1000


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
            layout = load_layout(connection, declared.tag)
            if missing_parts(layout, declared):
                lock_definitions(connection)
                layout = _grow(connection, layout, declared, readers)
    assert layout is not None  # noqa: S101 (for the type checker: grown from nothing at least)
    apply_pending(connection, layout, readers)
    return layout


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


def fresh_ids(connection: Connection, sequence: str, count: int) -> list[int]:
    """`count` ids that nobody else has, in ascending order."""
    ids: list[int] = []
    while wanted := min(IDS_AT_ONCE, count - len(ids)):
        ((first, last),) = connection.query(next_range(sequence, wanted))
        if last - first + 1 == wanted:
            ids += range(first, last + 1)
        else:  # another writer took some of them: discard this range
            ids += [id_ for (id_,) in connection.query(next_values(sequence, wanted))]
    return ids


def _grow(
    connection: Connection,
    layout: DataflowLayout | None,
    declared: Declaration,
    readers: Sequence[str],
) -> DataflowLayout:
    if layout is None:
        layout = DataflowLayout(_insert(connection, "dataflow", tag=declared.tag), declared.tag)
        connection.execute(f"CREATE SCHEMA {identifier(declared.tag)}")
    for tag in declared.transformations:
        _add_transformation(connection, layout, tag)
    for wanted in declared.sets.values():
        for tag in wanted.producers:
            _add_transformation(connection, layout, tag)
        _grow_set(connection, layout, wanted, readers)
    _add_programs(connection, layout, declared)
    layout.version += 1
    connection.execute(
        f"INSERT INTO {table('dataflow_version')} (version, df_id) VALUES (%s, %s)",
        [layout.version, layout.id],
    )
    return layout


def _insert(connection: Connection, name: str, /, **values: object) -> int:
    (id_,) = fresh_ids(connection, table(f"{name}_id_seq"), 1)
    columns = ", ".join(map(identifier, ["id", *values]))
    marks = ", ".join(["%s"] * (len(values) + 1))
    connection.execute(
        f"INSERT INTO {table(name)} ({columns}) VALUES ({marks})", [id_, *values.values()]
    )
    return id_


def _add_transformation(connection: Connection, layout: DataflowLayout, tag: str) -> None:
    if tag not in layout.transformations:
        layout.transformations[tag] = _insert(
            connection, "data_transformation", df_id=layout.id, tag=tag
        )


def _add_programs(connection: Connection, layout: DataflowLayout, declared: Declaration) -> None:
    for tag, programs in declared.programs.items():
        for program in programs:
            if program not in layout.programs:
                name, path = program
                layout.programs[program] = _insert(
                    connection, "program", df_id=layout.id, name=name, path=path
                )
            if (tag, program) not in layout.used:
                connection.execute(
                    f"INSERT INTO {table('use_program')} (dt_id, program_id) VALUES (%s, %s)",
                    [layout.transformations[tag], layout.programs[program]],
                )
                layout.used.add((tag, program))


def _grow_set(
    connection: Connection, layout: DataflowLayout, wanted: DeclaredSet, readers: Sequence[str]
) -> None:
    known = layout.sets.get(wanted.tag)
    is_new = known is None
    if known is None:
        known = SetLayout(
            _insert(connection, "data_set", df_id=layout.id, tag=wanted.tag), wanted.tag
        )
        layout.sets[wanted.tag] = known
    before = set(known.columns)
    changed = add_dependencies(connection, layout, known, wanted.producers, wanted.consumers)
    _grow_attributes(connection, known, wanted)
    _grow_extractors(connection, known, wanted)
    grown = set(known.columns) - before
    if is_new:
        _create_table(connection, layout, known, readers)
        create_view(connection, layout, known, readers)
    elif grown or changed:
        known.pending |= grown
        known.stale = True


def add_dependencies(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    writing: Sequence[str],
    reading: Sequence[str],
) -> bool:
    """Add transformations that write or read a set; returns whether any is new."""
    producers = list(dict.fromkeys([*known.producers, *writing]))
    consumers = list(dict.fromkeys([*known.consumers, *reading]))
    if (producers, consumers) == (known.producers, known.consumers):
        return False
    known.producers, known.consumers = producers, consumers
    connection.execute(f"DELETE FROM {table('data_dependency')} WHERE ds_id = %s", [known.id])
    ids: dict[str | None, int | None] = {None: None}
    ids.update(layout.transformations)
    writers: list[str | None] = [*producers] or [None]
    readers: list[str | None] = [*consumers] or [None]
    for producer in writers:
        for consumer in readers:
            _insert(
                connection,
                "data_dependency",
                previous_dt_id=ids[producer],
                next_dt_id=ids[consumer],
                ds_id=known.id,
            )
    return True


def _grow_attributes(connection: Connection, known: SetLayout, wanted: DeclaredSet) -> None:
    for name, type_ in wanted.attributes.items():
        if name not in known.attributes:
            id_ = _insert(connection, "attribute", ds_id=known.id, name=name, type=type_)
            known.attributes[name] = AttributeLayout(id_, type_)


def _grow_extractors(connection: Connection, known: SetLayout, wanted: DeclaredSet) -> None:
    for tag, (cartridge, extension) in wanted.extractors.items():
        if tag not in known.extractors:
            known.extractors[tag] = _insert(
                connection,
                "extractor",
                ds_id=known.id,
                tag=tag,
                cartridge=cartridge,
                extension=extension,
            )
    for combination in wanted.combinations:
        if combination not in known.combinations:
            _insert(
                connection,
                "extractor_combination",
                ds_id=known.id,
                outer_ext_id=known.extractors[combination.outer],
                inner_ext_id=known.extractors[combination.inner],
                keys=LIST_SEPARATOR.join(combination.keys),
                key_types=LIST_SEPARATOR.join(combination.key_types),
            )
            known.combinations.add(combination)


def _create_table(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    readers: Sequence[str],
) -> None:
    sequence = qualified(layout.tag, known.sequence)
    connection.execute(f"CREATE SEQUENCE {sequence} AS BIGINT")
    columns = [f"{identifier(name)} {known.type_of(name)}" for name in ["id", *known.columns]]
    connection.execute(f"CREATE TABLE {qualified(layout.tag, known.table)} ({', '.join(columns)})")
    grant(connection, layout.tag, known.table, readers)
