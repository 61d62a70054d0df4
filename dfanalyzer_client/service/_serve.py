"""Running the service: where it listens, and who may ask."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path

import uvicorn

from ..client import Client
from ..errors import DefinitionError, DfAnalyzerError
from ..store import reader_connection
from ..url import StoreURL
from ._app import create_app
from ._guards import Guard

__all__ = ["ListenError", "guarded_app", "is_loopback", "serve"]

BACKLOG = 2048
LAST_REQUESTS_SECONDS = 3
"""So long requests that have begun are waited for when the service is told to end."""


class ListenError(DfAnalyzerError):
    """Nothing can listen on an address."""


def serve(
    store: StoreURL | None,
    home: Path,
    host: str,
    port: int,
    token: str | None,
    report: Callable[[str], None],
    zone: tzinfo | None = None,
) -> None:
    """Serve until the process is told to end.

    Args:
        store: where messages are stored; None is the private server of `home`.
        home: the data folder that holds the journals.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        token: the bearer token that requests carry; None only on loopback.
        report: is told the service's address.
        zone: of times that name none; None is this machine's.

    Raises:
        DefinitionError: `host` is not loopback, and there is no token.
        ListenError: nothing can listen there.
    """
    app = guarded_app(store, home, host, token, zone)
    with contextlib.closing(_listening(host, port)) as listener:
        name = f"[{host}]" if ":" in host else host
        report(f"http://{name}:{listener.getsockname()[1]}")
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, lifespan="on", server_header=False,
            timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
        )  # fmt: skip
        with contextlib.suppress(KeyboardInterrupt):  # that is how it is told to end
            uvicorn.Server(config).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ListenError(
            f"Nothing can listen on {host} port {port}: {error.strerror or error}. Give another "
            "--port, or an address of this machine."
        ) from None


def guarded_app(
    store: StoreURL | None, home: Path, host: str, token: str | None, zone: tzinfo | None = None
) -> Guard:
    """The service and what stands before it; raises DefinitionError like `serve`."""
    if token is None and not is_loopback(host):
        raise DefinitionError(
            f"Who listens on {host!r}, beyond this machine, asks for a token: put one into a file "
            "that only you can read and give --token-file, or set KERAS_PROV_TOKEN."
        )
    client = Client(store, home, relays=True)
    app = create_app(client, lambda: reader_connection(store, home), zone)
    return Guard(app, token, only_loopback=is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether nobody beyond this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
