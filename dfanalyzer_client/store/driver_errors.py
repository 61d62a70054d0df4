"""The driver's errors as ours.

Codes are SQLSTATEs as MonetDB 11.41 and 11.43 send them; they stand before a ``!``. Most server
errors arrive as pymonetdb's OperationalError, so only the code and the text tell them apart.
"""

from __future__ import annotations

import re

import pymonetdb

from ..config.store_url import StoreURL
from ..errors import (
    ConflictError,
    RefusedError,
    StoreBrokenError,
    StoreError,
    StoreLoginError,
    StoreUnavailableError,
)
from ..support.terminal import terminal_text

__all__ = [
    "connect_error",
    "explained_refusal",
    "has_no_free_client",
    "lacks_rights",
    "store_error",
]

CONFLICT_CODES = ("40001", "40000")
CONFLICT_TEXTS = ("conflict", "update failed", "delete failed", "could not claim slots")
LOGIN_TEXTS = (
    "credentials",
    "invalid password entry",
    "no such database",
    "request for database",
    "access denied",
)
CLIENT_LIMIT_TEXT = "client limit"
PRIVILEGE_TEXTS = ("insufficient privileges", "access denied")
MISSING_TABLE = re.compile(r"no such table 'public'\.'([^']+)'")
REMOTE_TEXT = "unable to connect to 'mapi:"
LOG_TEXTS = ("gdk reported error: log_",)
FULL_TEXTS = ("no space left", "could not write", "disk full", "hy013", "could not allocate")


def store_error(error: Exception, url: StoreURL) -> StoreError:
    """An error of the driver or the system as one of ours; returns a StoreError as it is."""
    if isinstance(error, StoreError):
        return error
    text = terminal_text(str(error).strip())
    lower = text.lower()
    if isinstance(error, (TypeError, ValueError, LookupError)):
        raise error  # a bug of ours or the driver's: retrying does not help
    if isinstance(error, OSError | EOFError) or not isinstance(error, pymonetdb.Error):
        return _connection_lost(url, text)
    if lower.startswith(CONFLICT_CODES) or _has_any(lower, CONFLICT_TEXTS):
        return ConflictError(text)
    if _has_any(lower, LOG_TEXTS):
        return StoreBrokenError(
            f"The server at {url} cannot write its log ({' '.join(text.split())}), as happens "
            "when its disk was full. Once there is space, it must be restarted."
        )
    if _has_any(lower, FULL_TEXTS):
        return StoreUnavailableError(f"The server at {url} has no space: {text}.")
    if REMOTE_TEXT in lower:
        return RefusedError(f"Another server, which the statement reads, does not answer: {text}")
    if "!" not in text[:10] and not isinstance(error, pymonetdb.ProgrammingError):
        return _connection_lost(url, text)
    return RefusedError(text.partition("!")[2] or text)


def connect_error(error: Exception, url: StoreURL) -> StoreError:
    """The error of a connection that could not be opened, as one of ours."""
    text = str(error).strip()
    is_refusal = isinstance(error, pymonetdb.DatabaseError) and not isinstance(error, OSError)
    if is_refusal and _has_any(text.lower(), LOGIN_TEXTS):
        return StoreLoginError(
            f"The server at {url} refused the login ({text}): check user, password and "
            "database in the store's URL (KERAS_PROV_STORE)."
        )
    return StoreUnavailableError(
        f"No MonetDB answers at {url} ({text or type(error).__name__}): check host and port, and "
        "that the server runs."
    )


def lacks_rights(error: RefusedError) -> bool:
    """Whether the user lacks the right to do it; MonetDB has no SQLSTATE of its own for that."""
    return _has_any(str(error).lower(), PRIVILEGE_TEXTS)


def explained_refusal(error: RefusedError) -> RefusedError:
    """An error of a question that has a known cause, with what helps; another as it is."""
    missing = MISSING_TABLE.search(str(error))
    if missing:
        return RefusedError(
            f"The catalogue has no {missing[1]!r}: nothing is stored yet, or an earlier version "
            "made it, and `keras-prov db upgrade` upgrades it."
        )
    if not lacks_rights(error) or not str(error).startswith("SELECT"):
        return error
    return RefusedError(
        f"This account may not read all that the answer takes ({error}): whoever administers the "
        "database can GRANT it SELECT on the tables in the schema public and in the dataflow's."
    )


def has_no_free_client(error: StoreUnavailableError) -> bool:
    """Whether the server runs and has as many clients as it takes."""
    return CLIENT_LIMIT_TEXT in str(error)


def _connection_lost(url: StoreURL, text: str) -> StoreUnavailableError:
    return StoreUnavailableError(f"The connection to {url} was lost: {text}.")


def _has_any(text: str, parts: tuple[str, ...]) -> bool:
    return any(part in text for part in parts)
