"""Which layers of two models belong together, and what differs between them."""

from __future__ import annotations

import time
from typing import Any

from dfanalyzer_client.executions.layer_pairs import layer_differences
from dfanalyzer_client.executions.layers import CLASS


def _layers(kinds: str, **configuration: Any) -> list[dict[str, Any]]:
    return [
        {
            "name": f"{kind}_{place}",
            "position": str(place),
            CLASS: kind.upper(),
            "configuration": configuration,
        }
        for place, kind in enumerate(kinds, 1)
    ]


def test_what_is_the_same_is_there_if_asked_for() -> None:
    """Without it, only the arguments that differ are rows; with it, the others are, too."""
    a, b = _layers("d", units="3", bias="True"), _layers("d", units="4", bias="True")
    assert layer_differences(a, b) == [("1 D.units", "3", "4")]
    assert layer_differences(a, b, same=True) == [
        ("1 D.name", "d_1", "d_1"),
        ("1 D.units", "3", "4"),
        ("1 D.bias", "True", "True"),
    ]


def test_a_layer_between_equal_ones_is_alone() -> None:
    """The others stay paired, also those behind it."""
    found = layer_differences(_layers("ddd"), _layers("ddfd"))
    assert [(name, a is None, b is None) for name, a, b in found] == [("+3 F", True, False)]


def test_a_block_that_grew_leaves_the_layers_behind_it() -> None:
    """Of two blocks of the same class, the last layer is the last one; the block has more."""
    dense = {CLASS: "Dense"}
    a = [{**each, **dense} for each in [*_layers("dd", units="16"), *_layers("d", units="1")]]
    b = [{**each, **dense} for each in [*_layers("dddd", units="16"), *_layers("d", units="1")]]
    for layers in (a, b):
        for place, layer in enumerate(layers, 1):
            layer |= {"name": f"dense_{len(layers) + place}", "position": place}
    assert layer_differences(a, b) == [
        ("+3 Dense", None, "dense_8 (units=16)"),
        ("+4 Dense", None, "dense_9 (units=16)"),
    ]
    changed = [*a[:-1], {**a[-1], "configuration": {"units": "2"}}]
    assert layer_differences(a, changed) == [("3 Dense.units", "1", "2")]


def test_10000_layers_are_paired_in_seconds() -> None:
    """Equal models, and those that differ in one or in many layers, are compared in seconds."""
    many = _layers("d" * 10_000, units="3")
    began = time.process_time()
    assert layer_differences(many, _layers("d" * 10_000, units="3")) == []
    found = layer_differences(many, _layers("d" * 4000 + "f" + "d" * 6000, units="3"))
    assert found == [("+4001 F", None, "f_4001 (units=3)")]
    assert len(layer_differences(many, _layers("df" * 5000, units="3"))) > 5000
    assert time.process_time() - began < 5
