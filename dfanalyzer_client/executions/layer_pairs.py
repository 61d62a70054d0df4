"""Which layers of two models belong together.

Keras numbers layers for as long as a program runs, so that the same model has ``dense_3`` in one
run and ``dense_7`` in another one. Layers are paired by their class and their order instead.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from .layers import CLASS

__all__ = ["layer_differences"]

CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

MOST_PAIRS = 4_000_000
"""Of models with more, layers of a class that is frequent are paired only beside others."""

Layer = dict[str, Any]
Pair = tuple[Layer | None, Layer | None]


def layer_differences(
    a: Sequence[Layer], b: Sequence[Layer], *, same: bool = False
) -> list[tuple[str, Any, Any]]:
    """What differs between the layers of two models: which value of which layer, and both values.

    A layer is called by its position in the first model and its class, as ``2 Dense.units``. One
    that only the second model has is called by its position there, behind a ``+``.

    Args:
        a: the layers of the first model.
        b: those of the second one.
        same: whether to have the values that do not differ, too.
    """
    return [row for pair in _pairs(a, b) for row in _differences(*pair, same=same)]


def _pairs(a: Sequence[Layer], b: Sequence[Layer]) -> Iterator[Pair]:
    """Layers of the same class and depth, in the same order; the others alone."""
    kinds, others = _kinds(a), _kinds(b)
    start = _equal_at_start(kinds, others)
    end = _equal_at_start(kinds[start:][::-1], others[start:][::-1])
    last, other_last = len(kinds) - end, len(others) - end
    yield from zip(a[:start], b[:start], strict=True)
    yield from _matched(a[start:last], b[start:other_last])
    yield from zip(a[last:], b[other_last:], strict=True)


def _matched(a: Sequence[Layer], b: Sequence[Layer]) -> Iterator[Pair]:
    """Layers between those that are equal at the start and at the end."""
    is_large = len(a) * len(b) > MOST_PAIRS
    matcher = difflib.SequenceMatcher(None, _kinds(a), _kinds(b), autojunk=is_large)
    for same, first, last, other_first, other_last in matcher.get_opcodes():
        if same == "equal":
            yield from zip(a[first:last], b[other_first:other_last], strict=True)
        else:
            yield from ((layer, None) for layer in a[first:last])
            yield from ((None, layer) for layer in b[other_first:other_last])


def _equal_at_start(a: Sequence[Any], b: Sequence[Any]) -> int:
    """How many of the first elements are equal."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((place for place, (x, y) in pairs if x != y), min(len(a), len(b)))


def _kinds(layers: Sequence[Layer]) -> list[tuple[int, Any]]:
    return [(str(layer["name"]).count("/"), layer[CLASS]) for layer in layers]


def _differences(a: Layer | None, b: Layer | None, *, same: bool) -> Iterator[tuple[str, Any, Any]]:
    if b is None:
        if a is not None:
            yield f"{a['position']} {a[CLASS]}", _described(a), None
        return
    if a is None:
        yield f"+{b['position']} {b[CLASS]}", None, _described(b)
        return
    moved = "" if a["position"] == b["position"] else f"→{b['position']}"
    name = f"{a['position']}{moved} {a[CLASS]}"
    if _own_name(a) != _own_name(b) or (same and a["name"] == b["name"]):
        yield f"{name}.name", a["name"], b["name"]
    before, after = a["configuration"], b["configuration"]
    for argument in dict.fromkeys([*before, *after]):
        if same or before.get(argument) != after.get(argument):
            yield f"{name}.{argument}", before.get(argument), after.get(argument)


def _own_name(layer: Layer) -> str | None:
    """The name that the user gave a layer; None if Keras chose it."""
    name = str(layer["name"]).rpartition("/")[2]
    automatic = CAPITAL.sub("_", str(layer[CLASS])).lower()
    return None if re.fullmatch(rf"{re.escape(automatic)}(_\d+)?", name) else name


def _described(layer: Layer) -> str:
    """A layer in one line; arguments that are None say nothing."""
    known = {name: value for name, value in layer["configuration"].items() if value != "None"}
    arguments = ", ".join(f"{name}={value}" for name, value in known.items())
    return f"{layer['name']} ({arguments})" if arguments else str(layer["name"])
