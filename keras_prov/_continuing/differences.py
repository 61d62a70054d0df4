"""What differs from the execution that is continued, as rows of ``iContinuation``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dfanalyzer_client.executions.layer_pairs import layer_pairs, pair_differences, pair_name
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.masking import captured_row

from .._inspection.optimizer_arguments import ARGUMENTS
from .._recording.continuation import Continuation
from .._recording.rows import Row
from .model_layers import layers_of

__all__ = ["difference_rows"]

LAYER, HYPERPARAMETER, OPTIMIZER = "layer", "hyperparameter", "optimizer"
OF_OPTIMIZERS = frozenset(
    {"OPTIMIZER_NAME", "OPTIMIZER_CONFIG", "LEARNING_RATE", "LEARNING_RATE_SCHEDULE", "DECAY"}
    | {"MOMENTUM"}
    | {name.upper() for name in ARGUMENTS}
)
NEVER = frozenset({"OPTIMIZER_PLACE", "MODEL_NAME"})
"""Where code stands, and names that Keras numbers: they say nothing of the training."""


def difference_rows(continuation: Continuation, model: Any, values: Mapping[str, Any]) -> list[Row]:
    """The rows; `model` is built, and `values` are the hyperparameters of its training."""
    return [*_of_hyperparameters(continuation, values), *_of_layers(continuation, model)]


def _of_layers(continuation: Continuation, model: Any) -> Iterator[Row]:
    if not continuation.layers:  # they were not captured
        return
    for old, new in layer_pairs(continuation.layers, layers_of(model)):
        weights = None if new is None else _weights_of(continuation, new["name"])
        rows = list(pair_differences(old, new))
        if not rows and weights == "yes" and old is not None and new is not None:
            rows = [(pair_name(old, new), old["name"], new["name"])]
        for row in rows:
            yield _row(LAYER, *row, weights)


def _weights_of(continuation: Continuation, layer: str) -> str | None:
    if layer in continuation.taken:
        return "yes"
    has_own = layer in continuation.left_out or layer in continuation.new
    return "no" if has_own else None


def _of_hyperparameters(continuation: Continuation, values: Mapping[str, Any]) -> Iterator[Row]:
    before = {name.upper(): value for name, value in continuation.hyperparameters.items()}
    for key, value in values.items():
        name = key.upper()
        if name not in before or name in NEVER:
            continue
        old, new = _stored(key, before[name]), _stored(key, value)
        if old != new:
            yield _row(OPTIMIZER if name in OF_OPTIMIZERS else HYPERPARAMETER, key, old, new, None)


def _stored(key: str, value: Any) -> str | None:
    """A value as the text that is stored of it: numbers in one form, secrets masked."""
    if value is None:
        return None
    if isinstance(value, (bool, int, float)):
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    _, text = captured_row(("name", "value"), (key, str(value)))
    return str(text)


def _row(kind: str, name: str, old: Any, new: Any, weights: str | None) -> Row:
    return {
        tags.CONTINUED_KIND: kind,
        tags.CONTINUED_NAME: name,
        tags.OLD_VALUE: old,
        tags.NEW_VALUE: new,
        tags.CONTINUED_WEIGHTS: weights,
    }
