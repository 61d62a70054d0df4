"""The address of a store: ``monetdb://user:password@host:port/database``.

``monetdb://`` is not encrypted; ``monetdbs://`` uses TLS. User and password may also come after the
``?``, as in MonetDB's own URLs
(https://www.monetdb.org/documentation/user-guide/client-interfaces/monetdb-urls/).
``relay+http://host:port`` and ``relay+https://`` are relays, which take in messages for a MonetDB;
their token is no part of the URL. ``repr`` and
``str`` omit the password, so that a URL may be logged; only :meth:`StoreURL.reveal` and
:meth:`StoreURL.driver_arguments` return it. Messages about an invalid URL show nothing of it,
because any part of it may belong to the password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from ..errors import StoreURLError

__all__ = ["DEFAULT_PORT", "DEFAULT_RELAY_PORT", "StoreURL", "is_same_address"]

DEFAULT_PORT = 50000
"""MonetDB's own default port (``monetdbd``)."""

DEFAULT_RELAY_PORT = 22001

RELAYS = ("relay+http", "relay+https")
SCHEMES = ("monetdb", "monetdbs", *RELAYS)
OTHER_SCHEMES = ("file", "http", "https", "mapi", "mysql", "postgresql", "sqlite")
"""Schemes that messages name; any other word may be a part of a password."""

OPTIONS = (
    "autocommit",
    "binary",
    "cert",
    "certhash",
    "client_application",
    "client_info",
    "client_remark",
    "clientcert",
    "clientkey",
    "connect_timeout",
    "dangerous_tls_nocheck",
    "fetchsize",
    "maxprefetch",
    "replysize",
    "schema",
    "sock",
    "sockdir",
    "timezone",
)
"""Options of MonetDB's URLs that pymonetdb supports."""

ALIASES = {"fetchsize": "replysize"}

THIS_MACHINE = ("localhost", "localhost.", "127.0.0.1", "::1")
EXPECTED = (
    "monetdb://user:password@host:port/database (or monetdbs:// for TLS), or relay+http://host:port"
)
ENCODE = (
    "In user, password and database, write all but letters, digits and -._~ as percent-encoded "
    "UTF-8: urllib.parse.quote(password, safe='')."
)


@dataclass(frozen=True)
class StoreURL:
    """A parsed store URL; equal when all parts are, hashable, and safe to print."""

    host: str
    port: int = DEFAULT_PORT
    database: str = ""
    user: str = "monetdb"
    password: str | None = field(default=None, repr=False)
    scheme: str = "monetdb"
    options: str = ""

    @classmethod
    def parse(cls, text: str | StoreURL) -> StoreURL:
        """Read a URL; raises StoreURLError, which never repeats the password."""
        if isinstance(text, StoreURL):
            return text
        if not isinstance(text, str):
            raise StoreURLError(
                f"A store URL must be text. Expected {EXPECTED}. Received: {type(text).__name__}."
            )
        problem = ""
        try:
            return cls._parsed(text.strip())
        except _InvalidError as error:
            problem = str(error)
        except ValueError:  # urlsplit: a bad IPv6 address, or characters like / ? # @ :
            problem = "user, password or host is not well formed"
        # not in the handlers, so that no error with the text becomes the context of this one
        raise StoreURLError(
            f"Invalid store URL: {problem}. Expected {EXPECTED}. {ENCODE} What was received is not "
            "shown, because it may contain a password."
        )

    @classmethod
    def _parsed(cls, text: str) -> StoreURL:
        if re.search(r"[\t\r\n]", text):
            raise _InvalidError("there is a line break or tab in it")
        parts = urlsplit(text)
        problem = _problem(parts)
        if problem:
            raise _InvalidError(problem)
        if parts.scheme in RELAYS:
            return cls(
                parts.hostname or "", parts.port or DEFAULT_RELAY_PORT, "", "", None, parts.scheme
            )
        query = _options(parts.query)
        login = {name: value for name, value in query if name in ("user", "password")}
        password = None if parts.password is None else _decoded(parts.password)
        return cls(
            host=parts.hostname or "",
            port=DEFAULT_PORT if parts.port is None else parts.port,
            database=_decoded(parts.path.strip("/")),
            user=login.get("user", _decoded(parts.username or "monetdb")),
            password=login.get("password", password),
            scheme=parts.scheme,
            options=urlencode([(name, value) for name, value in query if name not in login]),
        )

    @property
    def is_relay(self) -> bool:
        """Whether it is a relay, which takes in messages and answers no queries."""
        return self.scheme in RELAYS

    def reveal(self) -> str:
        """The URL with its password, as `parse` reads it."""
        if self.is_relay:
            return str(self)
        credentials = {"user": self.user}
        if self.password is not None:
            credentials["password"] = self.password
        query = "&".join(filter(None, [self.options, urlencode(credentials, quote_via=quote)]))
        return f"{self._base('')}?{query}"

    def driver_arguments(self) -> dict[str, Any]:
        """The arguments of pymonetdb.connect(), with the password; only for that call.

        pymonetdb 1.9.1 decodes what comes after the ``?`` of a URL twice. So everything that may
        contain a ``%`` is passed as an argument, which it does not decode.
        """
        return {
            "database": self._base(""),
            "username": self.user,
            "password": self.password,
            **{ALIASES.get(name, name): value for name, value in self._options()},
        }

    def is_same_store(self, other: StoreURL) -> bool:
        """Whether both URLs name the same database and login.

        All names of this machine are equal; how to connect makes no difference.
        """
        return self._identity() == other._identity()

    def is_named(self, address: str) -> bool:
        """Whether a journal that names `address` means this store."""
        try:
            return self.is_same_store(StoreURL.parse(address))
        except StoreURLError:  # written by an earlier version
            return address == str(self)

    def _options(self) -> list[tuple[str, str]]:
        return parse_qsl(self.options, keep_blank_values=True)

    def _identity(self) -> tuple[object, ...]:
        options = dict(self._options())
        host = THIS_MACHINE[0] if self.host in THIS_MACHINE else self.host.rstrip(".")
        socket = options.get("sock"), options.get("sockdir")
        return self.scheme, host, self.port, self.database, self.user, socket

    def without_password(self) -> StoreURL:
        """The same address without the password, which may be written to disk."""
        return StoreURL(
            self.host, self.port, self.database, self.user, None, self.scheme, self.options
        )

    def _base(self, credentials: str) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.is_relay:
            return f"{self.scheme}://{host}:{self.port}"
        return f"{self.scheme}://{credentials}{host}:{self.port}/{quote(self.database, safe='')}"

    def __str__(self) -> str:
        if self.is_relay:
            return self._base("")
        options = f"?{self.options}" if self.options else ""
        return self._base(f"{quote(self.user, safe='')}@") + options


def is_same_address(named: str | None, address: str | None) -> bool:
    """Whether a journal that names one address means the other; None: the private server."""
    if named is None or address is None:
        return named is address
    return StoreURL.parse(address).is_named(named)


class _InvalidError(Exception):
    """What is wrong with a URL, without any part of it."""


def _problem(parts: SplitResult) -> str:
    """What is wrong with a URL's parts; empty if nothing is."""
    database = parts.path.strip("/")
    if parts.scheme not in SCHEMES:
        if parts.scheme in OTHER_SCHEMES:
            return f"unknown scheme {parts.scheme!r}"
        return "no scheme, or another than monetdb, monetdbs, relay+http and relay+https"
    if not parts.hostname:
        return "no host"
    port = parts.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    if port and not re.fullmatch("[0-9]{1,9}", port):
        return "the port is not a number, or there is a : / ? or # in user or password"
    if port and not 0 < int(port) < 1 << 16:
        return "the port is out of its range, 1 to 65535"
    if parts.fragment or "@" in parts.path:
        return "there is an @ or # after the host, perhaps from the user or password"
    if parts.scheme in RELAYS:
        if "@" in parts.netloc or database or parts.query:
            return "a relay's has host and port only; KERAS_PROV_TOKEN has its token"
        return ""
    if not database:
        return "no database name"
    if "/" in database:
        return "more than a database name after the host"
    return ""


def _options(query: str) -> list[tuple[str, str]]:
    found = []
    for name, value in parse_qsl(query, keep_blank_values=True, errors="strict"):
        if name not in (*OPTIONS, "user", "password"):
            raise _InvalidError(
                "after the ? there is an option that is none of user, password, "
                + ", ".join(OPTIONS)
            )
        found.append((name, value))
    return found


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise _InvalidError("a percent escape in it is not UTF-8") from None
