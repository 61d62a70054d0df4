"""Other sessions and objects that block us, to be named in messages."""

from __future__ import annotations

import logging

from ..errors import RefusedError
from .connection import Connection
from .sql import qualified

__all__ = ["blocking_sessions", "dependents", "warn_of_blocking_sessions"]

logger = logging.getLogger(__name__)

MAX_NAMED = 5
"""At most so many sessions or views are named."""


def blocking_sessions(connection: Connection) -> str:
    """The other sessions with an open transaction, as text; only administrators see them."""
    try:
        with connection.transaction():
            rows = connection.query(
                "SELECT sessionid, username, login FROM sys.sessions "
                "WHERE idle IS NULL AND sessionid <> sys.current_sessionid() ORDER BY login"
            )
    except RefusedError:
        rows = []
    if not rows:
        return "the transaction of another session"
    named = [f"session {id_} of user {user!r} (since {login})" for id_, user, login in rows]
    more = f" and of {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
    return f"the transaction of {' or of '.join(named[:MAX_NAMED])}{more}"


def warn_of_blocking_sessions(connection: Connection) -> None:
    """Log which sessions may block a transaction that conflicts again and again."""
    logger.warning(
        "Storing waits for %s, because of a conflict, and is retried until that transaction ends.",
        blocking_sessions(connection),
    )


def dependents(connection: Connection, schema: str, name: str) -> list[str]:
    """The views and functions that depend on a view."""
    with connection.transaction():
        rows = connection.query(
            "WITH v AS (SELECT t.id FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
            "WHERE s.name = %s AND t.name = %s) "
            "SELECT s.name, t.name FROM sys.dependencies d JOIN v ON v.id = d.id "
            "JOIN sys.tables t ON t.id = d.depend_id JOIN sys.schemas s ON s.id = t.schema_id "
            "UNION "
            "SELECT s.name, f.name FROM sys.dependencies d JOIN v ON v.id = d.id "
            "JOIN sys.functions f ON f.id = d.depend_id JOIN sys.schemas s ON s.id = f.schema_id",
            [schema, name],
        )
    return [qualified(*row) for row in rows][:MAX_NAMED]
