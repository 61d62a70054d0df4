"""Run the service: where it listens, and who may send requests."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path

import uvicorn

from ..config.store_url import StoreURL
from ..delivery.client import Client
from ..errors import DefinitionError
from ..raw_data import Access
from ..store import reader_connection
from ..support.listening import address_of, is_loopback, listening
from ._app import create_app
from ._guards import Guard
from ._limits import Limits, bounded_protocol

__all__ = ["guarded_app", "own_limits", "serve", "server_of"]

OTHER_DESCRIPTORS = 100
"""Descriptors that are kept free for the journal and for connections to the store."""

LAST_REQUESTS_SECONDS = 3
"""How long a service that is told to end waits for requests that have begun."""


def serve(
    store: StoreURL | None,
    home: Path,
    host: str,
    port: int,
    token: str | None,
    report: Callable[[str], None],
    zone: tzinfo | None = None,
    access: Access | None = None,
) -> None:
    """Serve until the process is told to end.

    Args:
        store: where messages are stored; None: the private server of `home`.
        home: the data folder that holds the journals.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        token: the bearer token that requests must carry; None only on loopback.
        report: called with the service's address.
        zone: the time zone of times without one; None: this machine's.
        access: which files of raw data are read; None: none.

    Raises:
        DefinitionError: `host` is not loopback, and there is no token.
        ListenError: the service cannot listen there.
    """
    app = guarded_app(store, home, host, token, zone, access)
    with contextlib.closing(listening(host, port)) as listener:
        report(address_of(host, listener))
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C ends the service
            server_of(app, own_limits()).run(sockets=[listener])


def server_of(app: Guard, limits: Limits) -> uvicorn.Server:
    """The server that runs an application, within limits."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="on",
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=LAST_REQUESTS_SECONDS,
        http=bounded_protocol(limits),
        timeout_keep_alive=math.ceil(limits.idle_seconds),
    )
    return uvicorn.Server(config)


def own_limits() -> Limits:
    """The default limits, with fewer connections if this process may open fewer descriptors."""
    limits = Limits()
    if sys.platform == "win32":
        return limits
    import resource

    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return limits
    most = max(descriptors - OTHER_DESCRIPTORS, descriptors // 2, 1)
    return replace(limits, connections=min(limits.connections, most))


def guarded_app(
    store: StoreURL | None,
    home: Path,
    host: str,
    token: str | None,
    zone: tzinfo | None = None,
    access: Access | None = None,
) -> Guard:
    """The service with its guard; raises DefinitionError like `serve`."""
    if token is None and not is_loopback(host):
        raise DefinitionError(
            f"Other machines can reach {host!r}, so the service requires a token: put one into a "
            "file that only you can read and give --token-file, or set KERAS_PROV_TOKEN."
        )
    client = Client(store, home, relays=True, access=access)
    app = create_app(client, lambda: reader_connection(store, home), zone)
    return Guard(app, token, only_loopback=is_loopback(host))
