"""The address of a graph database: ``neo4j://user@host:port/database``.

The schemes are those of Neo4j's drivers: ``neo4j`` asks the server for the members of its cluster,
``bolt`` uses the one server, ``+s`` is TLS, ``+ssc`` TLS with a certificate that nobody signed. A
password is no part of it, since command lines can be read by others. Messages about an invalid URL
show nothing of it, because any part of it may belong to a password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from ..errors import GraphURLError

__all__ = ["SCHEMES", "GraphURL"]

SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
DEFAULT_PORT = 7687
"""Bolt's port, as IANA has registered it."""
EXPECTED = "neo4j://user@host:port/database (or bolt://, and neo4j+s:// or bolt+s:// for TLS)"


@dataclass(frozen=True)
class GraphURL:
    """A parsed URL of a graph database; it holds no password.

    Attributes:
        scheme: one of `SCHEMES`.
        host: a name or an address.
        port: of Bolt.
        user: who logs in.
        database: its name; empty: the user's default database.
    """

    scheme: str
    host: str
    port: int = DEFAULT_PORT
    user: str = "neo4j"
    database: str = ""

    @classmethod
    def parse(cls, text: str) -> GraphURL:
        """Read a URL; raises GraphURLError, which repeats no part of it."""
        try:
            problem, url = cls._parsed(text.strip())
        except ValueError:  # urlsplit: a bad IPv6 address; unquote: no UTF-8
            problem, url = "user or host is not well formed", None
        if url is None:
            raise GraphURLError(
                f"Invalid URL of a graph database: {problem}. Expected {EXPECTED}. What was "
                "received is not shown, because it may contain a password."
            )
        return url

    @classmethod
    def _parsed(cls, text: str) -> tuple[str, GraphURL | None]:
        parts = urlsplit(text)
        problem = _problem(text, parts)
        if problem:
            return problem, None
        return "", cls(
            parts.scheme,
            parts.hostname or "",
            parts.port or DEFAULT_PORT,
            unquote(parts.username or "neo4j", errors="strict"),
            unquote(parts.path.strip("/"), errors="strict"),
        )

    @property
    def address(self) -> str:
        """Scheme, host and port, as the driver expects them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.address}/{quote(self.database, safe='')}".rstrip("/")


def _problem(text: str, parts: SplitResult) -> str:
    """What is wrong with a URL; empty if nothing is."""
    if re.search(r"[\x00-\x20\x7f]", text):
        return "there is a blank, a line break or a control character in it"
    if parts.scheme not in SCHEMES:
        return f"its scheme is none of {', '.join(SCHEMES)}"
    if parts.password is not None:
        return (
            "there is a password in it, which others can read in the list of processes: put it "
            "into KERAS_PROV_GRAPH_PASSWORD, or leave it out and type it when you are asked"
        )
    if not parts.hostname:
        return "no host"
    port = parts.netloc.rpartition("@")[2].rpartition("]")[2].partition(":")[2]
    if port and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) < 1 << 16):
        return "the port is no number from 1 to 65535"
    if parts.query or parts.fragment or "@" in parts.path:
        return "there is a ?, # or @ after the host, perhaps from the user"
    if "/" in parts.path.strip("/"):
        return "more than a database name after the host"
    return ""
