"""Texts of users in documents: cut, on one line, and escaped, so that they stay texts."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from ...support.numbers import non_finite_text
from ...support.terminal import terminal_line

__all__ = [
    "LONGEST",
    "MOST_ROWS",
    "NOT_RECORDED",
    "code",
    "cut",
    "day",
    "finite",
    "json_document",
    "markdown",
    "mermaid",
    "moment",
    "plain",
    "ranges",
    "table",
    "yaml",
]

NOT_RECORDED = "*Not recorded.*"
"""What stands where nothing is known."""

LONGEST = 300
"""So many characters of a text are shown."""

EXACT = 2.0**53
"""Below this, a DOUBLE without a fraction is an integer that was counted."""

MOST_ROWS = 50
"""So many rows of a table are shown."""

_SPECIAL = re.compile(r"[\\`*_\[\]{}#!|~$@^]|:(?=//)")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MERMAID = {
    "#": "#35;",
    '"': "#quot;",
    "<": "#lt;",
    ">": "#gt;",
    "&": "#amp;",
    "`": "#96;",
    "%": "#37;",
    ";": "#59;",
    "\\": "#92;",
}
_NO_CHARACTERS = re.compile("[\x7f-\x9f\ufffe\uffff]")


def cut(text: str, longest: int = LONGEST) -> str:
    """`text`, of which at most so many characters stay; a cut one ends with an ellipsis."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def plain(value: object, longest: int = LONGEST) -> str:
    """A value as a text of one line, without control characters, and cut."""
    if isinstance(value, float):
        text = f"{value:.0f}" if value.is_integer() and abs(value) < EXACT else repr(value)
        return non_finite_text(value) or text
    return cut(_NO_CHARACTERS.sub("\ufffd", terminal_line(value)), longest)


def markdown(value: object, longest: int = LONGEST) -> str:
    """A value as text in Markdown: neither markup, nor a link, nor HTML."""
    text = _SPECIAL.sub(r"\\\g<0>", plain(value, longest))
    return "".join(_HTML.get(character, character) for character in text)


def code(value: object, longest: int = LONGEST) -> str:
    """A value in a code span, which a table's cell may hold, too."""
    text = plain(value, longest).replace("`", "'").replace("|", "¦").strip()
    return f"`{text}`" if text else ""


def yaml(value: object, longest: int = LONGEST) -> str:
    """A value as a scalar of YAML, which is that of JSON."""
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    return json.dumps(plain(value, longest), ensure_ascii=False)


def mermaid(value: object, longest: int = 60) -> str:
    """A value within the quotes of a label of Mermaid."""
    return "".join(_MERMAID.get(character, character) for character in plain(value, longest))


def finite(value: object) -> bool:
    """Whether a value is a number that JSON and YAML have."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and math.isfinite(value)  # type: ignore[arg-type]  # is a number


def moment(time: datetime | None) -> str | None:
    """A time in UTC with seconds, as RFC 3339 has it; None if it is unknown."""
    return None if time is None else f"{time.strftime('%Y-%m-%dT%H:%M:%S')}Z"


def day(time: datetime | None) -> str | None:
    """The day of a time."""
    return None if time is None else time.strftime("%Y-%m-%d")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown of cells that are escaped already; the first rows of many."""
    all_rows = list(rows)
    lines = [head, ["---"] * len(head), *all_rows[:MOST_ROWS]]
    text = "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    left = len(all_rows) - MOST_ROWS
    return text if left <= 0 else f"{text}\n… and {left} more rows, which the database has.\n"


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in short: ``1–3, 5``."""
    return ", ".join(_runs(sorted(set(numbers))))


def _runs(numbers: Sequence[int]) -> Iterator[str]:
    first = last = None
    for number in [*numbers, None]:
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None:
            yield str(first) if first == last else f"{first}–{last}"
        first = last = number


def json_document(content: Any) -> str:
    """A JSON text with its keys in the order in which they stand."""
    return f"{json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)}\n"
