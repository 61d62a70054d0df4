"""Run the viewer: where it listens, and the link that opens it."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlencode

import uvicorn

from ..config.store_url import StoreURL
from ..errors import DefinitionError
from ..support.listening import ListenError, address_of, is_loopback, listening
from .app import create_app
from .database import Database
from .guards import FRAME_PREFIX, Guard, post_token

__all__ = ["Running", "new_token", "serve", "start"]

LAST_REQUESTS_SECONDS = 1
PORT = 8420
TOKEN_BYTES = 24

ADDRESS_BYTES = 256 * 1024
"""The state of a view is its address, which may hold a long statement."""


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def serve(
    store: StoreURL | None,
    home: Path,
    host: str,
    port: int | None,
    report: Callable[[str], None],
    *,
    token: str | None = None,
    hosts: Sequence[str] = (),
    root_path: str = "",
) -> None:
    """Serve until the process is told to end.

    Args:
        store: the database; None: the private server of `home`.
        home: the data folder.
        host: the address to listen on.
        port: the port; 0 takes a free one, None the usual one, or a free one if that is taken.
        report: called with the link that opens the viewer.
        token: what the link carries; None: a random one, only on loopback.
        hosts: names by which proxies call it.
        root_path: the path that a proxy puts before ours.

    Raises:
        DefinitionError: `host` is not loopback, and there is no token.
        ListenError: the viewer cannot listen there.
    """
    if token is None and not is_loopback(host):
        raise DefinitionError(
            f"Other machines can reach {host!r}, so the viewer requires a token of yours: put one "
            "into a file that only you can read and give --token-file, or set KERAS_PROV_TOKEN."
        )
    token = token or new_token()
    root_path = f"/{root_path.strip('/')}".rstrip("/")
    database = Database(store, home)
    server = _server(database, token, hosts if is_loopback(host) else None, root_path)
    with contextlib.closing(_listener(host, port)) as listener, contextlib.closing(database):
        report(
            f"{address_of(host, listener)}{root_path.rstrip('/')}/?{urlencode({'token': token})}"
        )
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C ends the viewer
            server.run(sockets=[listener])


class Running:
    """A viewer that runs in a thread of this process.

    Attributes:
        port: where it listens, on loopback.
        token: opens it.
    """

    def __init__(self, database: Database) -> None:
        self.token = new_token()
        self._database = database
        self._listener = listening("127.0.0.1", 0)
        self.port: int = self._listener.getsockname()[1]
        self._server = _server(database, self.token, (), "")
        self._thread = threading.Thread(target=self._run, name="keras-prov view", daemon=True)
        self._thread.start()

    @property
    def link(self) -> str:
        """Opens it in a browser."""
        return f"http://127.0.0.1:{self.port}/?{urlencode({'token': self.token})}"

    def framed(self, path: str) -> str:
        """The address of a page in a frame, which needs no cookie."""
        return f"http://127.0.0.1:{self.port}{FRAME_PREFIX}{self.token}/{path.removeprefix('./')}"

    def stop(self) -> None:
        """End it."""
        self._server.should_exit = True
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._listener), contextlib.closing(self._database):
            self._server.run(sockets=[self._listener])


def start(store: StoreURL | None, home: Path) -> Running:
    """Start a viewer in a thread of this process."""
    return Running(Database(store, home))


def _listener(host: str, port: int | None) -> socket.socket:
    if port is not None:
        return listening(host, port)
    try:
        return listening(host, PORT)
    except ListenError:  # another viewer runs
        return listening(host, 0)


def _server(
    database: Database, token: str, hosts: Sequence[str] | None, root_path: str
) -> uvicorn.Server:
    app = create_app(database, post_token(token))
    config = uvicorn.Config(
        Guard(app, token, hosts=hosts, root_path=root_path),
        log_level="warning",
        access_log=False,
        lifespan="on",
        server_header=False,
        ws="none",
        h11_max_incomplete_event_size=ADDRESS_BYTES,
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
    )
    return uvicorn.Server(config)
