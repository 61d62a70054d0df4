"""Store provenance in MonetDB, with pymonetdb."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ..config.store_url import StoreURL
from ..private_server import READER, PrivateServer
from .catalogue import create_catalogue, create_missing_catalogue
from .connection import Connection
from .upgrade.check import differences, reasons_to_upgrade
from .writer import MonetDBStore

__all__ = [
    "Connection",
    "MonetDBStore",
    "create_catalogue",
    "create_missing_catalogue",
    "differences",
    "open_store",
    "reader_connection",
    "reasons_to_upgrade",
]

BROKEN_SECONDS = 2.0
"""How long a server that cannot write its log may take to stop before it is killed."""


def open_store(store: StoreURL | None, home: Path) -> MonetDBStore:
    """The store at a URL, or the private one of `home`, which is started when it is needed."""
    if store is not None:
        return MonetDBStore(lambda: store)
    server = PrivateServer(home)
    return MonetDBStore(server.ensure, readers=(READER,), stop=partial(server.stop, BROKEN_SECONDS))


def reader_connection(store: StoreURL | None, home: Path) -> Connection:
    """A connection for queries: to the private server, as its reader, who may only SELECT.

    To a store at a URL, it is as the user of that URL.
    """
    return Connection(PrivateServer(home).reader_url() if store is None else store)
