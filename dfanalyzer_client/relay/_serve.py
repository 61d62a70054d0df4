"""Run the relay: where it listens, and who may send to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from ..config.store_url import StoreURL
from ..errors import DefinitionError
from ..service import Guard, own_limits, server_of
from ..store import open_store
from ..support.listening import address_of, is_loopback, listening
from ._app import create_app
from ._writer import Writer

__all__ = ["relay"]


def relay(
    store: StoreURL | None,
    home: Path,
    host: str,
    port: int,
    token: str | None,
    report: Callable[[str], None],
) -> None:
    """Relay until the process is told to end.

    Args:
        store: where messages are stored; the private server is refused.
        home: the data folder.
        host: the address to listen on.
        port: the port; 0 takes a free one.
        token: the bearer token that requests must carry; None only on loopback.
        report: called with the relay's address.

    Raises:
        DefinitionError: `host` is not loopback, and there is no token; or `store` is none that a
            relay can write to.
        ListenError: the relay cannot listen there.
    """
    if store is None or store.is_relay:
        raise DefinitionError(
            "A relay needs a MonetDB server, in KERAS_PROV_STORE or --store: the private server is "
            "rebuilt from this machine's journals, and those of others are not here. Received: "
            f"{store or 'no URL'}."
        )
    if token is None and not is_loopback(host):
        raise DefinitionError(
            f"Other machines can reach {host!r}, so the relay requires a token: put one into a "
            "file that only you can read and give --token-file, or set KERAS_PROV_TOKEN."
        )
    app = Guard(create_app(Writer(open_store(store, home))), token, only_loopback=is_loopback(host))
    with contextlib.closing(listening(host, port)) as listener:
        report(address_of(host, listener))
        with contextlib.suppress(KeyboardInterrupt):
            server_of(app, own_limits()).run(sockets=[listener])
