"""DfAnalyzer's specification of a query: one ``method(arguments)`` to a line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

from ..errors import SelectionError
from ..path_query import QueryResult
from ..support.numbers import non_finite_text

__all__ = ["as_csv", "plain_value", "specification"]

METHODS = ("mapping", "source", "target", "include", "exclude", "projection", "selection")
HEAD = re.compile(r"\s*([A-Za-z]+)\s*\(")


def specification(text: str) -> dict[str, Any]:
    """The arguments of `path_query.query_with` that a specification gives.

    Names are separated by ``;`` or ``,``, and may stand in braces; conditions by ``;`` all hold.

    Raises:
        SelectionError: a line is none of DfAnalyzer's methods, or one is given twice.
    """
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        head = HEAD.match(line)
        method = head[1].lower() if head else ""
        if head is None or method not in METHODS or not line.rstrip().endswith(")"):
            raise SelectionError(
                f"A query is specified by lines as source(sets). Expected one of "
                f"{', '.join(METHODS)}. Received: {line[:100]!r}."
            )
        if method in found:
            raise SelectionError(f"{method}(…) is given twice.")
        found[method] = line.rstrip()[head.end() : -1].strip()
    names = {each: _names(found.get(each, "")) for each in METHODS[1:6]}
    conditions = [each for each in _parts(found.get("selection", ""), ";") if each]
    return {
        **names,
        "mapping": found.get("mapping") or "PHYSICAL",
        "selection": " AND ".join(f"({each}\n)" for each in conditions),
    }


def as_csv(result: QueryResult) -> str:
    """Rows as CSV (RFC 4180) with a header; a missing value is empty, NaN is ``NaN``."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(result.columns)
    writer.writerows([plain_value(value) for value in row] for row in result.rows)
    return text.getvalue()


def plain_value(value: Any) -> Any:
    """A value as JSON can say it (RFC 8259 has no NaN and no infinity)."""
    return (non_finite_text(value) or value) if isinstance(value, float) else value


def _names(text: str) -> list[str]:
    inner = text.removeprefix("{").removesuffix("}")
    return [each for part in _parts(inner, ";") for each in _parts(part, ",") if each]


def _parts(text: str, separator: str) -> Iterable[str]:
    """Parts of a text, none of which is divided within quotes."""
    parts, quote = [""], ""
    for character in text:
        if not quote and character == separator:
            parts.append("")
            continue
        if character in "'\"":
            quote = "" if quote == character else quote or character
        parts[-1] += character
    return [each.strip() for each in parts]
