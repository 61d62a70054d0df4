"""pymonetdb, with workarounds for what it gets wrong."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pymonetdb
import pymonetdb.sql.cursors

from ..config.store_url import StoreURL
from ..errors import RefusedError
from ..support.descriptors import FIRST_FREE
from ..support.numbers import non_finite_text
from .driver_errors import connect_error

__all__ = [
    "CONNECT_OPTIONS",
    "Cursor",
    "Parameters",
    "Upload",
    "column_name",
    "connect",
    "exact_parameters",
]

Parameters = Sequence[Any] | Mapping[str, Any]
"""Values for each ``%s`` of a statement, or for each ``%(name)s``."""


CONNECT_OPTIONS = {"connect_timeout": 10, "timezone": 0, "client_application": "keras-prov"}
HEADER, SEPARATOR = "%", ",\t"
HASH, COMMA = "\ue000", "\ue001"  # of Unicode's private use area


def connect(url: StoreURL) -> Any:
    """Open a connection; raises StoreUnavailableError or StoreLoginError."""
    try:
        with _quiet_driver():
            return _connect_above_standard(url)
    except Exception as error:  # the driver's traceback has the password
        raise connect_error(error, url) from None


class Cursor(pymonetdb.sql.cursors.Cursor):
    """A cursor that reads any name: pymonetdb 1.9.1 splits header lines at ``#`` and ``,``.

    `column_name` restores such names.
    """

    def _store_result(self, block: str, **options: Any) -> None:
        lines = (_escaped(line) if line[:1] == HEADER else line for line in block.split("\n"))
        super()._store_result("\n".join(lines), **options)


class Upload(pymonetdb.Uploader):
    """Sends the text that a COPY reads; the file name in that statement does not matter."""

    def __init__(self, text: str) -> None:
        self._text = text

    def handle_upload(self, upload: Any, filename: str, text_mode: bool, skip_amount: int) -> None:
        """Called by pymonetdb."""
        upload.text_writer().write(self._text)


def exact_parameters(parameters: Parameters) -> tuple[Any, ...] | dict[str, Any]:
    """The values of a statement, written so that MonetDB reads every number exactly."""
    if isinstance(parameters, Mapping):
        return {name: _as_double(value) for name, value in parameters.items()}
    return tuple(map(_as_double, parameters))


def column_name(name: str) -> str:
    """The name of a result's column, given the driver's version of it."""
    name = name.replace(HASH, "#").replace(COMMA, ",")
    if len(name) > 1 and name[0] == name[-1] == '"':
        return name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return name


class _Double(float):
    """A number that is written with an exponent: MonetDB reads ``0.1`` as a DECIMAL.

    It converts that to a DOUBLE by a division, which gives -7346801813017406.0 for
    ``-7346801813017407.0``; a literal with an exponent is read by ``strtod``.
    """

    def __str__(self) -> str:
        text = float.__repr__(self)
        return text if "e" in text else f"{text}e0"


def _as_double(parameter: Any) -> Any:
    if not isinstance(parameter, float):
        return parameter
    spelled = non_finite_text(parameter)
    if spelled is not None:
        raise RefusedError(
            f"MonetDB has no number {spelled}, so no parameter of a statement can be one. Such "
            f"metrics are NULL, and the column exact has their text: compare it with '{spelled}'"
        )
    return _Double(parameter)


def _escaped(header: str) -> str:
    """A header line without ``#`` and ``,`` in its names."""
    names, mark, kind = header.rpartition(" # ")
    if not names.count("#") and not names.count(",") > names.count(SEPARATOR):
        return header
    parts = (part.replace("#", HASH).replace(",", COMMA) for part in names.split(SEPARATOR))
    return SEPARATOR.join(parts) + mark + kind


def _connect_above_standard(url: StoreURL) -> Any:
    """A connection whose socket is no standard descriptor, even if some of those are closed.

    The socket cannot be moved, because TLS has its number already. So connections that took a
    standard descriptor are kept open until one gets another.
    """
    low: list[Any] = []
    try:
        while True:
            connection = _connection({**CONNECT_OPTIONS, **url.driver_arguments()}, url.scheme)
            if connection.mapi.sock.fileno() >= FIRST_FREE:
                return connection
            low.append(connection)
    finally:
        for connection in low:
            connection.close()


def _connection(arguments: dict[str, Any], scheme: str) -> Any:
    if scheme == "monetdb":
        return pymonetdb.connect(**arguments)
    from .tls import connect_with_tls  # few need it

    return connect_with_tls(arguments)


@contextlib.contextmanager
def _quiet_driver() -> Iterator[None]:
    """Keep the driver from logging what we raise; other threads that use it are not affected."""
    thread = threading.get_ident()

    def is_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    driver = logging.getLogger("pymonetdb.mapi")
    driver.addFilter(is_others)
    try:
        yield
    finally:
        driver.removeFilter(is_others)
