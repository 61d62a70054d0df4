r"""Print stored texts safely: control characters and bidirectional marks are spelled out.

Whoever can store a text may store escape sequences (``ESC ]`` sets titles, writes the clipboard)
and bidirectional marks, which make one text look like another (CVE-2021-42574).
"""

from __future__ import annotations

import re

__all__ = ["CONTROL_CHARACTERS", "terminal_line", "terminal_text"]

CONTROL_CHARACTERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ufeff\ud800-\udfff]"
)
"""Control characters except tab and newline, bidirectional marks, and other line ends."""


def terminal_text(text: object) -> str:
    r"""`text` with control characters spelled out as ``\x1b``, ``\u202e``; keeps tabs, newlines."""
    return CONTROL_CHARACTERS.sub(_spelled, str(text))


def terminal_line(text: object) -> str:
    """`terminal_text` on one line: newlines and tabs are spelled out, too."""
    return terminal_text(text).replace("\n", "\\n").replace("\t", "\\t")


def _spelled(found: re.Match[str]) -> str:
    number = ord(found[0])
    if found[0] == "\r":
        return "\\r"
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
