"""Add sites to a central database, list them, and remove them."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import NamedTuple

from ..config.store_url import StoreURL
from ..errors import FederationError, RefusedError, StoreError
from ..store.connection import Connection
from ..store.retry import retrying_conflicts
from ..store.rights.permissions import all_readers
from ..store.schema import grant, lock_definitions, names_in
from ..store.sessions import warn_of_blocking_sessions
from ..store.sql import identifier, qualified
from .definitions import (
    FEDERATION,
    REMOTE_TABLES,
    VIEWS,
    checked_name,
    over_all_sites,
    remote_tables,
    schema_of,
    site_views,
)

__all__ = ["Site", "add_site", "problem_of", "remove_site", "sites", "state_of"]

SITES = qualified(FEDERATION, "site")
OLDEST = 6
"""The first version of the catalogue that has all that is read here."""


class Site(NamedTuple):
    """A database that is queried from here: its name, its address without the password."""

    name: str
    address: str
    added: datetime


def sites(connection: Connection) -> list[Site]:
    """The sites of a central database, by name."""
    if "site" not in names_in(connection, FEDERATION):
        return []
    rows = connection.query(f"SELECT name, address, added FROM {SITES} ORDER BY name")
    return [Site(*row) for row in rows]


def add_site(connection: Connection, name: str, url: StoreURL, known: tuple[str, ...] = ()) -> int:
    """Define the tables and views of a site, if its server answers.

    Args:
        connection: to the central database, of its administrator.
        name: what to call the site.
        url: the site's, as the central server reaches it, with the password.
        known: users who may then SELECT, besides those who may read the catalogue.

    Returns:
        How many executions the site has.

    Raises:
        FederationError: the name is taken, or the central server cannot read the site.
    """
    checked_name(name)
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            lock_definitions(connection)
            _define(connection, name, url, known)
            count = _tried(connection, name, url)
    return count


def remove_site(connection: Connection, name: str, known: tuple[str, ...] = ()) -> None:
    """Remove the tables and views of a site; the site itself is not touched, or even asked."""
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            lock_definitions(connection)
            others = [site.name for site in sites(connection)]
            if name not in others:
                raise FederationError(
                    f"There is no site {name!r}. Expected one of: {', '.join(others) or 'none'}."
                )
            others.remove(name)
            connection.execute(f"DELETE FROM {SITES} WHERE name = %s", [name])
            _redefine(connection, others, known)
            schema = schema_of(name)
            for view in reversed(VIEWS):
                connection.execute(f"DROP VIEW {qualified(schema, view)}")
            for table in REMOTE_TABLES:
                connection.execute(f"DROP TABLE {qualified(schema, table)}")
            connection.execute(f"DROP SCHEMA {identifier(schema)}")


def state_of(connection: Connection, name: str) -> str:
    """How many executions a site has, or why it cannot be read now."""
    try:
        with connection.transaction():
            ((count,),) = connection.query(
                f"SELECT count(*) FROM {qualified(schema_of(name), 'dataflow_execution')}"
            )
    except StoreError as error:
        return problem_of(error)
    return f"{count} executions"


def problem_of(error: StoreError) -> str:
    """Why a site cannot be read, in words."""
    text = str(error)
    if "mal_for_all" in text:
        return (
            "its server lets only the user monetdb read from other servers, unless it was started "
            "with mal_for_all=yes"
        )
    if "credentials" in text:
        return "its server refuses the login"
    for begin in ("could not connect to ", "unable to connect to "):
        if begin in text:
            reason = text[text.rindex(begin) :].strip(" .\n")
            return f"the central server gets no answer ({reason})"
    return text


def _define(connection: Connection, name: str, url: StoreURL, known: tuple[str, ...]) -> None:
    present = names_in(connection, FEDERATION)
    if not present:
        connection.execute(f"CREATE SCHEMA {identifier(FEDERATION)}")
        connection.execute(f"CREATE TABLE {SITES} (name TEXT, address TEXT, added TIMESTAMP)")
        _grant(connection, FEDERATION, "site", known)
    others = [site.name for site in sites(connection)]
    if name in others:
        raise FederationError(f"There is a site {name!r} already: remove it first.")
    schema, hashes = schema_of(name), ""
    connection.execute(f"CREATE SCHEMA {identifier(schema)}")
    try:
        for statement in remote_tables(name, url):
            hashes = statement.rpartition("'")[0].rpartition("'")[2]
            connection.execute(statement)
    except RefusedError as error:  # whose text may have the hash
        raise FederationError(
            f"The server does not define remote tables: {str(error).replace(hashes, '…')}."
        ) from None
    for view, statement in site_views(name):
        connection.execute(statement)
        _grant(connection, schema, view, known)
    for table in REMOTE_TABLES:
        _grant(connection, schema, table, known)
    connection.execute(
        f"INSERT INTO {SITES} VALUES (%s, %s, localtimestamp)",
        [name, str(url.without_password())],
    )
    _redefine(connection, sorted([*others, name]), known)


def _redefine(connection: Connection, names: list[str], known: tuple[str, ...]) -> None:
    """Define the views over all sites anew."""
    present = names_in(connection, FEDERATION)
    for view, statement in over_all_sites(names):
        if view in present:
            connection.execute(f"DROP VIEW {qualified(FEDERATION, view)}")
        connection.execute(statement)
        _grant(connection, FEDERATION, view, known)


def _grant(connection: Connection, schema: str, name: str, known: tuple[str, ...]) -> None:
    grant(connection, schema, name, all_readers(connection, known))


def _tried(connection: Connection, name: str, url: StoreURL) -> int:
    """How many executions a new site has, as the central server reads it."""
    schema = schema_of(name)
    try:
        ((version,),) = connection.query(
            f"SELECT max(version) FROM {qualified(schema, 'catalogue_version')}"
        )
        ((count,),) = connection.query(
            f"SELECT count(*) FROM {qualified(schema, 'dataflow_execution')}"
        )
    except StoreError as error:
        raise FederationError(
            f"The site {url.without_password()} cannot be read: {problem_of(error)}."
        ) from error
    if version < OLDEST:
        raise FederationError(
            f"The catalogue of {url.without_password()} is of version {version}: upgrade it there "
            "with `keras-prov db upgrade`."
        )
    return int(count)
