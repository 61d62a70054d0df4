"""Who created the catalogue of a database: we, the predecessor's server, or another program."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from ...errors import RefusedError
from ..inspection import TableFound
from ..schema import PUBLIC, TABLES, VIEWS, table
from ..sql import qualified

__all__ = ["Origin", "name_clash", "origin_of"]

PREDECESSORS = {"dataflow": {"id", "tag"}, "task": {"id", "identifier", "dt_id"}}
"""Tables and columns that the catalogue of every version of the predecessor has."""


class Origin(Enum):
    """Who created a catalogue; NONE: there is none."""

    NONE = auto()
    OURS = auto()
    PREDECESSORS = auto()


def origin_of(tables: Mapping[str, TableFound]) -> Origin:
    """Who created the catalogue whose tables are `tables`, those of schema ``"public"``.

    Raises:
        RefusedError: a table ``dataflow`` is there that is not the predecessor's.
    """
    if "catalogue_version" in tables:
        return Origin.OURS
    if "dataflow" not in tables:
        return Origin.NONE
    for name, wanted in PREDECESSORS.items():
        columns = tables[name].columns if name in tables else {}
        if not wanted <= columns.keys():
            raise RefusedError(
                f"This database has a table {table('dataflow')} of another program: DfAnalyzer's "
                f"catalogue has a table {table(name)} with the columns "
                f"{', '.join(sorted(wanted))}. Received: {', '.join(columns) or 'no such table'}. "
                "Use a database of its own for Keras-Prov."
            )
    return Origin.PREDECESSORS


def name_clash(names: set[str]) -> RefusedError | None:
    """The error if tables of another program have names of ours in schema ``"public"``."""
    taken = [name for name in (*TABLES, *VIEWS) if name in names]
    if not taken:
        return None
    return RefusedError(
        "The catalogue cannot be created, because another program has tables of the same name: "
        f"{', '.join(qualified(PUBLIC, name) for name in taken)}. Use a database of its own for "
        "Keras-Prov."
    )
