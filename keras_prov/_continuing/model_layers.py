"""The layers of a model in memory, as those of a stored execution are read."""

from __future__ import annotations

from typing import Any

from dfanalyzer_client.executions.layers import layers_by_training
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.masking import captured_row

from .._inspection.layers import LayerRow, layer_rows

__all__ = ["layers_of"]


def layers_of(model: Any) -> list[dict[str, Any]]:
    """The layers of `model`, as `Run.layers` would have them; their texts are masked, too."""
    return layers_by_training([(0, _stored(row)) for row in layer_rows(model)], {})


def _stored(row: LayerRow) -> dict[str, Any]:
    names = (
        tags.LAYER_NAME, tags.LAYER_ATTRIBUTE, tags.LAYER_VALUE, tags.LAYER_CLASS,
        tags.LAYER_OUTPUT_SHAPE, tags.LAYER_PARAMETERS, tags.LAYER_PLACE,
    )  # fmt: skip
    values = captured_row(list(names), list(row))
    return {name.lower(): value for name, value in zip(names, values, strict=True)}
