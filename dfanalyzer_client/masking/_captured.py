"""The one way of a captured text into a message: masked, bounded, storable."""

from __future__ import annotations

from collections.abc import Callable

from ..declarations.names import storable_text
from ..keras_schema.names import MASK
from ._text import masked

__all__ = ["MAX_CHARACTERS", "MAX_ERROR_CHARACTERS", "CapturedText", "bounded", "captured_text"]

MAX_CHARACTERS = 100_000
"""Of a captured text; what is longer is cut in its middle, and says so."""

MAX_ERROR_CHARACTERS = 10_000
"""Characters of an error's message."""

MARGIN = 2000
"""Characters beyond the cut that are masked with the rest: it may go through a secret."""


class CapturedText(str):
    """A text that has passed `captured_text`, and passes it again as it is."""

    __slots__ = ()


def captured_text(
    text: str, limit: int = MAX_CHARACTERS, *, mask: Callable[[str], str] = masked
) -> CapturedText:
    """A text that was read from the world as it is stored: masked, bounded, without NUL.

    Args:
        text: what was read.
        limit: how many of its characters are kept.
        mask: how it is masked.
    """
    if isinstance(text, CapturedText):
        return text
    if len(text) > limit + MARGIN:  # masking takes a bounded time
        half = limit // 2
        head, tail = mask(text[: half + MARGIN]), mask(text[-half - MARGIN :])
        cut = _with_gap(head[:half], tail[-half:], len(text))
    else:
        cut = bounded(mask(text), limit)
    return CapturedText(storable_text(cut))


def bounded(text: str, limit: int = MAX_CHARACTERS) -> str:
    """`text`, or its beginning and its end, and between them how much was left out."""
    half = limit // 2
    return text if len(text) <= limit else _with_gap(text[:half], text[-half:], len(text))


def _with_gap(head: str, tail: str, length: int) -> str:
    left = length - len(head) - len(tail)
    return f"{head} {MASK} [{left:,} characters left out] {MASK} {tail}"
