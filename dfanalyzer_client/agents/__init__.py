"""Questions of programs which a language model drives, over the Model Context Protocol.

`limits` and `statements` keep what others type in bounds; the viewer uses them, too.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .limits import Limits

if TYPE_CHECKING:
    from .server import serve

__all__ = ["Limits", "serve"]


def __getattr__(name: str) -> Any:
    if name != "serve":  # it needs the extra `mcp`, which the limits do not
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(".server", __name__).serve
