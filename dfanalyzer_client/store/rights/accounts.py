"""Accounts of a server that people share: readers, who may only SELECT, and writers.

MonetDB requires the role sysadmin of whoever creates schemas, and a writer creates one for each
dataflow. A server that knows no default roles (11.41) gives a new session only its own rights:
`Connection` takes the role then.

A server gets the hash of a new password, which it would store anyway, never the password itself:
statements appear in lists of running queries.
"""

from __future__ import annotations

import hashlib
from functools import partial

from ...errors import DefinitionError, RefusedError
from ..connection import Connection
from ..retry import retrying_conflicts
from ..schema import PUBLIC, TABLES, VIEWS, grant, lock_definitions, table
from ..sessions import warn_of_blocking_sessions
from ..sql import identifier, placeholders
from .permissions import selectable

__all__ = ["check_account_name", "create_account", "has_account", "let_read", "let_write"]

ROLE = "sysadmin"
SCHEMA_PATH = '"sys","public"'
"""Schemas in which an account's statements find tables beside those of the current schema."""


def check_account_name(name: str) -> None:
    """Raise DefinitionError if nobody could log in with this name."""
    if not name or ":" in name or not name.isprintable():
        raise DefinitionError(
            f"An account's name is a printable text without colons. Received: {name!r}."
        )


def has_account(connection: Connection, name: str) -> bool:
    """Whether the server has an account of this name."""
    with connection.transaction():
        return bool(connection.query("SELECT 1 FROM sys.auths WHERE name = %s", [name]))


def create_account(connection: Connection, name: str, password: str) -> None:
    """Create an account that may do nothing yet.

    Some servers keep it even if the transaction is rolled back, so this has one of its own.

    Raises:
        RefusedError: our user may not create accounts, or this one cannot be.
    """
    hashed = hashlib.sha512(password.encode()).hexdigest()
    problem = ""
    try:
        with connection.transaction():
            connection.execute(
                f"CREATE USER {identifier(name)} WITH ENCRYPTED PASSWORD '{hashed}' "
                f"NAME 'Keras-Prov' SCHEMA \"sys\""
            )
    except RefusedError as error:
        problem = str(error).replace(hashed, "…")
    if problem:  # outside of the handler, whose error has the hash
        raise RefusedError(f"The account {name!r} cannot be created: {problem}.")


def let_read(connection: Connection, name: str) -> int:
    """Let an account SELECT from the catalogue and from the sets of all dataflows.

    Whoever may read all of the catalogue may read what is created later, too.

    Returns:
        From how many tables and views it may read that it could not read before.
    """
    for attempt in retrying_conflicts(report=partial(warn_of_blocking_sessions, connection)):
        with attempt, connection.transaction():
            lock_definitions(connection)  # so that no set is created meanwhile
            connection.execute(f"ALTER USER {identifier(name)} SCHEMA PATH '{SCHEMA_PATH}'")
            missing = _readable(connection) - selectable(connection, name)
            for schema, relation in sorted(missing):
                grant(connection, schema, relation, [name])
    return len(missing)


def let_write(connection: Connection, name: str) -> bool:
    """Let an account create and write everything.

    Returns:
        Whether the server gives it this right at each login. Otherwise, `Connection` asks for it,
        and other clients have to ``SET ROLE sysadmin``.
    """
    account = identifier(name)
    with connection.transaction():
        if not _has_role(connection, name):
            connection.execute(f"GRANT {ROLE} TO {account}")
        connection.execute(f"ALTER USER {account} SCHEMA PATH '{SCHEMA_PATH}'")
    try:
        with connection.transaction():
            connection.execute(f"ALTER USER {account} DEFAULT ROLE {ROLE}")
    except RefusedError as error:
        if "syntax error" not in str(error):
            raise
        return False
    return True


def _has_role(connection: Connection, name: str) -> bool:
    found = connection.query(
        "SELECT 1 FROM sys.user_role u JOIN sys.auths a ON a.id = u.login_id "
        "JOIN sys.auths r ON r.id = u.role_id WHERE a.name = %s AND r.name = %s",
        [name, ROLE],
    )
    return bool(found)


def _readable(connection: Connection) -> set[tuple[str, str]]:
    """Schemas and names of the catalogue's tables and views, and of those of all sets."""
    names = [*TABLES, *VIEWS]
    rows = connection.query(
        "SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        f"WHERE s.name = %s AND t.name IN ({placeholders(len(names))}) "
        "UNION SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        f"JOIN {table('dataflow')} d ON d.tag = s.name JOIN {table('data_set')} e "
        "ON e.df_id = d.id AND (t.name = e.tag OR t.name = 'ds_' || e.tag) "
        "UNION SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = 'federation' OR s.name LIKE 'federation.%%'",
        [PUBLIC, *names],
    )
    return {(schema, name) for schema, name in rows}
