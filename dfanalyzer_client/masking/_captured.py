"""The one way of a captured text into a message: masked, bounded, storable."""

from __future__ import annotations

from collections.abc import Callable

from ..declarations.names import storable_text
from ..keras_schema.names import MASK
from ._text import masked

__all__ = ["MOST_CHARACTERS", "MOST_OF_ERRORS", "CapturedText", "bounded", "captured_text"]

MOST_CHARACTERS = 100_000
"""Of a captured text; what is longer is cut in its middle, and says so."""

MOST_OF_ERRORS = 10_000
"""Characters of an error's message."""

MARGIN = 2000
"""Characters beyond the cut that are masked with the rest: it may go through a secret."""


class CapturedText(str):
    """A text that has passed `captured_text`, and passes it again as it is."""

    __slots__ = ()


def captured_text(
    text: str, most: int = MOST_CHARACTERS, *, mask: Callable[[str], str] = masked
) -> CapturedText:
    """A text that was read from the world as it is stored: masked, bounded, without NUL.

    Args:
        text: what was read.
        most: characters of it that are kept.
        mask: how it is masked.
    """
    if isinstance(text, CapturedText):
        return text
    if len(text) > most + MARGIN:  # masking takes a bounded time
        half = most // 2
        head, tail = mask(text[: half + MARGIN]), mask(text[-half - MARGIN :])
        cut = _joined(head[:half], tail[-half:], len(text))
    else:
        cut = bounded(mask(text), most)
    return CapturedText(storable_text(cut))


def bounded(text: str, most: int = MOST_CHARACTERS) -> str:
    """`text`, or its beginning and its end, and between them how much was left out."""
    half = most // 2
    return text if len(text) <= most else _joined(text[:half], text[-half:], len(text))


def _joined(head: str, tail: str, length: int) -> str:
    left = length - len(head) - len(tail)
    return f"{head} {MASK} [{left:,} characters left out] {MASK} {tail}"
