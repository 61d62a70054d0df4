"""A store behind a relay: batches of a journal go to it over HTTP, and it writes them to MonetDB.

The relay keeps nothing by itself. It answers once a batch is committed, with the journal's mark in
the same transaction; until then the messages are in the journal of the process that sent them.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
)
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

from ..config import settings
from ..config.store_url import StoreURL
from ..declarations.encoding import encode
from ..declarations.erasures import Erasures, Tombstone
from ..errors import (
    DfAnalyzerError,
    NotYetError,
    RefusedError,
    StoreError,
    StoreLoginError,
    StoreUnavailableError,
)
from ..journal import Record, line_of
from ..support.descriptors import FIRST_FREE
from ..support.forks import close_in_children

if TYPE_CHECKING:
    from .connection import Connection

__all__ = ["RelayedStore", "unanswered"]

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")

CONNECT_SECONDS = 10.0
TIMEOUT_SECONDS = 60.0
"""How long the relay may take for one batch; it stores those of all senders in between."""

MAX_WAIT_SECONDS = 30.0
"""The longest wait that a relay can ask for."""

MAX_ANSWER = 1 << 24
SHOWN_CHARACTERS = 500


class RelayedStore:
    """A MonetDB database that a relay writes to.

    Args:
        url: the relay's; its token is in KERAS_PROV_TOKEN.

    Attributes:
        left_out: how many messages were not stored, because their executions were erased.
    """

    def __init__(self, url: StoreURL) -> None:
        self._url = url
        self._connection: HTTPConnection | None = None
        self._positions: dict[str, int] = {}
        self._erasures: Erasures | None = None
        self._resume = 0.0
        self._has_warned = False
        self.left_out = 0
        close_in_children(self)

    @property
    def erasures(self) -> Erasures:
        """What was erased, as of the last `forget_position`."""
        if self._erasures is None:
            digests = self._request("GET", "/erasures", "digests")["digests"]
            self._erasures = Erasures(Tombstone("", str(digest)) for digest in digests)
        return self._erasures

    def position(self, journal: str) -> int:
        """The last sequence number of `journal` that is stored; -1 if none is."""
        if journal not in self._positions:
            answer = self._request(
                "GET", f"/position?{urlencode({'journal': journal})}", "position"
            )
            self._positions[journal] = int(answer["position"])
        return self._positions[journal]

    def forget_position(self, journal: str) -> None:
        """Forget how far `journal` is stored, because somebody else may have stored more."""
        self._positions.pop(journal, None)
        self._erasures = None

    def prune_marks(self, journal: str) -> None:
        """Have all marks of a completely stored journal removed except the last, if possible."""
        try:
            self._request("POST", f"/prune?{urlencode({'journal': journal})}")
        except StoreError as error:
            logger.debug("The marks of journal %s stay: %s", journal, error)

    def write(self, journal: str, records: Sequence[Record]) -> None:
        """Store `records` and how far `journal` is stored in one transaction, or nothing.

        Records that are stored already are skipped, so a call may be repeated.

        Raises:
            StoreUnavailableError: the relay or its database cannot be reached, or is too busy.
            StoreLoginError: the relay refuses the token.
            RefusedError: a record cannot be stored, and retrying will not help.
        """
        position = self.position(journal)
        fresh = [record for record in records if record.sequence > position]
        if not fresh:
            return
        body = b"".join(line_of(record.sequence, encode(record.message)) for record in fresh)
        path = f"/records?{urlencode({'journal': journal, 'head': fresh[-1].head.hex()})}"
        answer = self._request("POST", path, "position", "left_out", body=body)
        self._positions[journal] = max(int(answer["position"]), fresh[-1].sequence)
        self.left_out += int(answer["left_out"])

    def read(self, ask: Callable[[Connection], Answer]) -> Answer:
        """Not possible: raises StoreError."""
        if not self._has_warned:
            self._has_warned = True
            logger.warning("A training that writes to a relay, %s, cannot be steered.", self._url)
        raise StoreError(unanswered(self._url))

    def apply_pending(self) -> float | None:
        """The relay does that."""
        return None

    def close(self) -> None:
        """Close the connection and forget what was cached; the next call connects again."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._erasures = None, None
        self._positions.clear()

    def close_inherited(self) -> None:
        """In a forked child: close our end of the parent's connection, and send nothing."""
        self.close()

    def _request(self, method: str, path: str, *keys: str, body: bytes | None = None) -> Any:
        if time.monotonic() < self._resume:
            raise StoreUnavailableError(f"The relay {self._url} has asked for a pause.")
        try:
            response, answer = self._exchange(method, path, body)
        except (OSError, HTTPException) as error:
            self.close()
            raise StoreUnavailableError(
                f"The relay {self._url} does not answer ({str(error) or type(error).__name__})."
            ) from error
        if response.status == 200 and answer.keys() >= set(keys):
            return answer
        self._positions.clear()
        raise self._refusal(response, answer)

    def _exchange(
        self, method: str, path: str, body: bytes | None
    ) -> tuple[HTTPResponse, dict[str, Any]]:
        """Send a request; once more if the relay has closed a connection that was idle.

        It may be repeated: what the relay has stored of it is skipped.
        """
        is_new = self._connection is None
        connection = self._connection = self._connection or self._connect()
        try:
            connection.request(method, path, body, self._headers())
            response = connection.getresponse()
            return response, _content(response)
        except (ConnectionError, HTTPException):
            self.close()
            if is_new:
                raise
        return self._exchange(method, path, body)

    def _connect(self) -> HTTPConnection:
        """A connection whose socket is no standard descriptor, even if some of those are closed.

        Those that took one are kept open until one gets another.
        """
        kind = HTTPSConnection if self._url.scheme.endswith("https") else HTTPConnection
        low: list[HTTPConnection] = []
        try:
            while True:
                connection = kind(self._url.host, self._url.port, timeout=CONNECT_SECONDS)
                connection.connect()
                if connection.sock.fileno() >= FIRST_FREE:
                    connection.sock.settimeout(TIMEOUT_SECONDS)
                    return connection
                low.append(connection)
        finally:
            for each in low:
                each.close()

    def _headers(self) -> dict[str, str]:
        try:
            token = settings.token()
        except DfAnalyzerError as error:
            raise StoreLoginError(str(error)) from None
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def _refusal(self, response: HTTPResponse, answer: dict[str, Any]) -> StoreError:
        detail = str(answer.get("detail") or response.reason)[:SHOWN_CHARACTERS]
        if response.status in (401, 403):
            return StoreLoginError(
                f"The relay {self._url} refuses what is sent: {detail} KERAS_PROV_TOKEN has its "
                "token."
            )
        if response.status == 422 and "kind" in answer:
            kind = NotYetError if answer.get("kind") == "not_yet" else RefusedError
            return kind(detail)
        if response.status == 413:
            return RefusedError(f"The relay {self._url} does not take this: {detail}")
        self._resume = time.monotonic() + _pause(response.getheader("Retry-After"))
        return StoreUnavailableError(f"The relay {self._url} takes nothing now: {detail}")


def unanswered(url: StoreURL) -> str:
    """What is said to somebody who queries a relay."""
    return (
        f"{url} is a relay, which takes in what is recorded and answers no queries: name its "
        "MonetDB with --store, or in KERAS_PROV_STORE."
    )


def _content(response: HTTPResponse) -> dict[str, Any]:
    """The answer's JSON object; empty if it is none, as from another server or a proxy."""
    text = response.read(MAX_ANSWER)
    if response.length:
        raise IncompleteRead(text, response.length)  # `read` with a limit does not
    try:
        content = json.loads(text or b"{}")
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {}


def _pause(seconds: str | None) -> float:
    """The seconds that a Retry-After header asks for; 0 if it has none."""
    if seconds is None or not seconds.isascii() or not seconds.isdigit():
        return 0.0
    return min(float(seconds), MAX_WAIT_SECONDS)
