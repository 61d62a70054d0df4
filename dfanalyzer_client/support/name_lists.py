"""Lists of names in messages, which say how many they leave out."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["listed"]

MOST_NAMED = 20
"""So many names are in a message at most."""


def listed(names: Iterable[object], most: int = MOST_NAMED) -> str:
    """Names with commas between them; behind the first ones, how many more there are."""
    texts = [str(name) for name in names]
    left = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {left} more" if left > 0 else "")
