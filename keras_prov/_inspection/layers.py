"""Layers as rows: name, class, and the arguments of their constructors.

Arguments are read from the attributes of the same name, which is thirty times faster than
`get_config()` and never raises or warns. Those that Keras does not keep are taken from the
constructor's call.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .._guard import guarded
from .._tracking.calls import Construction, construction_of
from .constructor_arguments import MISSING, argument_value, given_argument, parameters_of
from .describe import describe_argument
from .several_models import SeveralModels

__all__ = [
    "LayerRow",
    "connections",
    "direct_layers",
    "layer_rows",
    "layers_by_path",
    "trainable_layers",
]

CLASS = "class"
OF_EVERY_LAYER = {"trainable": "trainable", "dtype": "dtype_policy"}
"""Arguments of keras.Layer, which most layers take as ``**kwargs``, and their attributes."""


class LayerRow(NamedTuple):
    """A layer and one of its arguments.

    Attributes:
        name: the layer's path within the model: ``"encoder/dense_1"``.
        argument: of the constructor; ``class`` in the row that every layer has.
        value: of the argument, as a text.
        class_: the layer's class.
        output_shape: as a text; None if the layer would have to be called.
        parameters: how many numbers its weights have, including those of its layers.
        place: ``file:line`` where it was created.
    """

    name: str
    argument: str
    value: str
    class_: str
    output_shape: str | None
    parameters: int | None
    place: str | None


def layer_rows(model: Any) -> Iterator[LayerRow]:
    """Rows of all layers, every layer once. Nested layers have their path as name."""
    for path, layer in _walk(model, "", {id(model)}):
        with guarded(f"reading the layer {path}", model, lost=f"what {path} is"):
            yield from list(_rows_of(path, layer))


def _rows_of(path: str, layer: Any) -> Iterator[LayerRow]:
    class_ = type(layer)
    construction = construction_of(layer)
    details = class_.__name__, _output_shape(layer), _parameters(layer), _place(construction)
    yield LayerRow(path, CLASS, class_.__name__, *details)
    for argument, value in _arguments(layer, construction):
        yield LayerRow(path, argument, describe_argument(value), *details)


def connections(model: Any) -> list[tuple[str, str]]:
    """The graph: pairs of a layer or operation and of another one that reads its output.

    A Sequential model has the chain of its layers, and a subclassed model nothing, since its graph
    is code. Nested models follow, with their paths as in `layer_rows`.
    """
    within = [(f"{path}/", layer) for path, layer in _walk(model, "", {id(model)})]
    return [
        (f"{prefix}{inbound}", f"{prefix}{outbound}")
        for prefix, part in [("", model), *within]
        for inbound, outbound in _edges(part)
    ]


def _edges(model: Any) -> Iterable[tuple[str, str]]:
    by_depth: Any = getattr(model, "_nodes_by_depth", None)
    if by_depth is None and hasattr(model, "_functional"):
        return itertools.pairwise([layer.name for layer in model.layers])
    return {
        (parent.operation.name, node.operation.name): None
        for depth in sorted(by_depth or (), reverse=True)
        for node in by_depth[depth]
        for parent in node.parent_nodes
    }


def layers_by_path(model: Any) -> dict[str, Any]:
    """All layers by their paths within the model, as in `layer_rows`."""
    return dict(_walk(model, "", {id(model)}))


def trainable_layers(model: Any) -> frozenset[str]:
    """Paths of the layers that are trainable and have weights to train."""
    return frozenset(
        path
        for path, layer in _walk(model, "", {id(model)})
        if getattr(layer, "trainable", False) and getattr(layer, "_trainable_variables", None)
    )


def direct_layers(layer: Any) -> list[Any]:
    """The layers directly inside a model, a wrapper or a custom layer."""
    try:
        if hasattr(layer, "fit") and hasattr(layer, "layers"):
            return list(layer.layers)
        return list(layer._flatten_layers(include_self=False, recursive=False))
    except Exception:  # `layers` may be a property of the user's
        return []


def _walk(parent: Any, path: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    names = parent.names if isinstance(parent, SeveralModels) else {}
    for layer in direct_layers(parent):
        if id(layer) not in seen:
            seen.add(id(layer))
            name = f"{path}{names.get(id(layer), layer.name)}"
            yield name, layer
            yield from _walk(layer, f"{name}/", seen)


def _arguments(layer: Any, construction: Construction | None) -> Iterator[tuple[str, Any]]:
    """The arguments of the constructor, and those that every layer has."""
    class_ = type(layer)
    for argument in dict.fromkeys([*parameters_of(class_), *OF_EVERY_LAYER]):
        value = argument_value(layer, OF_EVERY_LAYER.get(argument, argument))
        if value is MISSING and construction is not None:
            value = given_argument(construction, class_, argument)
        if value is not MISSING:
            yield argument, value


def _output_shape(layer: Any) -> str | None:
    nodes = getattr(layer, "_inbound_nodes", None)
    try:
        shapes = [tuple(output.shape) for output in nodes[0].output_tensors] if nodes else []
    except Exception:  # another version of Keras
        return None
    return None if not shapes else str(shapes[0] if len(shapes) == 1 else shapes)


def _parameters(layer: Any) -> int | None:
    try:
        return sum(int(math.prod(weight.shape)) for weight in layer.weights)
    except Exception:  # a property of the user's, or weights without a shape
        return None


def _place(construction: Construction | None) -> str | None:
    return construction.place if construction is not None else None
