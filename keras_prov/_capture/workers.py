"""What worker processes capture: the same as the process that started them.

An environment variable carries it, since every way to start a worker passes the environment on.
Importing `keras_prov` in the worker puts it in force. It holds no password: a worker takes that
from its own KERAS_PROV_STORE. Forked children do not need it, since they have their parent's
memory.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from dfanalyzer_client.config import settings
from dfanalyzer_client.config.store_url import StoreURL

__all__ = ["VARIABLE", "inherited", "publish"]

VARIABLE = "KERAS_PROV_INHERITED"

_of_parent = os.environ.get(VARIABLE)


def publish(arguments: Mapping[str, Any] | None, store: StoreURL | None = None) -> None:
    """Let processes that are started from now on capture what `capture()` asked for here.

    Args:
        arguments: of `capture()`, except the store; None once that capture has stopped. Then what
            this process itself inherited holds again.
        store: where to record, if not where the settings say.
    """
    text = _of_parent
    if arguments is not None and settings.workers():
        address = None if store is None else str(store.without_password())
        text = json.dumps({**_who(), **arguments, "store": address}, default=_plain)
    if text is not None:
        os.environ[VARIABLE] = text
    else:
        os.environ.pop(VARIABLE, None)


def inherited() -> dict[str, Any] | None:
    """The arguments of a `capture()` in a parent process, which holds here as well.

    None if there was none, or if it was this very process that called it, before an exec.
    """
    if _of_parent is None or not settings.workers():
        return None
    arguments = json.loads(_of_parent)
    if {name: arguments.pop(name) for name in _who()} == _who():
        return None
    address, configured = arguments["store"], settings.store_url()
    if configured is not None and address == str(configured.without_password()):
        arguments["store"] = configured  # with the password
    return dict(arguments)


def _plain(value: Any) -> Any:
    """A NumPy number as a Python number."""
    return value.item() if hasattr(value, "item") else str(value)


def _who() -> dict[str, Any]:
    return {"process": os.getpid(), "host": socket.gethostname()}
