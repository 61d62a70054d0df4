"""Look up what another process declared of a dataflow, so that this one can send its tasks.

The steps of a workflow are often separate programs, and the first declares the whole dataflow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from ..config.store_url import StoreURL
from ..declarations.dataflow import Declaration
from ..declarations.messages import DataflowMessage
from ..errors import PrivateServerError, StoreError
from ..journal import declarations
from ..store import reader_connection
from ..store.reading import Catalogue, declaration_of

__all__ = ["lookup_declaration", "lookup_newest_execution"]

logger = logging.getLogger(__name__)

T = TypeVar("T")


def lookup_declaration(
    store: StoreURL | None, home: Path, tag: str, exec_tag: str
) -> list[DataflowMessage]:
    """The messages that declare a dataflow for an execution; empty if nobody knows the dataflow.

    We look in the journals of `home` first, then in the store, and at last in the journals for any
    execution of the dataflow: what a process sent a moment ago is not in the store yet.
    """
    journals = home / "journals"
    found = declarations(journals, tag, exec_tag)
    if not found:
        layout = _query(store, home, lambda catalogue: catalogue.layout(tag))
        if layout is not None:
            return [{**declaration_of(layout), "recalled": True}]
        found = declarations(journals, tag, None)
    return [_as_recalled(message) for message in found if _is_declaration(message)]


def _as_recalled(message: DataflowMessage) -> DataflowMessage:
    """A declaration as this process sends it again, for the execution that it began."""
    again = message.copy()
    again.pop("opens", None)
    again["exec"] = message.get("exec") or message["opens"]
    again["recalled"] = True
    return again


def _is_declaration(message: DataflowMessage) -> bool:
    """Whether a message is a valid declaration; an invalid one is not the caller's fault."""
    try:
        Declaration(message["tag"]).merge(message, whole=False)
    except (LookupError, TypeError, ValueError, AttributeError):
        return False
    return True


def lookup_newest_execution(store: StoreURL | None, home: Path, tag: str) -> str | None:
    """The newest execution of a dataflow, in the journals of `home` or else in the store."""
    found = declarations(home / "journals", tag, None)
    if found:
        return str(found[-1].get("exec") or found[-1]["opens"])
    return _query(store, home, lambda catalogue: catalogue.newest_execution(tag))


def _query(store: StoreURL | None, home: Path, ask: Callable[[Catalogue], T | None]) -> T | None:
    try:
        with reader_connection(store, home) as connection, connection.transaction():
            return ask(Catalogue(connection))
    except (StoreError, PrivateServerError) as error:
        logger.warning("What another process declared is not known: %s", error)
        return None
