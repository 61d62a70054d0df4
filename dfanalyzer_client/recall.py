"""What another process declared of a dataflow, so that this one may tell of its tasks.

A workflow's steps are often programs of their own, of which the first declares the whole.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path
from typing import Any

from .errors import PrivateServerError, StoreError
from .journal import declarations
from .store import reader_connection
from .store.reading import Catalogue, declared
from .url import StoreURL

__all__ = ["recalled"]

logger = logging.getLogger(__name__)


def recalled(store: StoreURL | None, home: Path, tag: str, exec_tag: str) -> list[dict[str, Any]]:
    """The dataflow messages of an execution in the journals of `home`, else what the store knows.

    None where neither knows the dataflow, or the store does not answer.
    """
    found = declarations(home / "journals", tag, exec_tag)
    if found:
        return [{k: v for k, v in message.items() if k != "kind"} for message in found]
    try:
        connection = reader_connection(store, home)
        with contextlib.closing(connection), connection.transaction():
            layout = Catalogue(connection).layout(tag)
    except (StoreError, PrivateServerError) as error:
        logger.warning("What the store knows of dataflow %r is not known: %s", tag, error)
        return []
    return [] if layout is None else [declared(layout)]
