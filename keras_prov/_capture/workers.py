"""What the processes that a capturing program starts capture: what `capture()` said in it.

An environment variable takes it to them, of which every way to start a worker knows, and importing
`keras_prov` there puts it in force. No password is in it: a worker gets that of KERAS_PROV_STORE.
Forked children need none of this, since they have all of their parent's memory.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from typing import Any

from dfanalyzer_client.config import settings
from dfanalyzer_client.config.store_url import StoreURL

__all__ = ["VARIABLE", "inherited", "leave"]

VARIABLE = "KERAS_PROV_INHERITED"

_of_parent = os.environ.get(VARIABLE)


def leave(said: Mapping[str, Any] | None, store: StoreURL | None = None) -> None:
    """Let the processes that are started from here on capture what `capture()` said.

    Args:
        said: its arguments, but for the store; None where it is over: then what this process itself
            inherited holds again.
        store: where to, if not what the settings say.
    """
    text = _of_parent
    if said is not None and settings.workers():
        address = None if store is None else str(store.without_password())
        text = json.dumps({**_who(), **said, "store": address}, default=_plain)
    if text is not None:
        os.environ[VARIABLE] = text
    else:
        os.environ.pop(VARIABLE, None)


def inherited() -> dict[str, Any] | None:
    """The arguments of the `capture()` that holds here because it does in a process above.

    None where nobody asked, or it was this process itself before an exec.
    """
    if _of_parent is None or not settings.workers():
        return None
    said = json.loads(_of_parent)
    if {name: said.pop(name) for name in _who()} == _who():
        return None
    address = said["store"]
    own = settings.store_url()
    if address is not None and own is not None and str(own.without_password()) == address:
        said["store"] = own  # with the password
    return dict(said)


def _plain(value: Any) -> Any:
    """A number of NumPy's as Python's."""
    return value.item() if hasattr(value, "item") else str(value)


def _who() -> dict[str, Any]:
    return {"process": os.getpid(), "host": socket.gethostname()}
