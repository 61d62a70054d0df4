"""Limits of one answer, and a connection that keeps to them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ..config.store_url import StoreURL
from ..errors import RefusedError, StoreError
from ..store import Connection
from ..store.driver import Cursor, Parameters, column_name, exact_parameters
from ..store.driver_errors import store_error

__all__ = ["LimitedConnection", "Limits", "answered"]

T = TypeVar("T")

MOST_READ = 100_000
"""So many rows are read at most to make an answer, whatever it shows of them."""

GRACE_SECONDS = 2.0
"""The server ends a statement by itself, but not in the middle of an operator."""

STOP_SECONDS = 5.0


@dataclass(frozen=True)
class Limits:
    """How much one answer may take.

    Attributes:
        rows: rows of a table.
        seconds: the time of all its statements.
        characters: of the answer as JSON.
    """

    rows: int = 200
    seconds: float = 20.0
    characters: int = 50_000


class LimitedConnection(Connection):
    """A connection for one answer, whose statements the server ends when they take too long."""

    _rows_read = 0

    def __init__(self, url: StoreURL, limits: Limits) -> None:
        super().__init__(url)
        self.limits = limits
        with contextlib.suppress(RefusedError), self.transaction():  # old servers have it not
            self.execute(f"CALL sys.setquerytimeout({max(1, round(limits.seconds))})")

    def query(self, statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement; RefusedError if the answer takes very many altogether."""
        rows = self._first(statement, parameters, MOST_READ + 1)[1]
        self._rows_read += len(rows)
        if self._rows_read > MOST_READ:
            raise RefusedError(
                f"The answer would be made of more than {MOST_READ} values. Ask for less: name "
                "fewer runs, or the metrics."
            )
        return rows

    def first_rows(
        self, statement: str, parameters: Parameters = ()
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and rows of a statement, one row more than may be shown at most."""
        return self._first(statement, parameters, self.limits.rows + 1)

    def _first(
        self, statement: str, parameters: Parameters, count: int
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names and the first rows of a statement."""
        try:
            cursor: Any = Cursor(self._connection)
            cursor.arraysize = count
            cursor.execute(statement, exact_parameters(parameters) or None)
            columns = [column_name(column[0]) for column in cursor.description or ()]
            rows = cursor.fetchmany(count) if columns else []
            cursor.close()
        except Exception as error:
            raise store_error(error, self.url) from error
        return columns, rows

    def abort(self) -> None:
        """End a statement that another thread waits for; its call raises StoreError."""
        with contextlib.suppress(OSError):
            self._connection.mapi.sock.shutdown(socket.SHUT_RDWR)


def answered(connection: LimitedConnection, ask: Callable[[LimitedConnection], T]) -> T:
    """What `ask` returns, if that is in time; nothing that it changed stays.

    Raises:
        RefusedError: it took too long.
        DfAnalyzerError: those of `ask`.
    """
    results: list[T] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            results.append(ask(connection))
        except Exception as error:  # it is raised where the answer is waited for
            errors.append(error)
        finally:
            connection.rollback()

    limit = connection.limits.seconds
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(limit + GRACE_SECONDS)
    is_late = thread.is_alive()
    if is_late:
        connection.abort()
        thread.join(STOP_SECONDS)
    late_error = errors and isinstance(errors[0], StoreError) and "timeout" in str(errors[0])
    if is_late or late_error:
        raise RefusedError(
            f"The answer took longer than {limit:g} s and was stopped. Ask for less: name a "
            "dataflow or an execution, or count before you list."
        )
    if errors:
        raise errors[0]
    return results[0]
