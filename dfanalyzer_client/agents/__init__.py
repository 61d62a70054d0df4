"""Questions that programs ask which a language model drives, over the Model Context Protocol."""

from __future__ import annotations

from .limits import Limits
from .server import serve

__all__ = ["Limits", "serve"]
