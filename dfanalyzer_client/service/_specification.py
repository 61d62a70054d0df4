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

    Names are separated by ``;`` or ``,``, and may be in braces. Conditions are separated by ``;``;
    all of them must hold.

    Raises:
        SelectionError: a line calls no method of DfAnalyzer's, or a method is given twice.
    """
    found: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        head = HEAD.match(line)
        method = head[1].lower() if head else ""
        if head is None or method not in METHODS or not line.rstrip().endswith(")"):
            raise SelectionError(
                f"A query is specified by lines such as source(sets). Expected one of "
                f"{', '.join(METHODS)}. Received: {line[:100]!r}."
            )
        if method in found:
            raise SelectionError(f"{method}(…) is given twice.")
        found[method] = line.rstrip()[head.end() : -1].strip()
    names = {method: _names(found.get(method, "")) for method in METHODS[1:6]}
    conditions = filter(None, _parts(found.get("selection", ""), ";"))
    return {
        **names,
        "mapping": found.get("mapping") or "PHYSICAL",
        "selection": " AND ".join(f"({condition}\n)" for condition in conditions),
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
    return [name for part in _parts(inner, ";") for name in _parts(part, ",") if name]


def _parts(text: str, separator: str) -> Iterable[str]:
    """The parts of a text; a separator within quotes separates nothing."""
    parts, quote = [""], ""
    for character in text:
        if not quote and character == separator:
            parts.append("")
            continue
        if character in "'\"":
            quote = "" if quote == character else quote or character
        parts[-1] += character
    return [part.strip() for part in parts]
