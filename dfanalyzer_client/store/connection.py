"""One connection to MonetDB, and its errors as ours.

Codes are SQLSTATEs as MonetDB 11.41 and 11.43 send them; they stand before a ``!``. Most server
errors arrive as pymonetdb's OperationalError: it is the code and the text that tell them apart.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any, Self

import pymonetdb
import pymonetdb.sql.cursors

from ..config.store_url import StoreURL
from ..errors import (
    ConflictError,
    RefusedError,
    StoreBrokenError,
    StoreError,
    StoreLoginError,
    StoreUnavailableError,
)
from ..support.descriptors import FIRST_FREE
from ..support.forks import close_in_children
from ..support.terminal import terminal_text
from .patience import PatientSocket

__all__ = ["Connection", "lacks_rights", "store_error"]

CONNECT = {"connect_timeout": 10, "timezone": 0, "client_application": "keras-prov"}
HEADER, SEPARATOR = "%", ",\t"
HASH, COMMA = "\ue000", "\ue001"  # of Unicode's private use area
CONFLICT_CODES = ("40001", "40000")
CONFLICT_TEXTS = ("conflict", "update failed", "delete failed", "could not claim slots")
LOGIN_TEXTS = (
    "credentials",
    "invalid password entry",
    "no such database",
    "request for database",
    "access denied",
)
FULL_TEXT = "client limit"
PRIVILEGE_TEXTS = ("insufficient privileges", "access denied")
LOG_TEXTS = ("gdk reported error: log_",)
ROOM_TEXTS = ("no space left", "could not write", "disk full", "hy013", "could not allocate")


class Connection:
    """A connection in which each statement is part of a transaction; ``with`` closes it.

    Raises StoreUnavailableError when nobody answers and StoreLoginError when the server does not
    take the user, the password or the database's name.

    Attributes:
        url: where to.
        copies: whether the server has not refused a COPY yet.
    """

    def __init__(self, url: StoreURL) -> None:
        self.url = url
        self.copies = True
        self._connection = self._connected()
        self._session: int | None = None
        self._socket = PatientSocket(self._connection.mapi.sock, self._is_worked_for)
        self._connection.mapi.sock = self._socket
        with contextlib.suppress(RefusedError), self.transaction():  # an old server has no numbers
            ((self._session,),) = self.query("SELECT sys.current_sessionid()")
        close_in_children(self)

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement with bound parameters; the number of rows it changed."""
        return self._run(statement, parameters)[0]

    def query(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement."""
        return self._run(statement, parameters)[2]

    def table(self, statement: str) -> tuple[list[str], list[tuple[Any, ...]], int]:
        """Column names and rows of a statement, and the number of rows it returned or changed.

        A statement without a result has no columns.
        """
        count, columns, rows = self._run(statement, ())
        return columns, rows, count

    def copy_in(self, statement: str, rows: str) -> int:
        """Run a COPY … ON CLIENT that reads `rows`; the number of rows it added."""
        self._connection.set_uploader(_Upload(rows))
        self._socket.asks = False  # the server is at work as long as it waits for our rows
        try:
            return self.execute(statement)
        finally:
            self._socket.asks = True

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end; roll back when anything raises."""
        try:
            yield
            self._commit()
        except BaseException:
            self.rollback()
            raise

    def rollback(self) -> None:
        """End the transaction without its changes; a dead connection is let be."""
        with contextlib.suppress(Exception):
            self._connection.rollback()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Say goodbye; twice is fine."""
        with contextlib.suppress(Exception):
            self._connection.close()

    def close_inherited(self) -> None:
        """Close our end of a connection that belongs to a parent process, without a word."""
        with contextlib.suppress(Exception):
            os.close(self._connection.mapi.sock.detach())

    def _connected(self) -> Any:
        try:
            with _quiet_driver():
                return _connected(self.url)
        except Exception as error:  # the driver's traceback has the password
            raise _connect_error(error, self.url) from None

    def _is_worked_for(self) -> bool:
        """Whether the server is at work for this connection, as it says over another one."""
        try:
            other = self._connected()
        except StoreLoginError:  # it is there, and takes nobody in
            return True
        except StoreUnavailableError as error:
            return FULL_TEXT in str(error)
        with contextlib.closing(other):
            other.mapi.sock.settimeout(CONNECT["connect_timeout"])
            try:
                cursor = other.cursor()
                cursor.execute(
                    "SELECT count(*) FROM sys.queue WHERE sessionid = %s AND finished IS NULL",
                    (self._session,),
                )
                return self._session is None or bool(cursor.fetchone()[0])
            except pymonetdb.Error:  # an old server does not say
                return True
            except OSError:
                return False

    def _commit(self) -> None:
        try:
            self._connection.commit()
        except Exception as error:
            raise store_error(error, self.url) from error

    def _run(
        self, statement: str, parameters: Sequence[Any]
    ) -> tuple[int, list[str], list[tuple[Any, ...]]]:
        try:
            cursor: Any = _Cursor(self._connection)
            cursor.arraysize = 10_000
            count = cursor.execute(statement, tuple(map(_as_double, parameters)) or None)
            columns = [_original(column[0]) for column in cursor.description or ()]
            rows = cursor.fetchall() if columns else []
            cursor.close()
        except Exception as error:
            raise store_error(error, self.url) from error
        return count or 0, columns, rows


class _Cursor(pymonetdb.sql.cursors.Cursor):
    """A cursor that reads any name: pymonetdb 1.9.1 splits header lines at ``#`` and ``,``."""

    def _store_result(self, block: str, **options: Any) -> None:
        lines = (_readable(line) if line[:1] == HEADER else line for line in block.split("\n"))
        super()._store_result("\n".join(lines), **options)


class _Upload(pymonetdb.Uploader):
    """Gives the server the text that its COPY asks for, whatever file it calls it."""

    def __init__(self, text: str) -> None:
        self._text = text

    def handle_upload(self, upload: Any, filename: str, text_mode: bool, skip_amount: int) -> None:
        """Called by pymonetdb."""
        upload.text_writer().write(self._text)


class _Double(float):
    """A number that is written with an exponent: MonetDB reads ``0.1`` as a DECIMAL.

    It turns that into a DOUBLE by a division, which gives -7346801813017406.0 for
    ``-7346801813017407.0``; a literal with an exponent is read by ``strtod``.
    """

    def __str__(self) -> str:
        text = float.__repr__(self)
        return text if "e" in text else f"{text}e0"


def _as_double(parameter: Any) -> Any:
    return _Double(parameter) if isinstance(parameter, float) else parameter


def _readable(header: str) -> str:
    """A header line without ``#`` and ``,`` in its names; ``_original`` brings them back."""
    names, mark, kind = header.rpartition(" # ")
    if not names.count("#") and not names.count(",") > names.count(SEPARATOR):
        return header
    parts = (part.replace("#", HASH).replace(",", COMMA) for part in names.split(SEPARATOR))
    return SEPARATOR.join(parts) + mark + kind


def _original(name: str) -> str:
    name = name.replace(HASH, "#").replace(COMMA, ",")
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return name


def _connected(url: StoreURL) -> Any:
    """A connection whose socket is no standard descriptor, where some of those are closed.

    It is made again while the earlier ones hold these: TLS has its number in it already.
    """
    low: list[Any] = []
    try:
        while True:
            made: Any = pymonetdb.connect(**{**CONNECT, **url.driver_arguments()})
            if made.mapi.sock.fileno() >= FIRST_FREE:
                return made
            low.append(made)
    finally:
        for each in low:
            each.close()


@contextlib.contextmanager
def _quiet_driver() -> Iterator[None]:
    """Keep the driver from logging what we raise; other threads' use of it is not touched."""
    thread = threading.get_ident()

    def is_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    driver = logging.getLogger("pymonetdb.mapi")
    driver.addFilter(is_others)
    try:
        yield
    finally:
        driver.removeFilter(is_others)


def store_error(error: Exception, url: StoreURL) -> StoreError:
    """The driver's or the system's error as one of ours; a StoreError stays what it is."""
    if isinstance(error, StoreError):
        return error
    text = terminal_text(str(error).strip())
    lower = text.lower()
    if isinstance(error, (TypeError, ValueError, LookupError)):
        raise error  # a mistake of ours or the driver's, which trying again does not mend
    if isinstance(error, OSError | EOFError) or not isinstance(error, pymonetdb.Error):
        return StoreUnavailableError(f"The connection to {url} is gone: {text}.")
    if lower.startswith(CONFLICT_CODES) or any(word in lower for word in CONFLICT_TEXTS):
        return ConflictError(text)
    if any(word in lower for word in LOG_TEXTS):
        return StoreBrokenError(
            f"The server at {url} cannot write its log ({' '.join(text.split())}), as after its "
            "disk was full. Once there is room it must be started anew."
        )
    if any(word in lower for word in ROOM_TEXTS):
        return StoreUnavailableError(f"The server at {url} has no room: {text}.")
    if "!" not in text[:10] and not isinstance(error, pymonetdb.ProgrammingError):
        return StoreUnavailableError(f"The connection to {url} is gone: {text}.")
    return RefusedError(text.partition("!")[2] or text)


def lacks_rights(error: RefusedError) -> bool:
    """Whether the user may not do it; MonetDB has no SQLSTATE of its own for that."""
    return any(words in str(error).lower() for words in PRIVILEGE_TEXTS)


def _connect_error(error: Exception, url: StoreURL) -> StoreError:
    text = str(error).strip()
    is_refusal = isinstance(error, pymonetdb.DatabaseError) and not isinstance(error, OSError)
    if is_refusal and any(word in text.lower() for word in LOGIN_TEXTS):
        return StoreLoginError(
            f"The server at {url} refused the login ({text}): check user, password and "
            "database in the store's URL (KERAS_PROV_STORE)."
        )
    return StoreUnavailableError(
        f"No MonetDB answers at {url} ({text or type(error).__name__}): check host and port, and "
        "that the server runs."
    )
