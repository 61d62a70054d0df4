"""What screens take as arguments: a connection for the request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Request

from ..store import Connection

__all__ = ["Reading"]


def _reading(request: Request) -> Iterator[Connection]:
    """A connection that may only read, until the request is answered.

    A page shows one moment of the database, whose tables are looked up once. What changes something
    reads the change, too.
    """
    with request.app.state.database.reading() as connection:
        if request.method == "GET":
            with connection.snapshot():
                yield connection
        else:
            yield connection


Reading = Annotated[Connection, Depends(_reading)]
