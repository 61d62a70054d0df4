"""Build the SELECT of a path query: pure functions of the dataflow's layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..declarations.sets import named
from ..errors import UnknownTagError
from ..store.growth.pending_columns import from_clause
from ..store.layout import DataflowLayout, SetLayout
from ..store.sql import identifier, literal
from ..support.conditions.to_sql import condition
from ._path import Step

__all__ = ["Attributes", "select"]


class Attributes:
    """The attributes of the sets on the path, by the names that users give."""

    def __init__(self, layout: DataflowLayout, sets: list[str]) -> None:
        self._layout, self._sets = layout, sets

    def found(self, tag: str | None, name: str) -> tuple[str, str]:
        """The set and the name of an attribute; raises UnknownTagError."""
        if tag is not None and tag.lower() not in self._sets:
            raise UnknownTagError(
                f"Set {tag!r} is not on the path, which passes {named(self._sets)}."
            )
        among = self._sets if tag is None else [tag.lower()]
        holders = [tag for tag in among if name.lower() in self._layout.sets[tag].attributes]
        if len(holders) == 1:
            return holders[0], name.lower()
        if holders:
            raise UnknownTagError(
                f"Several sets on the path have an attribute {name!r}: {named(holders)}. Write "
                f"'{holders[0]}.{name.lower()}'."
            )
        known = [f"{tag}.{a}" for tag in among for a in self._layout.sets[tag].attributes]
        raise UnknownTagError(
            f"No set on the path has an attribute {name!r}. Expected one of {named(known)}."
        )

    def column(self, tag: str | None, name: str) -> str:
        """An attribute as SQL; raises UnknownTagError."""
        found, attribute = self.found(tag, name)
        return literal(f"{self.alias(found)}.{identifier(attribute)}")

    def projected(self, names: Sequence[str], ends: Sequence[str]) -> list[tuple[str, str]]:
        """The attributes of a projection; if it is empty, all of the sets at the ends."""
        if names:
            return [self.found(*self._split(name)) for name in names]
        return [
            (tag, name)
            for tag in dict.fromkeys(tag.lower() for tag in ends)
            for name in self._layout.sets[tag].attributes
        ]

    def _split(self, name: str) -> tuple[str | None, str]:
        """Split `set.attribute` or `attribute`; both may contain dots."""
        for tag, attribute in _splits(name):
            among = (
                self._sets if tag is None else [tag.lower()] if tag.lower() in self._sets else []
            )
            if any(attribute.lower() in self._layout.sets[tag].attributes for tag in among):
                return tag, attribute
        return next(_splits(name))

    def alias(self, tag: str) -> str:
        """The alias of a set in the statement."""
        return f"s{self._sets.index(tag)}"


def select(
    layout: DataflowLayout,
    sets: list[str],
    steps: list[Step],
    wanted: list[tuple[str, str]],
    attributes: Attributes,
    selection: str,
    mapping: str,
    dependencies: str,
) -> tuple[str, list[Any]]:
    """A SELECT of the ids of the sets in `wanted`, then of `wanted`, and its parameters."""
    ids = [f"{attributes.alias(tag)}.id" for tag in dict.fromkeys(tag for tag, _ in wanted)]
    columns = [f"{attributes.alias(tag)}.{identifier(name)}" for tag, name in wanted]
    tables = [f"{from_clause(layout, layout.sets[sets[0]])} AS s0"]
    joined = {sets[0]}
    for number, step in enumerate(steps):
        joins = _Join(layout, step, attributes.alias, f"r{number}", mapping, dependencies)
        tables += joins.clauses(joined)
        joined |= {step.source, step.target}
    from_ = "\n  ".join(tables)
    text = literal(f"SELECT DISTINCT {', '.join([*ids, *columns])}\nFROM {from_}")
    parameters: list[Any] = []
    if selection.strip():
        where, parameters = condition(selection, attributes.column)
        text += f"\nWHERE {where}"
    return f"{text}\nORDER BY {', '.join(ids)}", parameters


class _Join:
    """The JOIN clauses of one step, of which one set or both are joined already."""

    def __init__(
        self,
        layout: DataflowLayout,
        step: Step,
        alias: Callable[[str], str],
        reading: str,
        mapping: str,
        dependencies: str,
    ) -> None:
        self._layout, self._step, self._mapping = layout, step, mapping
        self._dependencies = dependencies
        self._source, self._target, self._reading = alias(step.source), alias(step.target), reading
        self._read = f"{reading}.row_id = {self._source}.id"
        task = identifier(f"{step.transformation}_task_id")
        self._wrote = f"{reading}.task_id = {self._target}.{task}"

    def clauses(self, joined: set[str]) -> list[str]:
        """The clauses, given the sets that are joined already."""
        step = self._step
        if step.source not in joined:
            return [*self._reading_on([self._wrote]), *self._set_on(step.source, self._read)]
        if step.target not in joined:
            return [*self._reading_on([self._read]), *self._set_on(step.target, self._wrote)]
        return self._reading_on([self._read, self._wrote, *self._same()])

    def _reading_on(self, conditions: list[str]) -> list[str]:
        """Join the tasks that read rows; LOGICAL queries join by values only."""
        if self._mapping == "LOGICAL":
            return []
        layout, step = self._layout, self._step
        reads = _reads(layout, layout.sets[step.source], step.transformation, self._dependencies)
        return [f"JOIN ({reads}) AS {self._reading} ON {' AND '.join(conditions)}"]

    def _set_on(self, tag: str, condition: str) -> list[str]:
        alias = self._source if tag == self._step.source else self._target
        conditions = [*([] if self._mapping == "LOGICAL" else [condition]), *self._same()]
        name = from_clause(self._layout, self._layout.sets[tag])
        return [f"JOIN {name} AS {alias} ON {' AND '.join(conditions)}"]

    def _same(self) -> list[str]:
        """Conditions that attributes with the same name have the same value."""
        if self._mapping == "PHYSICAL":
            return []
        source = self._layout.sets[self._step.source].attributes
        target = self._layout.sets[self._step.target].attributes
        shared = [n for n in source if n in target and source[n].type == target[n].type]
        if not shared and self._mapping == "LOGICAL":
            raise UnknownTagError(
                f"Sets {self._step.source!r} and {self._step.target!r} have no attribute in "
                "common, so they cannot be joined logically: use the mapping PHYSICAL."
            )
        return [f"{self._source}.{identifier(n)} = {self._target}.{identifier(n)}" for n in shared]


def _reads(layout: DataflowLayout, known: SetLayout, transformation: str, dependencies: str) -> str:
    """All pairs of a row of a set and a task of a transformation that read it."""
    rows, task = from_clause(layout, known), identifier(f"{transformation}_task_id")
    read_columns = (
        f"SELECT id AS row_id, {task} AS task_id FROM {rows} AS w WHERE {task} IS NOT NULL"
    )
    writers = [identifier(f"{tag}_task_id") for tag in known.producers]
    dependencies_read = [
        f"SELECT w.id, d.task_id FROM {rows} AS w JOIN {dependencies} AS d "
        f"ON d.previous_task_id = w.{writer} "
        f"WHERE d.dt_id = {layout.transformations[transformation]}"
        for writer in writers
    ]
    return " UNION ".join([read_columns, *dependencies_read])


def _splits(name: str) -> Iterator[tuple[str | None, str]]:
    """All ways to read a name as `set.attribute`, then as an attribute alone."""
    parts = name.split(".")
    for count in range(1, len(parts)):
        yield ".".join(parts[:count]).strip(), ".".join(parts[count:]).strip()
    yield None, name.strip()
