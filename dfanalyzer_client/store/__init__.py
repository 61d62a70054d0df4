"""Store provenance in MonetDB, with pymonetdb."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config.store_url import StoreURL
from ..errors import StoreError
from ..private_server import READER, PrivateServer
from .connection import Connection

if TYPE_CHECKING:
    from .catalogue import create_catalogue, create_missing_catalogue
    from .relayed import RelayedStore
    from .upgrade.check import differences, reasons_to_upgrade
    from .writer import MonetDBStore

__all__ = [
    "Connection",
    "MonetDBStore",
    "RelayedStore",
    "create_catalogue",
    "create_missing_catalogue",
    "differences",
    "open_receiver",
    "open_store",
    "reader_connection",
    "reasons_to_upgrade",
]

_LATER = {
    "MonetDBStore": ".writer",
    "RelayedStore": ".relayed",
    "create_catalogue": ".catalogue",
    "create_missing_catalogue": ".catalogue",
    "differences": ".upgrade.check",
    "reasons_to_upgrade": ".upgrade.check",
}
"""Where the names are that only writers and administrators need: reading does not wait for them."""

BROKEN_SECONDS = 2.0
"""How long a server that cannot write its log may take to stop before it is killed."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LATER[name], __name__), name)
    globals()[name] = value
    return value


def open_receiver(store: StoreURL | None, home: Path) -> MonetDBStore | RelayedStore:
    """What takes in messages: like `open_store`, or the relay at a URL."""
    if store is not None and store.is_relay:
        from .relayed import RelayedStore

        return RelayedStore(store)
    return open_store(store, home)


def open_store(store: StoreURL | None, home: Path) -> MonetDBStore:
    """The store at a URL, or the private one of `home`, which is started when it is needed.

    Raises:
        StoreError: it is a relay's, which only takes in messages.
    """
    from .writer import MonetDBStore

    if store is not None:
        _check_no_relay(store)
        return MonetDBStore(lambda: store)
    server = PrivateServer(home)
    return MonetDBStore(server.ensure, readers=(READER,), stop=partial(server.stop, BROKEN_SECONDS))


def reader_connection(store: StoreURL | None, home: Path) -> Connection:
    """A connection for queries: to the private server, as its reader, who may only SELECT.

    To a store at a URL, it is as the user of that URL.

    Raises:
        StoreError: it is a relay's, which answers no queries.
    """
    if store is None:
        return Connection(PrivateServer(home).reader_url())
    _check_no_relay(store)
    return Connection(store)


def _check_no_relay(store: StoreURL) -> None:
    if store.is_relay:
        from .relayed import unanswered

        raise StoreError(unanswered(store))
