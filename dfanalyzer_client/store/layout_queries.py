"""Read the layouts of dataflows from the catalogue, without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..declarations.sets import Combination
from .comparison.roles import load_roles
from .connection import Connection
from .layout import LIST_SEPARATOR, AttributeLayout, DataflowLayout, ExtractorLayout, SetLayout
from .schema import table
from .sql import placeholders

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
    found = load_layouts(connection, of, [tag])
    return found[0] if found else None


def load_layouts(
    connection: Connection,
    of: Source = table,
    tags: Collection[str] | None = None,
    sets: Collection[str] | None = None,
) -> list[DataflowLayout]:
    """All dataflows of the catalogue, oldest first, or those with certain tags.

    The number of queries does not depend on that of the dataflows.

    Args:
        connection: in a transaction.
        of: as for `load_layout`.
        tags: the dataflows'; None: all.
        sets: tags of the sets to read, to select rows from them; None: all, with their views,
            extractors and programs.
    """
    if tags is not None and not tags:
        return []
    some_of = "" if tags is None else f"WHERE tag IN ({placeholders(len(tags))})"
    rows = connection.query_once(
        f"SELECT id, tag FROM {of('dataflow')} AS t {some_of} ORDER BY id", list(tags or ())
    )
    layouts = {id_: DataflowLayout(id_, tag) for id_, tag in rows}
    if layouts:
        some = _Some(connection, layouts, of, sets)
        _load_parts(some)
        _load_attributes(some)
        _load_dependencies(some)
        if sets is None:
            _load_extractors(some)
            _load_programs(some)
        load_roles(connection, layouts)
        _load_columns(some)
    return list(layouts.values())


@dataclass(frozen=True)
class _Some:
    """Dataflows that are being read, by id, and the tags of the sets to read; None: all."""

    connection: Connection
    layouts: Mapping[int, DataflowLayout]
    of: Source
    sets: Collection[str] | None

    def rows(
        self, statement: str, key: str, order: str = "", *, set_tag: str | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of a statement that belong to one of the dataflows, whose id is in `key`.

        With `set_tag`, which names the column of a set's tag, only those of the sets to read.
        """
        conditions = f"{key} IN ({placeholders(len(self.layouts))})"
        parameters: list[Any] = list(self.layouts)
        if set_tag is not None and self.sets is not None:
            conditions += f" AND {set_tag} IN ({placeholders(len(self.sets)) or 'NULL'})"
            parameters += self.sets
        return self.connection.query_once(f"{statement} WHERE {conditions} {order}", parameters)


def _load_parts(some: _Some) -> None:
    """Versions, transformations and sets."""
    of, layouts = some.of, some.layouts
    versions = f"SELECT df_id, max(version) FROM {of('dataflow_version')} AS t"
    for id_, version in some.rows(versions, "df_id", "GROUP BY df_id"):
        layouts[id_].version = version or 0
    transformations = f"SELECT df_id, tag, id FROM {of('data_transformation')} AS t"
    for id_, tag, transformation in some.rows(transformations, "df_id", "ORDER BY id"):
        layouts[id_].transformations[tag] = transformation
    sets = f"SELECT df_id, id, tag FROM {of('data_set')} AS t"
    for id_, set_id, tag in some.rows(sets, "df_id", "ORDER BY id", set_tag="tag"):
        layouts[id_].sets[tag] = SetLayout(set_id, tag)


def _load_attributes(some: _Some) -> None:
    of = some.of
    rows = some.rows(
        f"SELECT s.df_id, s.tag, a.name, a.id, a.type, e.tag FROM {of('attribute')} a "
        f"JOIN {of('data_set')} s ON s.id = a.ds_id "
        f"LEFT JOIN {of('extractor')} e ON e.id = a.extractor_id",
        "s.df_id",
        "ORDER BY a.id",
        set_tag="s.tag",
    )
    for dataflow, tag, name, id_, type_, extractor in rows:
        column = AttributeLayout(id_, (type_ or "TEXT").upper(), extractor)
        some.layouts[dataflow].sets[tag].attributes[name] = column


def _load_dependencies(some: _Some) -> None:
    of = some.of
    rows = some.rows(
        "SELECT s.df_id, s.tag, p.tag, n.tag "
        f"FROM {of('data_dependency')} d JOIN {of('data_set')} s ON s.id = d.ds_id "
        f"LEFT JOIN {of('data_transformation')} p ON p.id = d.previous_dt_id "
        f"LEFT JOIN {of('data_transformation')} n ON n.id = d.next_dt_id",
        "s.df_id",
        "ORDER BY d.id",
        set_tag="s.tag",
    )
    for dataflow, tag, producer, consumer in rows:
        known = some.layouts[dataflow].sets[tag]
        if producer and producer not in known.producers:
            known.producers.append(producer)
        if consumer and consumer not in known.consumers:
            known.consumers.append(consumer)


def _load_extractors(some: _Some) -> None:
    of = some.of
    rows = some.rows(
        f"SELECT s.df_id, s.tag, e.tag, e.id, e.cartridge, e.extension FROM {of('extractor')} e "
        f"JOIN {of('data_set')} s ON s.id = e.ds_id",
        "s.df_id",
        "ORDER BY e.id",
    )
    for dataflow, tag, name, id_, cartridge, extension in rows:
        extractor = ExtractorLayout(id_, (cartridge or "").upper(), (extension or "").upper())
        some.layouts[dataflow].sets[tag].extractors[name] = extractor
    rows = some.rows(
        "SELECT s.df_id, s.tag, o.tag, i.tag, c.keys, c.key_types "
        f"FROM {of('extractor_combination')} c JOIN {of('data_set')} s ON s.id = c.ds_id "
        f"JOIN {of('extractor')} o ON o.id = c.outer_ext_id "
        f"JOIN {of('extractor')} i ON i.id = c.inner_ext_id",
        "s.df_id",
    )
    for dataflow, tag, outer, inner, keys, types in rows:
        combination = Combination(outer, inner, _parts(keys), _parts(types))
        some.layouts[dataflow].sets[tag].combinations.add(combination)


def _load_programs(some: _Some) -> None:
    of = some.of
    rows = some.rows(
        f"SELECT p.df_id, p.id, p.name, p.path, t.tag FROM {of('program')} p "
        f"LEFT JOIN {of('use_program')} u ON u.program_id = p.id "
        f"LEFT JOIN {of('data_transformation')} t ON t.id = u.dt_id",
        "p.df_id",
    )
    for dataflow, id_, name, path, tag in rows:
        layout = some.layouts[dataflow]
        layout.programs[name, path] = id_
        if tag is not None:
            layout.used.add((tag, (name, path)))


def _load_columns(some: _Some) -> None:
    """Note which columns the tables have; if all sets are read, also whether views are stale."""
    layouts = list(some.layouts.values())
    if some.sets is None:
        compare_columns(some.connection, *layouts)
    else:
        found = _columns(some.connection, layouts, [f"ds_{tag}" for tag in some.sets])
        for layout in layouts:
            for known in layout.sets.values():
                _compare_table(known, found.get((layout.tag, known.table, 0)))


def compare_columns(connection: Connection, *layouts: DataflowLayout) -> None:
    """Update `pending` and `stale` of the sets of dataflows from what the database has."""
    if not layouts:
        return
    tags = [layout.tag for layout in layouts]
    found = _columns(connection, layouts)
    rows = connection.query_once(
        "SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        f"WHERE s.name IN ({placeholders(len(tags))}) AND t.type = 1 AND t.query LIKE %s",
        [*tags, f"%{table('waiting_value')}%"],
    )
    joined = {(schema, name) for schema, name in rows}
    for layout in layouts:
        for known in layout.sets.values():
            columns = found.get((layout.tag, known.table, 0))
            if _compare_table(known, columns):
                view = set(found.get((layout.tag, known.tag, 1), ()))
                is_joined = (layout.tag, known.tag) in joined
                known.stale = view != set(known.view_columns) or is_joined > bool(known.pending)


def _compare_table(known: SetLayout, columns: list[str] | None) -> bool:
    """Update `pending` of a set from the columns of its table; returns whether it has one."""
    if columns is None:
        return False
    known.pending = set(known.columns) - set(columns)
    known.stored = columns
    return True


def _columns(
    connection: Connection, layouts: Collection[DataflowLayout], names: Sequence[str] = ()
) -> dict[tuple[str, str, int], list[str]]:
    """The columns of the tables and views of dataflows by schema, name and kind: 1 is a view.

    With `names`, only those of the tables with these names.
    """
    kinds = (
        f"t.type = 0 AND t.name IN ({placeholders(len(names))})" if names else "t.type IN (0, 1)"
    )
    found: dict[tuple[str, str, int], list[str]] = {}
    for schema, name, kind, column in connection.query_once(
        "SELECT s.name, t.name, t.type, c.name FROM sys.tables t "
        "JOIN sys.schemas s ON s.id = t.schema_id JOIN sys.columns c ON c.table_id = t.id "
        f"WHERE s.name IN ({placeholders(len(layouts))}) AND {kinds} ORDER BY t.id, c.number",
        [*(layout.tag for layout in layouts), *names],
    ):
        found.setdefault((schema, name, kind), []).append(column)
    return found


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(LIST_SEPARATOR)) if text else ()
