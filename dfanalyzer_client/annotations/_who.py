"""Who says something of an execution, or asks something of it."""

from __future__ import annotations

import contextlib
import getpass
import os

from ..config import settings

__all__ = ["who"]


def who() -> str:
    """The author that is set, or else the account."""
    author = settings.author()
    if author is not None:
        return author.label
    with contextlib.suppress(OSError, KeyError):  # an account without a name, as in containers
        return getpass.getuser()
    return str(os.getuid()) if hasattr(os, "getuid") else "unknown"
