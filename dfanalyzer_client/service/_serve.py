"""Running the service: where it listens, and who may ask."""

from __future__ import annotations

import ipaddress
import logging
from pathlib import Path

import uvicorn

from ..client import Client
from ..errors import DefinitionError
from ..store import reader_connection
from ..url import StoreURL
from ._app import create_app
from ._guards import Guard

__all__ = ["guarded_app", "is_loopback", "serve"]

logger = logging.getLogger(__name__)

BACKLOG = 2048


def serve(store: StoreURL | None, home: Path, host: str, port: int, token: str | None) -> None:
    """Serve until the process is told to end.

    Args:
        store: where messages are stored; None is the private server of `home`.
        home: the data folder that holds the journals.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        token: the bearer token that requests carry; None only on loopback.

    Raises:
        DefinitionError: `host` is not loopback, and there is no token.
    """
    config = uvicorn.Config(
        guarded_app(store, home, host, token), host, port, log_level="info", access_log=False,
        backlog=BACKLOG, lifespan="on", server_header=False,
    )  # fmt: skip
    uvicorn.Server(config).run()


def guarded_app(store: StoreURL | None, home: Path, host: str, token: str | None) -> Guard:
    """The service and what stands before it; raises DefinitionError like `serve`."""
    if token is None and not is_loopback(host):
        raise DefinitionError(
            f"Who listens on {host!r}, beyond this machine, asks for a token: put one into a file "
            "that only you can read and give --token-file, or set KERAS_PROV_TOKEN."
        )
    client = Client(store, home, relays=True)
    app = create_app(client, lambda: reader_connection(store, home))
    return Guard(app, token, only_loopback=is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether nobody beyond this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
