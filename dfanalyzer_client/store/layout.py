"""A dataflow as the database knows it, and what a declaration would add. Only reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..declarations.dataflow import Declaration
from ..declarations.sets import Combination
from ..errors import RefusedError
from .connection import Connection
from .schema import table

__all__ = [
    "LIST_SEPARATOR",
    "AttributeLayout",
    "DataflowLayout",
    "SetLayout",
    "compare_columns",
    "load_layout",
    "load_layouts",
    "missing_parts",
]

LIST_SEPARATOR = ";"
"""Separates names in a column, as it separates values in DfAnalyzer's older messages."""

Program = tuple[str, str]
"""Name and path."""


@dataclass
class AttributeLayout:
    """A column: its row in ``attribute`` and its type."""

    id: int
    type: str


@dataclass
class SetLayout:
    """A set: its row in ``data_set``, its columns, its producers, consumers and extractors.

    Attributes:
        pending: columns that its table does not have yet.
        stale: whether its view must be recreated.
    """

    id: int
    tag: str
    attributes: dict[str, AttributeLayout] = field(default_factory=dict)
    producers: list[str] = field(default_factory=list)
    consumers: list[str] = field(default_factory=list)
    extractors: dict[str, int] = field(default_factory=dict)
    combinations: set[Combination] = field(default_factory=set)
    pending: set[str] = field(default_factory=set)
    stale: bool = False

    @property
    def table(self) -> str:
        """Name of the table that holds the rows."""
        return f"ds_{self.tag}"

    @property
    def sequence(self) -> str:
        """Name of the sequence of the rows' ids."""
        return f"ds_{self.tag}_id_seq"

    @property
    def columns(self) -> list[str]:
        """The columns of its rows, except the id."""
        return [*self.task_columns, *self.attributes]

    def type_of(self, column: str) -> str:
        """The type that a column of its table has."""
        attribute = self.attributes.get(column)
        if attribute is None:
            return "BIGINT"
        return "DOUBLE" if attribute.type == "NUMERIC" else "TEXT"

    @property
    def task_columns(self) -> list[str]:
        """The columns of task ids, writers first."""
        return [f"{tag}_task_id" for tag in dict.fromkeys(self.producers + self.consumers)]


@dataclass
class DataflowLayout:
    """A dataflow: ids of its parts by tag, and its newest version.

    `used` pairs a transformation's tag with a program that performs it.
    """

    id: int
    tag: str
    version: int = 0
    transformations: dict[str, int] = field(default_factory=dict)
    sets: dict[str, SetLayout] = field(default_factory=dict)
    programs: dict[Program, int] = field(default_factory=dict)
    used: set[tuple[str, Program]] = field(default_factory=set)

    @property
    def unfinished(self) -> list[SetLayout]:
        """Sets whose tables or views are not up to date yet."""
        return [known for known in self.sets.values() if known.pending or known.stale]


def load_layout(connection: Connection, tag: str) -> DataflowLayout | None:
    """Read a dataflow from the catalogue; None if there is none with that tag."""
    found = connection.query(f"SELECT id FROM {table('dataflow')} WHERE tag = %s", [tag])
    if not found:
        return None
    layout = DataflowLayout(found[0][0], tag)
    versions = f"SELECT max(version) FROM {table('dataflow_version')} WHERE df_id = %s"
    layout.version = connection.query(versions, [layout.id])[0][0] or 0
    rows = f"SELECT tag, id FROM {table('data_transformation')} WHERE df_id = %s ORDER BY id"
    layout.transformations = dict(connection.query(rows, [layout.id]))
    sets = f"SELECT id, tag FROM {table('data_set')} WHERE df_id = %s ORDER BY id"
    for id_, name in connection.query(sets, [layout.id]):
        layout.sets[name] = SetLayout(id_, name)
    _load_attributes(connection, layout)
    _load_dependencies(connection, layout)
    _load_extractors(connection, layout)
    _load_programs(connection, layout)
    compare_columns(connection, layout)
    return layout


def load_layouts(connection: Connection) -> list[DataflowLayout]:
    """All dataflows of the catalogue, oldest first."""
    tags = connection.query(f"SELECT tag FROM {table('dataflow')} ORDER BY id")
    found = [load_layout(connection, tag) for (tag,) in tags]
    return [layout for layout in found if layout is not None]


def _load_attributes(connection: Connection, layout: DataflowLayout) -> None:
    rows = connection.query(
        f"SELECT s.tag, a.name, a.id, a.type FROM {table('attribute')} a "
        f"JOIN {table('data_set')} s ON s.id = a.ds_id WHERE s.df_id = %s ORDER BY a.id",
        [layout.id],
    )
    for tag, name, id_, type_ in rows:
        layout.sets[tag].attributes[name] = AttributeLayout(id_, type_.upper())


def _load_dependencies(connection: Connection, layout: DataflowLayout) -> None:
    rows = connection.query(
        "SELECT s.tag, p.tag, n.tag "
        f"FROM {table('data_dependency')} d JOIN {table('data_set')} s ON s.id = d.ds_id "
        f"LEFT JOIN {table('data_transformation')} p ON p.id = d.previous_dt_id "
        f"LEFT JOIN {table('data_transformation')} n ON n.id = d.next_dt_id "
        "WHERE s.df_id = %s ORDER BY d.id",
        [layout.id],
    )
    for tag, producer, consumer in rows:
        known = layout.sets[tag]
        if producer and producer not in known.producers:
            known.producers.append(producer)
        if consumer and consumer not in known.consumers:
            known.consumers.append(consumer)


def _load_extractors(connection: Connection, layout: DataflowLayout) -> None:
    rows = connection.query(
        f"SELECT s.tag, e.tag, e.id FROM {table('extractor')} e "
        f"JOIN {table('data_set')} s ON s.id = e.ds_id WHERE s.df_id = %s",
        [layout.id],
    )
    for tag, name, id_ in rows:
        layout.sets[tag].extractors[name] = id_
    rows = connection.query(
        "SELECT s.tag, o.tag, i.tag, c.keys, c.key_types "
        f"FROM {table('extractor_combination')} c JOIN {table('data_set')} s ON s.id = c.ds_id "
        f"JOIN {table('extractor')} o ON o.id = c.outer_ext_id "
        f"JOIN {table('extractor')} i ON i.id = c.inner_ext_id WHERE s.df_id = %s",
        [layout.id],
    )
    for tag, outer, inner, keys, types in rows:
        combination = Combination(outer, inner, _parts(keys), _parts(types))
        layout.sets[tag].combinations.add(combination)


def _load_programs(connection: Connection, layout: DataflowLayout) -> None:
    rows = connection.query(
        f"SELECT p.id, p.name, p.path, t.tag FROM {table('program')} p "
        f"LEFT JOIN {table('use_program')} u ON u.program_id = p.id "
        f"LEFT JOIN {table('data_transformation')} t ON t.id = u.dt_id WHERE p.df_id = %s",
        [layout.id],
    )
    for id_, name, path, tag in rows:
        layout.programs[name, path] = id_
        if tag is not None:
            layout.used.add((tag, (name, path)))


def compare_columns(connection: Connection, layout: DataflowLayout) -> None:
    """Update `pending` and `stale` of a dataflow's sets from what the database has."""
    found: dict[tuple[str, int], set[str]] = {}
    rows = connection.query(
        "SELECT t.name, t.type, c.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "JOIN sys.columns c ON c.table_id = t.id WHERE s.name = %s AND t.type IN (0, 1)",
        [layout.tag],
    )
    for name, kind, column in rows:
        found.setdefault((name, kind), set()).add(column)
    rows = connection.query(
        "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s AND t.type = 1 AND t.query LIKE %s",
        [layout.tag, f"%{table('waiting_value')}%"],
    )
    joined = {name for (name,) in rows}
    for known in layout.sets.values():
        columns = found.get((known.table, 0))
        if columns is not None:
            known.pending = set(known.columns) - columns
            is_whole = found.get((known.tag, 1)) == {"id", *known.columns}
            known.stale = not is_whole or (known.tag in joined) > bool(known.pending)


def _parts(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(LIST_SEPARATOR)) if text else ()


def missing_parts(layout: DataflowLayout | None, declared: Declaration) -> bool:
    """Whether `declared` has a part that `layout` lacks.

    Raises:
        RefusedError: the database has an attribute with another type.
    """
    if layout is None:
        return True
    missing = any(tag not in layout.transformations for tag in declared.transformations)
    for tag, wanted in declared.sets.items():
        known = layout.sets.get(tag)
        if known is None:
            missing = True
            continue
        _same_types(declared.tag, known, wanted.attributes)
        missing |= any(name not in known.attributes for name in wanted.attributes)
        missing |= not set(wanted.producers) <= set(known.producers)
        missing |= not set(wanted.consumers) <= set(known.consumers)
        missing |= not wanted.extractors.keys() <= known.extractors.keys()
        missing |= not set(wanted.combinations) <= known.combinations
    used = {(tag, program) for tag, programs in declared.programs.items() for program in programs}
    return missing or not used <= layout.used


def _same_types(tag: str, known: SetLayout, wanted: Mapping[str, str]) -> None:
    for name, type_ in wanted.items():
        stored = known.attributes.get(name)
        # a TEXT column holds anything; the predecessor stores elapsed times as texts, for example
        if stored is not None and stored.type == "NUMERIC" != type_:
            raise RefusedError(
                f"Attribute {name!r} of set {known.tag!r} of dataflow {tag!r} is {stored.type} in "
                f"the database and {type_} now: give it another name, or use another dataflow tag."
            )
