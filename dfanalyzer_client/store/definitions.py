"""Making the database know a dataflow: catalogue rows, schema, tables and views.

All of it happens in one transaction that first updates the one row of ``definition_lock``: MonetDB
lets only one of several such transactions through, so definitions change one after the other
although no table carries a constraint. Nothing is dropped but a view that is made anew at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..declaration import Declaration
from ..declared_set import DeclaredSet
from .connection import Connection
from .layout import (
    LIST_SEPARATOR,
    AttributeLayout,
    DataflowLayout,
    SetLayout,
    load_layout,
    missing_parts,
)
from .retry import retrying_conflicts
from .schema import grant, table
from .sql import identifier, next_range, next_values, qualified

__all__ = [
    "add_dependencies",
    "create_view",
    "ensure_dataflow",
    "ensure_execution",
    "fresh_ids",
]

IDS_AT_ONCE = 1000
COLUMN_TYPES = {"NUMERIC": "DOUBLE"}


def ensure_dataflow(
    connection: Connection,
    declared: Declaration,
    known: DataflowLayout | None,
    readers: Sequence[str],
) -> DataflowLayout:
    """The layout of a dataflow with all that is declared in it, made where it was missing.

    Raises:
        RefusedError: an attribute stands in the database with another type.
    """
    if known is not None and not missing_parts(known, declared):
        return known
    for attempt in retrying_conflicts():
        with attempt, connection.transaction():
            layout = load_layout(connection, declared.tag)
            if missing_parts(layout, declared):
                _lock(connection)
                layout = _grown(connection, layout, declared, readers)
    assert layout is not None  # noqa: S101 (for the type checker: grown from nothing at least)
    return layout


def ensure_execution(connection: Connection, layout: DataflowLayout, tag: str) -> int:
    """The id of the execution `tag`, which is made where it was missing."""
    find = f"SELECT id FROM {table('dataflow_execution')} WHERE df_id = %s AND tag = %s"
    for attempt in retrying_conflicts():
        with attempt, connection.transaction():
            found = connection.query(find, [layout.id, tag])
            if not found:
                _lock(connection)
                (id_,) = fresh_ids(connection, table("dataflow_execution_id_seq"), 1)
                connection.execute(
                    f"INSERT INTO {table('dataflow_execution')} (id, tag, df_id) "
                    "VALUES (%s, %s, %s)",
                    [id_, tag, layout.id],
                )
                found = [(id_,)]
    return int(found[0][0])


def fresh_ids(connection: Connection, sequence: str, count: int) -> list[int]:
    """`count` ids nobody else has, ascending."""
    ids: list[int] = []
    while wanted := min(IDS_AT_ONCE, count - len(ids)):
        ((first, last),) = connection.query(next_range(sequence, wanted))
        if last - first + 1 == wanted:
            ids += range(first, last + 1)
        else:  # another writer took some of those between: they are let go
            ids += [id_ for (id_,) in connection.query(next_values(sequence, wanted))]
    return ids


def _lock(connection: Connection) -> None:
    connection.execute(f"UPDATE {table('definition_lock')} SET changes = changes + 1")


def _grown(
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
    before = [] if is_new else known.task_columns
    changed = is_new | add_dependencies(
        connection, layout, known, wanted.producers, wanted.consumers
    )
    columns = [f"{identifier(name)} BIGINT" for name in known.task_columns if name not in before]
    columns += _grow_attributes(connection, known, wanted)
    _grow_extractors(connection, known, wanted)
    if is_new:
        _create_table(connection, layout, known, columns, readers)
    elif columns or changed:
        connection.execute(f"DROP VIEW {qualified(layout.tag, known.tag)}")
        for column in columns:
            connection.execute(
                f"ALTER TABLE {qualified(layout.tag, known.table)} ADD COLUMN {column}"
            )
    if is_new or columns or changed:
        create_view(connection, layout, known, readers)


def create_view(
    connection: Connection, layout: DataflowLayout, known: SetLayout, readers: Sequence[str]
) -> None:
    """Make the view of a set, which `readers` may SELECT from."""
    connection.execute(_view(layout, known))
    grant(connection, layout.tag, known.tag, readers)


def add_dependencies(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    writing: Sequence[str],
    reading: Sequence[str],
) -> bool:
    """Add transformations that write or read a set; whether any is new."""
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


def _grow_attributes(connection: Connection, known: SetLayout, wanted: DeclaredSet) -> list[str]:
    columns = []
    for name, type_ in wanted.attributes.items():
        if name not in known.attributes:
            id_ = _insert(connection, "attribute", ds_id=known.id, name=name, type=type_)
            known.attributes[name] = AttributeLayout(id_, type_)
            columns.append(f"{identifier(name)} {COLUMN_TYPES.get(type_, 'TEXT')}")
    return columns


def _grow_extractors(connection: Connection, known: SetLayout, wanted: DeclaredSet) -> None:
    for tag, (cartridge, extension) in wanted.extractors.items():
        if tag not in known.extractors:
            known.extractors[tag] = _insert(
                connection, "extractor",
                ds_id=known.id, tag=tag, cartridge=cartridge, extension=extension,
            )  # fmt: skip
    for each in wanted.combinations:
        if each not in known.combinations:
            _insert(
                connection, "extractor_combination",
                ds_id=known.id, outer_ext_id=known.extractors[each.outer],
                inner_ext_id=known.extractors[each.inner], keys=LIST_SEPARATOR.join(each.keys),
                key_types=LIST_SEPARATOR.join(each.key_types),
            )  # fmt: skip
            known.combinations.add(each)


def _create_table(
    connection: Connection,
    layout: DataflowLayout,
    known: SetLayout,
    columns: list[str],
    readers: Sequence[str],
) -> None:
    sequence = qualified(layout.tag, known.sequence)
    connection.execute(f"CREATE SEQUENCE {sequence} AS BIGINT")
    all_columns = ", ".join(['"id" BIGINT', *columns])
    connection.execute(f"CREATE TABLE {qualified(layout.tag, known.table)} ({all_columns})")
    grant(connection, layout.tag, known.table, readers)


def _view(layout: DataflowLayout, known: SetLayout) -> str:
    """The set as users ask for it: a reader's task id stands with the rows that it read.

    DfAnalyzer updates those rows; here the newest reader is looked up, and nothing is updated.
    """
    columns, joins = ['d."id"'], []
    for column in known.task_columns:
        columns.append(f"d.{identifier(column)}")
    for number, consumer in enumerate(known.consumers):
        position = 1 + known.task_columns.index(f"{consumer}_task_id")
        writers = [f"d.{identifier(f'{tag}_task_id')}" for tag in known.producers]
        if not writers:
            continue
        columns[position] = (
            f"COALESCE({columns[position]}, r{number}.task_id) "
            f"AS {identifier(f'{consumer}_task_id')}"
        )
        joins.append(
            f"LEFT JOIN (SELECT previous_task_id, max(task_id) AS task_id "
            f"FROM {table('task_dependency')} WHERE dt_id = {layout.transformations[consumer]} "
            f"GROUP BY previous_task_id) AS r{number} "
            f"ON r{number}.previous_task_id = {_first(writers)}"
        )
    columns += [f"d.{identifier(name)}" for name in known.attributes]
    return (
        f"CREATE VIEW {qualified(layout.tag, known.tag)} AS SELECT {', '.join(columns)} "
        f"FROM {qualified(layout.tag, known.table)} AS d {' '.join(joins)}"
    )


def _first(columns: list[str]) -> str:
    return columns[0] if len(columns) == 1 else f"COALESCE({', '.join(columns)})"
