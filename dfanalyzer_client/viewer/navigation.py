"""The screens that every page names, in this order."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["SCREENS", "Screen"]


class Screen(NamedTuple):
    """A screen as the pages name it: its path, and its title."""

    path: str
    title: str


SCREENS = (
    Screen("./", "Executions"),
    Screen("compare", "Compare"),
    Screen("diff", "Diff"),
    Screen("lineage", "Lineage"),
    Screen("dataflow", "Dataflow"),
    Screen("sql", "SQL"),
    Screen("export", "Export"),
)
