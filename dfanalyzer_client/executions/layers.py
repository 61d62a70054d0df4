"""The layers of trained models, of rows that have one argument each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..keras_schema import names as tags

__all__ = ["CLASS", "LAYER_COLUMNS", "REQUIRED", "layers_by_training"]

CLASS = "class"
LAYER_COLUMNS = (
    "training", "position", "name", CLASS, "output_shape", "parameters", "place", "configuration",
)  # fmt: skip

NAME, ARGUMENT, VALUE = (
    name.lower() for name in (tags.LAYER_NAME, tags.LAYER_ATTRIBUTE, tags.LAYER_VALUE)
)
REQUIRED = frozenset({NAME, ARGUMENT, VALUE})
"""A set that lacks one of these attributes is another program's."""

STORED = {
    "output_shape": tags.LAYER_OUTPUT_SHAPE,
    "parameters": tags.LAYER_PARAMETERS,
    "place": tags.LAYER_PLACE,
}
"""The attribute that holds each column; earlier versions had none of them."""

Layer = dict[str, Any]


def layers_by_training(
    rows: Iterable[tuple[int, Layer]], numbers: Mapping[int, int]
) -> list[Layer]:
    """The layers, each with the columns `LAYER_COLUMNS`; repeated ones of a next training not.

    Args:
        rows: rows of ``iLayers`` in their order, behind their tasks' ids.
        numbers: of trainings, by their tasks' ids.
    """
    by_task: dict[int, list[Layer]] = {}
    for task, row in rows:
        by_task.setdefault(task, []).append(row)
    found, last = list[Layer](), list[Layer]()
    for task, stored in by_task.items():
        layers = _layers(stored)
        if layers != last:
            found += [{"training": numbers.get(task), **each} for each in layers]
        last = layers
    return found


def _layers(rows: Iterable[Layer]) -> list[Layer]:
    """The layers of one model, of rows that have one argument each."""
    layers: list[Layer] = []
    for row in rows:
        name, argument = row[NAME], row[ARGUMENT]
        if argument == CLASS or not layers or layers[-1]["name"] != name:
            layers.append(_layer(len(layers) + 1, row))
        if argument == CLASS:
            layers[-1][CLASS] = row[VALUE]
        else:
            layers[-1]["configuration"][argument] = row[VALUE]
    return layers


def _layer(position: int, row: Layer) -> Layer:
    details = {column: row.get(stored.lower()) for column, stored in STORED.items()}
    if details["parameters"] is not None:
        details["parameters"] = int(details["parameters"])
    layer = {"position": position, "name": row[NAME], CLASS: row.get(tags.LAYER_CLASS.lower())}
    return {**layer, **details, "configuration": {}}
