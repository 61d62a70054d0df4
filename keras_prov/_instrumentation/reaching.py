"""Whether a function is still called in the end when others have wrapped it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["reaches"]

MAX_OBJECTS = 1000


def reaches(function: Any, wanted: Any) -> bool:
    """Whether `function` is `wanted`, or refers to it.

    Most wrappers keep what they wrap in ``__wrapped__``, others in a closure, as a default or under
    a global name. A function that refers to it without calling it looks the same.
    """
    if function is wanted:
        return True
    found = {id(function): function}
    left = [function]
    while left and len(found) < MAX_OBJECTS:
        current = left.pop()
        if current is wanted:
            return True
        new = {id(held): held for held in _held(current, wanted) if id(held) not in found}
        found |= new
        left += new.values()
    return False


def _held(function: Any, wanted: Any) -> Iterator[Any]:
    """The functions that a wrapper refers to, and may call."""
    yield from filter(
        _is_function,
        (
            getattr(function, "__wrapped__", None),
            getattr(function, "__func__", None),
            getattr(function, "func", None),
            *_contents(getattr(function, "__closure__", None)),
            *(getattr(function, "__defaults__", None) or ()),
            *(getattr(function, "__kwdefaults__", None) or {}).values(),
        ),
    )
    names = getattr(function, "__globals__", {})
    for name in getattr(getattr(function, "__code__", None), "co_names", ()):
        held = names.get(name)
        # of other modules only the wanted function itself, or the search would not end
        if held is wanted or (_is_function(held) and getattr(held, "__globals__", None) is names):
            yield held


def _is_function(value: Any) -> bool:
    return callable(value) and not isinstance(value, type)


def _contents(cells: Any) -> Iterator[Any]:
    for cell in cells or ():
        try:
            yield cell.cell_contents
        except ValueError:  # the cell is empty
            continue
