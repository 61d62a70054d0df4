"""Marks of what was adapted while runs trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .canvas import label

__all__ = ["EPOCH_COLUMNS", "Key", "changes_of", "is_number", "mark"]

MAX_MARKS_WITH_TEXT = 6

EPOCH_COLUMNS = ("epoch", "epoch_id")
OLD, NEW = ("before", "old_lrate"), ("value", "new_lrate")

Key = tuple[str, int]
"""A curve's run and training."""


def changes_of(table: Any, keys: Sequence[Key]) -> Iterable[tuple[Key | None, float, str]]:
    """The changes of drawn runs: of which training, in which epoch, and from what to what."""
    columns = list(getattr(table, "columns", ()))
    if not columns:
        return
    places = {name: place for place, name in enumerate(columns)}

    def value(row: Any, *names: str) -> Any:
        return next((row[places[name]] for name in names if name in places), None)

    for row in table.rows:
        epoch = value(row, *EPOCH_COLUMNS)
        execution = value(row, "execution")
        key = next((key for key in keys if execution in (None, key[0])), None)
        if epoch is None or key is None:
            continue
        old, new = value(row, *OLD), value(row, *NEW)
        changed = is_number(old) and is_number(new) and old != new
        text = f"{old:.3g} → {new:.3g}" if changed else str(value(row, "cause") or "")
        yield key, float(epoch), text


def mark(panel: Any, changes: Sequence[Any], palette: Mapping[Key, Any]) -> None:
    """Mark changes as lines in the colours of their runs, with their values if they are few."""
    for key, epoch, text in changes:
        panel.axvline(epoch, color=palette[key], linestyle=":", linewidth=0.9, alpha=0.7)
        if len(changes) <= MAX_MARKS_WITH_TEXT:
            panel.annotate(
                label(text),
                (epoch, 1),
                (2, -3),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                rotation=90,
                va="top",
                fontsize="xx-small",
                color="gray",
            )


def is_number(value: Any) -> bool:
    """Whether it is a number; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
