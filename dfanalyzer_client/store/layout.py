"""A dataflow as the database knows it, and whether a declaration would add to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..declarations.dataflow import Declaration
from ..declarations.sets import Combination
from ..errors import RefusedError

__all__ = [
    "LIST_SEPARATOR",
    "NO_ATTRIBUTES",
    "AttributeLayout",
    "DataflowLayout",
    "ExtractorLayout",
    "SetLayout",
    "missing_parts",
]

LIST_SEPARATOR = ";"
"""Separates names in a column, as it separates values in DfAnalyzer's older messages."""

NO_ATTRIBUTES = frozenset({"uuid"})
"""Columns that DLProv adds to the tables of sets; they are kept, and no attributes."""

Program = tuple[str, str]
"""Name and path."""


@dataclass
class AttributeLayout:
    """A column: its row in ``attribute``, its type, and the tag of the extractor that reads it."""

    id: int
    type: str
    extractor: str | None = None


@dataclass
class ExtractorLayout:
    """An extractor: its row in ``extractor``."""

    id: int
    cartridge: str
    extension: str


@dataclass
class SetLayout:
    """A set: its row in ``data_set``, its columns, its producers, consumers and extractors.

    Attributes:
        role: what its rows are for; None: nothing in particular.
        pending: columns that its table does not have yet.
        stored: columns that its table has, in order; empty if that is not known.
        stale: whether its view must be recreated.
    """

    id: int
    tag: str
    attributes: dict[str, AttributeLayout] = field(default_factory=dict)
    producers: list[str] = field(default_factory=list)
    consumers: list[str] = field(default_factory=list)
    extractors: dict[str, ExtractorLayout] = field(default_factory=dict)
    combinations: set[Combination] = field(default_factory=set)
    role: str | None = None
    pending: set[str] = field(default_factory=set)
    stored: list[str] = field(default_factory=list)
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

    @property
    def extra_columns(self) -> list[str]:
        """The columns of its table that another program has added and that are no attributes."""
        return [name for name in self.stored if name in NO_ATTRIBUTES - self.attributes.keys()]

    @property
    def view_columns(self) -> list[str]:
        """The columns of its view; an extra one is behind the same column as in the table."""
        names = ["id", *self.columns]
        for name in self.extra_columns:
            before = [each for each in self.stored[: self.stored.index(name)] if each in names]
            names.insert(names.index(before[-1]) + 1 if before else 0, name)
        return names

    @property
    def column_types(self) -> dict[str, str]:
        """The types that the columns of its table have, the id first."""
        return {name: self.type_of(name) for name in ["id", *self.columns]}

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

    def writers_of(self, role: str) -> frozenset[str]:
        """Tags of the transformations that write a set with a role."""
        return frozenset(
            tag for known in self.sets.values() if known.role == role for tag in known.producers
        )

    @property
    def unfinished(self) -> list[SetLayout]:
        """Sets whose tables or views are not up to date yet."""
        return [known for known in self.sets.values() if known.pending or known.stale]


def missing_parts(layout: DataflowLayout, declared: Declaration) -> bool:
    """Whether `declared` has a part that `layout` lacks.

    Raises:
        RefusedError: the database has an attribute with another type.
    """
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
        missing |= wanted.role not in (None, known.role)
        missing |= any(
            known.attributes[name].extractor is None
            for name in wanted.read_by.keys() & known.attributes.keys()
        )
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
