"""One connection to MonetDB, whose errors are ours."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, Self

import pymonetdb

from ..config.store_url import StoreURL
from ..errors import RefusedError, StoreLoginError, StoreUnavailableError
from ..support.forks import close_in_children
from .driver import (
    CONNECT_OPTIONS,
    Cursor,
    Parameters,
    Upload,
    column_name,
    connect,
    exact_parameters,
)
from .driver_errors import has_no_free_client, store_error
from .patience import PatientSocket

__all__ = ["Connection"]

ROWS_PER_FETCH = 10_000

ADMINISTRATOR = "monetdb"
UNUSED_ROLE = (
    "SELECT 1 FROM sys.user_role u JOIN sys.auths a ON a.id = u.login_id "
    "JOIN sys.auths r ON r.id = u.role_id WHERE a.name = current_user "
    "AND current_role = current_user AND r.name = 'sysadmin'"
)
"""Whether the account was granted an administrator's role that its session does not have."""


class Connection:
    """A connection in which each statement is part of a transaction; ``with`` closes it.

    Raises StoreUnavailableError if nobody answers, and StoreLoginError if the server refuses the
    user, the password or the database's name.

    Attributes:
        url: the server's.
        copies: whether the server accepts COPY, as far as we know.
    """

    def __init__(self, url: StoreURL) -> None:
        self.url = url
        self.copies = True
        self._is_snapshot = False
        self._remembered: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
        self._connection = connect(url)
        self._session: int | None = None
        self._socket = PatientSocket(self._connection.mapi.sock, self._is_worked_for)
        self._connection.mapi.sock = self._socket
        with (
            contextlib.suppress(RefusedError),
            self.transaction(),
        ):  # old servers do not number them
            ((self._session,),) = self.query("SELECT sys.current_sessionid()")
        self._take_role()
        close_in_children(self)

    def execute(self, statement: str, parameters: Parameters = ()) -> int:
        """Run one statement with bound parameters; returns the number of rows that it changed."""
        self._remembered.clear()
        return self._run(statement, parameters)[0]

    def query(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement."""
        return self._run(statement, parameters)[2]

    def query_once(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """As `query`, but the server is asked once in a transaction: for what tables there are.

        Nothing that others store changes the answer within a transaction, and what is executed in
        it makes this forget. The rows are for reading only.
        """
        key = (statement, *parameters)
        if key not in self._remembered:
            self._remembered[key] = self.query(statement, parameters)
        return self._remembered[key]

    def table(
        self, statement: str, parameters: Parameters = ()
    ) -> tuple[list[str], list[tuple[Any, ...]], int]:
        """Column names and rows of a statement, and the number of rows it returned or changed.

        A statement without a result has no columns.
        """
        self._remembered.clear()
        count, columns, rows = self._run(statement, parameters)
        return columns, rows, count

    def chunks(self, statement: str) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a statement, so many at a time that any number of them fits into memory."""
        try:
            cursor: Any = Cursor(self._connection)
            cursor.arraysize = ROWS_PER_FETCH
            cursor.execute(statement)
            while rows := cursor.fetchmany(ROWS_PER_FETCH):
                yield rows
            cursor.close()
        except Exception as error:
            raise store_error(error, self.url) from error

    def copy_in(self, statement: str, rows: str) -> int:
        """Run a COPY … ON CLIENT that reads `rows`; returns the number of rows that it added."""
        self._connection.set_uploader(Upload(rows))
        self._socket.asks = False  # a server that waits for our rows says that it is working
        try:
            return self.execute(statement)
        finally:
            self._socket.asks = True

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end; roll back on an error."""
        try:
            yield
            self._commit()
        except BaseException:
            self.rollback()
            raise

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Read all in one transaction, to the end of the ``with``; nothing is committed.

        A `transaction` inside it ends nothing, unless it fails.
        """
        if self._is_snapshot:
            yield
            return
        self._is_snapshot = True
        try:
            yield
        finally:
            self._is_snapshot = False
            self.rollback()

    def rollback(self) -> None:
        """End the transaction without its changes; does nothing if the connection is dead."""
        self._remembered.clear()
        with contextlib.suppress(Exception):
            self._connection.rollback()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; closing it twice is harmless."""
        with contextlib.suppress(Exception):
            self._connection.close()

    def close_inherited(self) -> None:
        """In a forked child: close our end of the parent's connection, and send nothing."""
        with contextlib.suppress(Exception):
            os.close(self._connection.mapi.sock.detach())

    def _take_role(self) -> None:
        """Use the rights of a writer's role, which a server without default roles leaves unused."""
        if self.url.user != ADMINISTRATOR:
            with contextlib.suppress(RefusedError), self.transaction():
                if self.query(UNUSED_ROLE):
                    self.execute("SET ROLE sysadmin")

    def _is_worked_for(self) -> bool:
        """Whether the server works on a statement of ours; it is asked over another connection."""
        try:
            other = connect(self.url)
        except StoreLoginError:  # it runs, but accepts no login
            return True
        except StoreUnavailableError as error:
            return has_no_free_client(error)
        with contextlib.closing(other):
            other.mapi.sock.settimeout(CONNECT_OPTIONS["connect_timeout"])
            try:
                cursor = other.cursor()
                cursor.execute(
                    "SELECT count(*) FROM sys.queue WHERE sessionid = %s AND finished IS NULL",
                    (self._session,),
                )
                return self._session is None or bool(cursor.fetchone()[0])
            except pymonetdb.Error:  # an old server cannot tell
                return True
            except OSError:
                return False

    def _commit(self) -> None:
        if self._is_snapshot:
            return
        self._remembered.clear()
        try:
            self._connection.commit()
        except Exception as error:
            raise store_error(error, self.url) from error

    def _run(
        self, statement: str, parameters: Parameters
    ) -> tuple[int, list[str], list[tuple[Any, ...]]]:
        try:
            cursor: Any = Cursor(self._connection)
            cursor.arraysize = ROWS_PER_FETCH
            count = cursor.execute(statement, exact_parameters(parameters) or None)
            columns = [column_name(column[0]) for column in cursor.description or ()]
            rows = cursor.fetchall() if columns else []
            cursor.close()
        except Exception as error:
            raise store_error(error, self.url) from error
        return count or 0, columns, rows
