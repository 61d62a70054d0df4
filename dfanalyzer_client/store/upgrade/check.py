"""Compare a catalogue with the one that this version creates, without changing anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..connection import Connection
from ..inspection import TableFound, column_kind, tables_of
from ..layout import NO_ATTRIBUTES
from ..layout_queries import Source, load_layouts
from ..origins.origin import Origin, name_clash, origin_of
from ..origins.predecessor_tables import PredecessorTables
from ..schema import PUBLIC, TABLES, VERSION, VIEWS, columns_of, names_in, table
from .predecessor import steps_left

__all__ = ["differences", "reasons_to_upgrade"]


def differences(connection: Connection) -> list[str]:
    """The differences from a catalogue that this version creates, one line each."""
    with connection.transaction():
        names, tables = names_in(connection, PUBLIC), tables_of(connection, PUBLIC)
        origin = origin_of(tables)
        if origin is Origin.NONE:
            missing = "There is no catalogue: `keras-prov db init` creates one."
            return [str(name_clash(names) or missing)]
        is_ours = origin is Origin.OURS
        found = [*_of_origin(connection, origin, tables)]
        found += _of_catalogue(names, tables, is_predecessors=not is_ours)
        left = _steps(connection, origin, tables)
        if left:
            of = table if is_ours else PredecessorTables(tables).of
            found += _of_dataflows(connection, of)
    return found + [f"A step of the upgrade is left: {step}" for step in left]


def reasons_to_upgrade(connection: Connection) -> list[str]:
    """Why an existing catalogue needs an upgrade, one line each."""
    with connection.transaction():
        tables = tables_of(connection, PUBLIC)
        origin = origin_of(tables)
        if origin is Origin.NONE:
            return []
        found = [*_of_origin(connection, origin, tables)]
        if not found and _steps(connection, origin, tables):
            found.append("Its upgrade was interrupted.")
    return found


def _steps(connection: Connection, origin: Origin, tables: Mapping[str, TableFound]) -> list[str]:
    """The steps that are left; before version 3 of our catalogue there were none."""
    is_old = origin is Origin.OURS and "step" not in tables["catalogue_version"].columns
    return [] if is_old else steps_left(connection)


def _of_origin(
    connection: Connection, origin: Origin, tables: Mapping[str, TableFound]
) -> Iterator[str]:
    """Who created it, if it was not we in this version, and what to do."""
    upgrade = "`keras-prov db upgrade` upgrades it, and so does the first capture."
    if origin is Origin.PREDECESSORS:
        yield f"DfAnalyzer created the catalogue. {upgrade}"
        if PredecessorTables(tables).key is None:
            yield "Its tasks name no execution: the upgrade gives each dataflow one, with its tag."
        return
    ((version,),) = connection.query(f"SELECT max(version) FROM {table('catalogue_version')}")
    if version < VERSION:
        yield (
            f"The catalogue is of version {version}; this keras-prov creates version {VERSION}. "
            f"{upgrade}"
        )
    if version > VERSION:
        yield (
            f"The catalogue is of version {version}, of a newer keras-prov than this one "
            f"({VERSION}): upgrade this one with pip."
        )


def _of_catalogue(
    names: set[str], tables: dict[str, TableFound], *, is_predecessors: bool
) -> Iterator[str]:
    for name, columns in TABLES.items():
        if name not in tables:
            yield f'Table "public".{name} is missing.'
            continue
        wanted = columns_of(columns)
        yield from _of_table(PUBLIC, tables[name], wanted)
    if is_predecessors:
        yield '"public".task is a table, and not a view.'
        yield from _of_table(PUBLIC, tables["task"], {})
    else:
        yield from (f'View "public".{name} is missing.' for name in VIEWS if name not in names)


def _of_dataflows(connection: Connection, of: Source) -> Iterator[str]:
    for layout in load_layouts(connection, of):
        tables = tables_of(connection, layout.tag)
        for known in layout.sets.values():
            if known.table not in tables:
                yield f'Set {known.tag} has no table "{layout.tag}".{known.table}.'
                continue
            yield from _of_table(layout.tag, tables[known.table], known.column_types)
            for name in tables[known.table].columns:
                if name not in known.column_types and name not in NO_ATTRIBUTES:
                    yield (
                        f'Column {name} of "{layout.tag}".{known.table} is no attribute of the set.'
                    )


def _of_table(schema: str, found: TableFound, wanted: dict[str, str]) -> Iterator[str]:
    """Keys that make writers conflict, length limits that cut texts off, and missing columns."""
    name = f'"{schema}".{found.name}'
    if found.keys:
        yield f"Table {name} has keys: {', '.join(key.name for key in found.keys)}."
    bounded = [
        f"{column.name} ({column.digits})" for column in found.columns.values() if column.digits
    ]
    if bounded:
        yield f"Texts of {name} are bounded: {', '.join(bounded)}."
    missing = [column for column in wanted if column not in found.columns]
    if missing:
        yield f"Table {name} has no column {', '.join(missing)}."
    for column, type_ in wanted.items():
        stored = found.columns.get(column)
        if stored is None:
            continue
        if {column_kind(stored.type), column_kind(type_)} == {"TEXT", "DOUBLE"}:
            yield f"Column {column} of {name} is {stored.type}, and {type_} is declared."
