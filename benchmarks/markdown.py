"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["shown", "table"]

DIGITS = 5


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], numbers: str = "") -> list[str]:
    """Lines of a table; `numbers` has an `r` at the position of columns aligned to the right."""
    sides = ["---:" if side == "r" else "---" for side in numbers.ljust(len(columns), "l")]
    return [_row(columns), _row(sides), *(_row([shown(cell) for cell in row]) for row in rows)]


def shown(value: Any) -> str:
    """A value as the text of a cell."""
    if value is None:
        return "NULL"
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    return str(value).replace("|", "\\|")


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
