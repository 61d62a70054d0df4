"""Compare two configurations of a model, as Keras writes them in JSON.

Keras gives objects that a model uses in several places the number of their place in memory, so that
it can share them again. Here they are numbered in the order in which they appear.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ._findings import Difference, Part

__all__ = ["compare_configurations"]

SHARED = "shared_object_id"


def compare_configurations(part: Part, name: str, recorded: bytes, found: bytes) -> None:
    """Add what differs in the two to a part."""
    try:
        ours, theirs = _values(recorded), _values(found)
    except ValueError:  # no JSON
        part.compared += 1
        if recorded != found:
            sizes = f"{len(recorded)} bytes", f"{len(found)} bytes"
            part.differences.append(Difference(name, "content", *sizes))
        return
    for path in dict.fromkeys([*ours, *theirs]):
        part.compared += 1
        one, other = ours.get(path, "missing"), theirs.get(path, "missing")
        if one != other:
            part.differences.append(Difference(name, path, one, other))


def _values(content: bytes) -> dict[str, str]:
    """The values of a configuration in JSON, by their paths."""
    return dict(_walk(json.loads(content), "", {}))


def _walk(value: Any, path: str, shared: dict[Any, int]) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            if key == SHARED:
                each = shared.setdefault(repr(each), len(shared) + 1)
            yield from _walk(each, f"{path}.{key}" if path else key, shared)
    elif isinstance(value, list) and value:
        for position, each in enumerate(value):
            yield from _walk(each, f"{path}[{position}]", shared)
    else:
        yield path, json.dumps(value)
