"""Read the layouts of dataflows from the catalogue, without changing anything."""

from __future__ import annotations

from collections.abc import Callable

from ..declarations.sets import Combination
from .comparison.roles import load_roles
from .connection import Connection
from .layout import LIST_SEPARATOR, AttributeLayout, DataflowLayout, ExtractorLayout, SetLayout
from .schema import table

__all__ = ["Source", "compare_columns", "load_layout", "load_layouts"]

Source = Callable[[str], str]
"""Gives a table of the catalogue by its name, as text of SQL."""


def load_layout(connection: Connection, tag: str, of: Source = table) -> DataflowLayout | None:
    """Read a dataflow from the catalogue; None if there is none with that tag.

    Args:
        connection: in a transaction.
        tag: the dataflow's.
        of: gives a table of the catalogue, by its name, or a subquery that replaces it.
    """
    found = connection.query(f"SELECT id FROM {of('dataflow')} WHERE tag = %s", [tag])
    if not found:
        return None
    layout = DataflowLayout(found[0][0], tag)
    versions = f"SELECT max(version) FROM {of('dataflow_version')} AS t WHERE df_id = %s"
    layout.version = connection.query(versions, [layout.id])[0][0] or 0
    rows = f"SELECT tag, id FROM {of('data_transformation')} AS t WHERE df_id = %s ORDER BY id"
    layout.transformations = dict(connection.query(rows, [layout.id]))
    sets = f"SELECT id, tag FROM {of('data_set')} AS t WHERE df_id = %s ORDER BY id"
    for id_, name in connection.query(sets, [layout.id]):
        layout.sets[name] = SetLayout(id_, name)
    _load_attributes(connection, layout, of)
    _load_dependencies(connection, layout, of)
    _load_extractors(connection, layout, of)
    _load_programs(connection, layout, of)
    load_roles(connection, layout)
    compare_columns(connection, layout)
    return layout


def load_layouts(connection: Connection, of: Source = table) -> list[DataflowLayout]:
    """All dataflows of the catalogue, oldest first; `of` as for `load_layout`."""
    tags = connection.query(f"SELECT tag FROM {of('dataflow')} ORDER BY id")
    found = [load_layout(connection, tag, of) for (tag,) in tags]
    return [layout for layout in found if layout is not None]


def _load_attributes(connection: Connection, layout: DataflowLayout, of: Source) -> None:
    rows = connection.query(
        f"SELECT s.tag, a.name, a.id, a.type, e.tag FROM {of('attribute')} a "
        f"JOIN {of('data_set')} s ON s.id = a.ds_id "
        f"LEFT JOIN {of('extractor')} e ON e.id = a.extractor_id "
        "WHERE s.df_id = %s ORDER BY a.id",
        [layout.id],
    )
    for tag, name, id_, type_, extractor in rows:
        column = AttributeLayout(id_, (type_ or "TEXT").upper(), extractor)
        layout.sets[tag].attributes[name] = column


def _load_dependencies(connection: Connection, layout: DataflowLayout, of: Source) -> None:
    rows = connection.query(
        "SELECT s.tag, p.tag, n.tag "
        f"FROM {of('data_dependency')} d JOIN {of('data_set')} s ON s.id = d.ds_id "
        f"LEFT JOIN {of('data_transformation')} p ON p.id = d.previous_dt_id "
        f"LEFT JOIN {of('data_transformation')} n ON n.id = d.next_dt_id "
        "WHERE s.df_id = %s ORDER BY d.id",
        [layout.id],
    )
    for tag, producer, consumer in rows:
        known = layout.sets[tag]
        if producer and producer not in known.producers:
            known.producers.append(producer)
        if consumer and consumer not in known.consumers:
            known.consumers.append(consumer)


def _load_extractors(connection: Connection, layout: DataflowLayout, of: Source) -> None:
    rows = connection.query(
        f"SELECT s.tag, e.tag, e.id, e.cartridge, e.extension FROM {of('extractor')} e "
        f"JOIN {of('data_set')} s ON s.id = e.ds_id WHERE s.df_id = %s ORDER BY e.id",
        [layout.id],
    )
    for tag, name, id_, cartridge, extension in rows:
        extractor = ExtractorLayout(id_, (cartridge or "").upper(), (extension or "").upper())
        layout.sets[tag].extractors[name] = extractor
    rows = connection.query(
        "SELECT s.tag, o.tag, i.tag, c.keys, c.key_types "
        f"FROM {of('extractor_combination')} c JOIN {of('data_set')} s ON s.id = c.ds_id "
        f"JOIN {of('extractor')} o ON o.id = c.outer_ext_id "
        f"JOIN {of('extractor')} i ON i.id = c.inner_ext_id WHERE s.df_id = %s",
        [layout.id],
    )
    for tag, outer, inner, keys, types in rows:
        combination = Combination(outer, inner, _parts(keys), _parts(types))
        layout.sets[tag].combinations.add(combination)


def _load_programs(connection: Connection, layout: DataflowLayout, of: Source) -> None:
    rows = connection.query(
        f"SELECT p.id, p.name, p.path, t.tag FROM {of('program')} p "
        f"LEFT JOIN {of('use_program')} u ON u.program_id = p.id "
        f"LEFT JOIN {of('data_transformation')} t ON t.id = u.dt_id WHERE p.df_id = %s",
        [layout.id],
    )
    for id_, name, path, tag in rows:
        layout.programs[name, path] = id_
        if tag is not None:
            layout.used.add((tag, (name, path)))


def compare_columns(connection: Connection, layout: DataflowLayout) -> None:
    """Update `pending` and `stale` of a dataflow's sets from what the database has."""
    found: dict[tuple[str, int], list[str]] = {}
    rows = connection.query(
        "SELECT t.name, t.type, c.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "JOIN sys.columns c ON c.table_id = t.id WHERE s.name = %s AND t.type IN (0, 1) "
        "ORDER BY t.id, c.number",
        [layout.tag],
    )
    for name, kind, column in rows:
        found.setdefault((name, kind), []).append(column)
    rows = connection.query(
        "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s AND t.type = 1 AND t.query LIKE %s",
        [layout.tag, f"%{table('waiting_value')}%"],
    )
    joined = {name for (name,) in rows}
    for known in layout.sets.values():
        columns = found.get((known.table, 0))
        if columns is not None:
            known.pending = set(known.columns) - set(columns)
            known.stored = columns
            is_whole = set(found.get((known.tag, 1), ())) == set(known.view_columns)
            known.stale = not is_whole or (known.tag in joined) > bool(known.pending)


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(LIST_SEPARATOR)) if text else ()
