"""The roles of sets: those that a dataflow declared, and those of the sets that we know by name."""

from __future__ import annotations

from collections.abc import Mapping

from ...dlprov import role_of as dlprov_role
from ...errors import RefusedError
from ...keras_schema import find_set
from ..connection import Connection
from ..layout import DataflowLayout, SetLayout
from ..schema import PUBLIC, names_in, table
from ..sql import placeholders

__all__ = ["add_known_roles", "add_role", "load_roles", "same_role", "sets_with"]


def load_roles(connection: Connection, layouts: Mapping[int, DataflowLayout]) -> None:
    """Read the roles of the sets of dataflows, which are given by id.

    A catalogue from before roles has those by name.
    """
    has_roles = "data_set_role" in names_in(connection, PUBLIC)
    found: dict[tuple[int, str], str] = {}
    if has_roles:
        rows = connection.query_once(
            f"SELECT s.df_id, s.tag, r.role FROM {table('data_set_role')} r "
            f"JOIN {table('data_set')} s ON s.id = r.ds_id "
            f"WHERE s.df_id IN ({placeholders(len(layouts))})",
            list(layouts),
        )
        found = {(dataflow, tag): role for dataflow, tag, role in rows}
    for dataflow, layout in layouts.items():
        for tag, known in layout.sets.items():
            known.role = found.get((dataflow, tag)) if has_roles else _known_role(known)


def sets_with(connection: Connection, role: str) -> dict[str, set[str]] | None:
    """Tags of the sets with a role, by their dataflow's; None in a catalogue from before roles."""
    if "data_set_role" not in names_in(connection, PUBLIC):
        return None
    rows = connection.query_once(
        f"SELECT d.tag, s.tag FROM {table('data_set_role')} r "
        f"JOIN {table('data_set')} s ON s.id = r.ds_id "
        f"JOIN {table('dataflow')} d ON d.id = s.df_id WHERE r.role = %s",
        [role],
    )
    found: dict[str, set[str]] = {}
    for dataflow, tag in rows:
        found.setdefault(dataflow, set()).add(tag)
    return found


def add_role(connection: Connection, known: SetLayout, declared: str | None) -> bool:
    """Give a set its role, if it has none: the declared one, or that of a set known by name.

    Returns:
        Whether it has a role that it had not before.
    """
    role = declared or _known_role(known)
    if role is None or known.role is not None:
        return False
    connection.execute(
        f"INSERT INTO {table('data_set_role')} (ds_id, role) VALUES (%s, %s)", [known.id, role]
    )
    known.role = role
    return True


def add_known_roles(connection: Connection, layout: DataflowLayout) -> None:
    """Give the sets of an older dataflow the roles that we know by name."""
    for known in layout.sets.values():
        known.role = None
        add_role(connection, known, None)


def same_role(tag: str, known: SetLayout, declared: str | None) -> None:
    """Raise RefusedError if a set has another role in the database than a message declares."""
    if None not in (declared, known.role) and declared != known.role:
        raise RefusedError(
            f"Set {known.tag!r} of dataflow {tag!r} has the role {known.role!r} in the database "
            f"and {declared!r} now: give it another tag, or use another dataflow tag."
        )


def _known_role(known: SetLayout) -> str | None:
    ours = find_set(known.tag)
    if ours is not None:
        writers, readers = {(ours.producer or "").lower()}, {tag.lower() for tag in ours.consumers}
        if writers & set(known.producers) or readers & set(known.consumers):
            return ours.role.value
    return dlprov_role(known.tag, known.producers, known.consumers)
