"""What a statement can name: the tables, and their columns."""

from __future__ import annotations

from ...store import Connection
from ...store.reading import Catalogue
from ...store.schema import PUBLIC
from ...store.sql import identifier, qualified

__all__ = ["tables"]

VIEWS = ("hyperparameters", "metrics", "tags", "notes", "task", "file", "lineage")
"""What compares the executions of all dataflows."""


def tables(connection: Connection, schema: str) -> list[tuple[str, list[str]]]:
    """What a statement can name, and the columns: a dataflow's sets, then what all have."""
    catalogue = Catalogue(connection)
    layout = catalogue.layout(schema) if schema else None
    sets = [
        (_plain(known.tag), [_plain(name) for name in known.view_columns])
        for known in (layout.sets.values() if layout else ())
    ]
    public = [
        (qualified(PUBLIC, name).replace(f'"{name}"', name), catalogue.columns(name))
        for name in VIEWS
    ]
    return [*sets, *((name, columns) for name, columns in public if columns)]


def _plain(name: str) -> str:
    """A name as it is written in SQL: in quotes where it needs them."""
    is_plain = name.isascii() and name.isidentifier() and name == name.lower()
    return name if is_plain else identifier(name)
