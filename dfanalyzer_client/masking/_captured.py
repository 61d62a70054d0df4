"""Prepare a captured text for a message: masked, limited in length, storable."""

from __future__ import annotations

from collections.abc import Callable

from ..declarations.names import storable_text
from ..keras_schema.names import MASK
from ._text import masked

__all__ = ["MAX_CHARACTERS", "MAX_ERROR_CHARACTERS", "CapturedText", "bounded", "captured_text"]

MAX_CHARACTERS = 100_000
"""The length of a captured text; the middle of a longer one is replaced by a note."""

MAX_ERROR_CHARACTERS = 10_000
"""The length of an error's message."""

MARGIN = 2000
"""Characters beyond the cut that are masked, too, because the cut may go through a secret."""


class CapturedText(str):
    """A text that `captured_text` has prepared, and will return unchanged."""

    __slots__ = ()


def captured_text(
    text: str, limit: int = MAX_CHARACTERS, *, mask: Callable[[str], str] = masked
) -> CapturedText:
    """A captured text as it is stored: masked, limited in length, without NUL.

    Args:
        text: what was captured.
        limit: how many of its characters are kept.
        mask: how it is masked.
    """
    if isinstance(text, CapturedText):
        return text
    if len(text) > limit + MARGIN:  # so that masking takes a limited time
        half = limit // 2
        head, tail = mask(text[: half + MARGIN]), mask(text[-half - MARGIN :])
        cut = _with_note(head[:half], tail[-half:], len(text))
    else:
        cut = bounded(mask(text), limit)
    return CapturedText(storable_text(cut))


def bounded(text: str, limit: int = MAX_CHARACTERS) -> str:
    """`text`, or its beginning and end with a note of how much was left out."""
    half = limit // 2
    return text if len(text) <= limit else _with_note(text[:half], text[-half:], len(text))


def _with_note(head: str, tail: str, length: int) -> str:
    left = length - len(head) - len(tail)
    return f"{head} {MASK} [{left:,} characters left out] {MASK} {tail}"
