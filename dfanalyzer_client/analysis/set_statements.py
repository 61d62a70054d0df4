"""Statements that give the rows of a set in one run, to be read, changed and run by people."""

from __future__ import annotations

from ..keras_schema import Role
from ..store import Connection
from ..store.layout import SetLayout
from ..store.reading import Catalogue
from ..store.sql import qualified

__all__ = ["set_statements", "sets_of"]


def sets_of(connection: Connection, dataflow: str) -> dict[str, Role | None]:
    """The sets of a dataflow, and what their rows are for."""
    layout = Catalogue(connection).layout(dataflow)
    if layout is None:
        return {}
    return {tag: Role(known.role) if known.role else None for tag, known in layout.sets.items()}


def set_statements(
    connection: Connection, dataflow: str, execution: int, tags: list[str]
) -> list[str]:
    """A statement for each of the sets that the dataflow has, in their order."""
    layout = Catalogue(connection).layout(dataflow)
    known = layout.sets if layout else {}
    return [
        _statement(dataflow, known[tag.lower()], execution)
        for tag in tags
        if tag.lower() in known and known[tag.lower()].task_columns
    ]


def _statement(dataflow: str, known: SetLayout, execution: int) -> str:
    columns = [f's."{column}"' for column in known.task_columns]
    task = columns[0] if len(columns) == 1 else f"COALESCE({', '.join(columns)})"
    return (
        f"SELECT s.*\nFROM {qualified(dataflow, known.tag)} AS s\n"
        f'JOIN "public".task AS t ON t.id = {task}\n'
        f"WHERE t.df_exec = {execution:d}\nORDER BY s.id"
    )
