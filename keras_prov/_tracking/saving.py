"""Whether a saving or loading is part of another one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["unrecorded"]

_inside = threading.local()


@contextmanager
def unrecorded() -> Iterator[bool]:
    """What is saved or loaded in the block is part of another saving; True for the outermost."""
    outermost = not getattr(_inside, "depth", 0)
    _inside.depth = getattr(_inside, "depth", 0) + 1
    try:
        yield outermost
    finally:
        _inside.depth -= 1
