"""The viewer: executions in a browser, read from the database as its reader.

`screens` has a module for each screen; `templates` and `static` have what browsers get. Data comes
from `dfanalyzer_client.analysis`: what is shown here can be asked for in Python, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .notebook import view
    from .serving import serve

__all__ = ["serve", "view"]

_LATER = {"serve": ".serving", "view": ".notebook"}
"""Where the names are; importing this package does not need the extra `view`."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name], __name__), name)
