"""The address of a store: ``monetdb://user:password@host:port/database``.

``monetdb://`` is in the clear and ``monetdbs://`` over TLS; user and password may also stand behind
the ``?``, as MonetDB's own URLs have them
(https://www.monetdb.org/documentation/user-guide/client-interfaces/monetdb-urls/). The password is
kept out of ``repr`` and ``str``, so that a URL may be logged; :meth:`StoreURL.reveal` is the one
door to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from .errors import StoreURLError

__all__ = ["DEFAULT_PORT", "StoreURL"]

DEFAULT_PORT = 50000
"""MonetDB's own default port (``monetdbd``)."""

SCHEMES = ("monetdb", "monetdbs")
EXPECTED = "monetdb://user:password@host:port/database (or monetdbs:// for TLS)"


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
                f"A store URL is text. Expected {EXPECTED}. Received: {type(text).__name__}."
            )
        try:
            return cls._parsed(text)
        except StoreURLError:
            raise
        except ValueError as error:  # urlsplit: a port that is no number, a bad IPv6 address
            raise StoreURLError(
                f"Invalid store URL: {error}. Expected {EXPECTED}. Received: {_masked(text)!r}."
            ) from None

    @classmethod
    def _parsed(cls, text: str) -> StoreURL:
        parts = urlsplit(text.strip())
        database = parts.path.strip("/")
        if parts.scheme not in SCHEMES:
            problem = f"unknown scheme {parts.scheme!r}" if parts.scheme else "no scheme"
        elif not parts.hostname:
            problem = "no host"
        elif not database:
            problem = "no database name"
        elif "/" in database:
            problem = "more than a database name after the host"
        else:
            query = parse_qsl(parts.query, keep_blank_values=True)
            login = {name: value for name, value in query if name in ("user", "password")}
            password = None if parts.password is None else unquote(parts.password)
            return cls(
                host=parts.hostname,
                port=DEFAULT_PORT if parts.port is None else parts.port,
                database=unquote(database),
                user=login.get("user", unquote(parts.username or "monetdb")),
                password=login.get("password", password),
                scheme=parts.scheme,
                options=urlencode([each for each in query if each[0] not in login]),
            )
        raise StoreURLError(
            f"Invalid store URL: {problem}. Expected {EXPECTED}. Received: {_masked(text)!r}."
        )

    def reveal(self) -> str:
        """The URL with its password, for the driver only."""
        credentials = {"user": self.user}
        if self.password is not None:
            credentials["password"] = self.password
        query = "&".join(filter(None, [self.options, urlencode(credentials, quote_via=quote)]))
        return f"{self._base('')}?{query}"

    def without_password(self) -> StoreURL:
        """The same address with the password left out: what may be written to disk."""
        return StoreURL(
            self.host, self.port, self.database, self.user, None, self.scheme, self.options
        )

    def _base(self, credentials: str) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{credentials}{host}:{self.port}/{quote(self.database, safe='')}"

    def __str__(self) -> str:
        options = f"?{self.options}" if self.options else ""
        return self._base(f"{quote(self.user, safe='')}@") + options


def _masked(text: str) -> str:
    """`text` without what may be a password: all between the scheme and the last @."""
    text = text.partition("?")[0]  # where pymonetdb's form has it
    before, at, after = text.rpartition("@")
    if not at:
        return text
    scheme, separator, _ = before.partition("://")
    return f"{scheme}{separator}…@{after}" if separator else f"…@{after}"
