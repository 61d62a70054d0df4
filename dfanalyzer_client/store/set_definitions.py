"""Define a set in the database, or add to one: its catalogue rows, its table and its view."""

from __future__ import annotations

from collections.abc import Sequence

from ..declarations.sets import DeclaredSet
from .catalogue_rows import insert_with_id
from .comparison.roles import add_role, same_role
from .connection import Connection
from .growth.views import create_view
from .layout import LIST_SEPARATOR, AttributeLayout, DataflowLayout, ExtractorLayout, SetLayout
from .schema import grant, table
from .sql import column_list, qualified

__all__ = ["add_dependencies", "grow_set"]


def grow_set(
    connection: Connection, layout: DataflowLayout, wanted: DeclaredSet, readers: Sequence[str]
) -> bool:
    """Create a set, or add what is missing.

    Columns of an existing set become pending, and its view stale: `growth` adds and recreates them.

    Returns:
        Whether it is an existing set that got a role.
    """
    known = layout.sets.get(wanted.tag)
    is_new = known is None
    if known is None:
        known = SetLayout(
            insert_with_id(connection, "data_set", df_id=layout.id, tag=wanted.tag), wanted.tag
        )
        layout.sets[wanted.tag] = known
    before = set(known.columns)
    changed = add_dependencies(connection, layout, known, wanted.producers, wanted.consumers)
    _grow_extractors(connection, known, wanted)
    _grow_attributes(connection, known, wanted)
    same_role(layout.tag, known, wanted.role)
    has_new_role = add_role(connection, known, wanted.role)
    grown = set(known.columns) - before
    if is_new:
        _create_table(connection, layout, known, readers)
        create_view(connection, layout, known, readers)
    elif grown or changed:
        known.pending |= grown
        known.stale = True
    return has_new_role and not is_new


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
            insert_with_id(
                connection,
                "data_dependency",
                previous_dt_id=ids[producer],
                next_dt_id=ids[consumer],
                ds_id=known.id,
            )
    return True


def _grow_attributes(connection: Connection, known: SetLayout, wanted: DeclaredSet) -> None:
    for name, type_ in wanted.attributes.items():
        extractor = wanted.read_by.get(name)
        reading = known.extractors.get(extractor or "")
        extractor_id = None if reading is None else reading.id
        stored = known.attributes.get(name)
        if stored is None:
            id_ = insert_with_id(
                connection,
                "attribute",
                ds_id=known.id,
                extractor_id=extractor_id,
                name=name,
                type=type_,
            )
            known.attributes[name] = AttributeLayout(id_, type_, extractor)
        elif stored.extractor is None and extractor is not None:
            connection.execute(
                f"UPDATE {table('attribute')} SET extractor_id = %s WHERE id = %s",
                [extractor_id, stored.id],
            )
            stored.extractor = extractor


def _grow_extractors(connection: Connection, known: SetLayout, wanted: DeclaredSet) -> None:
    for tag, (cartridge, extension) in wanted.extractors.items():
        if tag not in known.extractors:
            id_ = insert_with_id(
                connection,
                "extractor",
                ds_id=known.id,
                tag=tag,
                cartridge=cartridge,
                extension=extension,
            )
            known.extractors[tag] = ExtractorLayout(id_, cartridge, extension)
    for combination in wanted.combinations:
        if combination not in known.combinations:
            insert_with_id(
                connection,
                "extractor_combination",
                ds_id=known.id,
                outer_ext_id=known.extractors[combination.outer].id,
                inner_ext_id=known.extractors[combination.inner].id,
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
    columns = column_list(known.column_types)
    connection.execute(f"CREATE TABLE {qualified(layout.tag, known.table)} ({columns})")
    grant(connection, layout.tag, known.table, readers)
