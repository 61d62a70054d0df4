"""Which layers of two models belong together.

Keras numbers layers for as long as a program runs, so that the same model has ``dense_3`` in one
run and ``dense_7`` in another one. Layers are paired by their class and their order instead. Those
at both ends that have the same arguments, too, come first: in a block that grew from four layers to
eight, the layers behind it stay what they were.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from .layers import CLASS

__all__ = ["layer_differences", "layer_pairs", "pair_differences", "pair_name"]

CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

CHOSEN_BY_KERAS = re.compile(r"_\d+\b|(?<=seed=)\d+")
"""What Keras adds to a name that it has given before, and the seed of an initializer."""

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
    return [row for pair in layer_pairs(a, b) for row in pair_differences(*pair, same=same)]


def layer_pairs(a: Sequence[Layer], b: Sequence[Layer]) -> Iterator[Pair]:
    """Layers of the same class and depth, in the same order; the others alone."""
    start, end = _equal_at_ends(_whole(a), _whole(b))
    yield from zip(a[:start], b[:start], strict=True)
    yield from _pairs(a[start : len(a) - end], b[start : len(b) - end])
    yield from zip(a[len(a) - end :], b[len(b) - end :], strict=True)


def pair_name(a: Layer | None, b: Layer | None) -> str:
    """What a layer is called; see `layer_differences`."""
    if a is None:
        return "" if b is None else f"+{b['position']} {b[CLASS]}"
    moved = "" if b is None or a["position"] == b["position"] else f"→{b['position']}"
    return f"{a['position']}{moved} {a[CLASS]}"


def _pairs(a: Sequence[Layer], b: Sequence[Layer]) -> Iterator[Pair]:
    """As `layer_pairs`, whatever the arguments of the layers."""
    start, end = _equal_at_ends(_kinds(a), _kinds(b))
    yield from zip(a[:start], b[:start], strict=True)
    yield from _matched(a[start : len(a) - end], b[start : len(b) - end])
    yield from zip(a[len(a) - end :], b[len(b) - end :], strict=True)


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


def _equal_at_ends(a: Sequence[Any], b: Sequence[Any]) -> tuple[int, int]:
    """How many elements are equal at the start, and of the others at the end."""
    start = _equal_at_start(a, b)
    return start, _equal_at_start(a[start:][::-1], b[start:][::-1])


def _equal_at_start(a: Sequence[Any], b: Sequence[Any]) -> int:
    """How many of the first elements are equal."""
    pairs = enumerate(zip(a, b, strict=False))
    return next((place for place, (x, y) in pairs if x != y), min(len(a), len(b)))


def _kinds(layers: Sequence[Layer]) -> list[tuple[int, Any]]:
    return [(str(layer["name"]).count("/"), layer[CLASS]) for layer in layers]


def _whole(layers: Sequence[Layer]) -> list[tuple[Any, ...]]:
    """Layers with all that they were made with, but for the numbers that Keras chose."""
    made = (str({**layer["configuration"], "name": None}) for layer in layers)
    return [
        (*kind, _own_name(layer), CHOSEN_BY_KERAS.sub("", text))
        for kind, layer, text in zip(_kinds(layers), layers, made, strict=True)
    ]


def pair_differences(
    a: Layer | None, b: Layer | None, *, same: bool = False
) -> Iterator[tuple[str, Any, Any]]:
    """What differs between two layers of a pair; see `layer_differences`."""
    name = pair_name(a, b)
    if a is None or b is None:
        if a is not b:
            yield name, None if a is None else _described(a), None if b is None else _described(b)
        return
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
