"""The layers of an execution's models, as a tab and a file list them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...analysis import Table

__all__ = ["Layer", "Model", "layers_of", "models_of"]


@dataclass(frozen=True)
class Layer:
    """A layer as the tab shows it.

    Attributes:
        training: the number of the first training that the model had it in.
        name: with the names of the models that it is nested in.
        depth: how many these are.
        class_name: its class.
        shape: of its output.
        parameters: how many it has.
        arguments: what it was made with, by name.
        made_at: where.
    """

    training: int | None
    name: str
    depth: int
    class_name: str
    shape: str
    parameters: int | None
    arguments: dict[str, Any]
    made_at: str


@dataclass(frozen=True)
class Model:
    """The layers of one training, and their parameters together."""

    training: int | None
    layers: Sequence[Layer]
    parameters: int


def layers_of(rows: Table) -> list[Layer]:
    """The layers of an execution's models, in their order."""
    return [
        Layer(
            row.get("training"),
            str(row.get("name")),
            str(row.get("name")).count("/"),
            str(row.get("class") or ""),
            str(row.get("output_shape") or ""),
            row.get("parameters"),
            dict(row.get("configuration") or {}),
            str(row.get("place") or ""),
        )
        for row in rows.to_dicts()
    ]


def models_of(layers: Sequence[Layer]) -> list[Model]:
    """The layers, training by training, and how many parameters they have.

    A layer's parameters are those of the layers within it, too.
    """
    trainings = dict.fromkeys(layer.training for layer in layers)
    models = [[layer for layer in layers if layer.training == each] for each in trainings]
    return [
        Model(
            of_one[0].training,
            of_one,
            sum(each.parameters or 0 for each in of_one if not each.depth),
        )
        for of_one in models
    ]
