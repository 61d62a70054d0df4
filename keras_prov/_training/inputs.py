"""What a training starts from, read when it begins, or once the model is built if it must be."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.support.clock import utc_now
from dfanalyzer_client.support.forks import fork_lock

from .._capture.config import CaptureConfig
from .._guard import guarded
from .._inspection.fit_call import FitCall
from .._inspection.hyperparameters import KNOWN
from .._inspection.layers import connections, layer_rows
from .._inspection.learning_rate import learning_rate
from .._inspection.optimizer_values import config_of, place_of, schedule_of
from .._inspection.optimizers import NamedOptimizer
from .._recording.rows import Row
from .._recording.trials import Trial, trial_rows

__all__ = [
    "OF_BUILT_MODELS",
    "architecture_of",
    "data_rows",
    "environment_rows",
    "inputs_of",
    "optimizer_rows",
    "values_of",
]

OF_BUILT_MODELS = frozenset({"NUM_PARAMETERS", "NUM_TRAINABLE_PARAMETERS"})
"""Hyperparameters that a model has only once it is built."""


Rows = Iterable[Row]


def values_of(
    fit_call: FitCall, config: CaptureConfig, only: Container[str] | None = None
) -> dict[str, Any]:
    """The hyperparameters that were asked for; one that cannot be read loses only itself."""
    values = {}
    for key in config.choice.keys:
        if only is not None and key not in only:
            continue
        with guarded(f"reading {key}", fit_call.model, lost=key):
            values[key] = KNOWN[key].read(fit_call)
    return values


def inputs_of(fit_call: FitCall, config: CaptureConfig, trial: Trial | None) -> dict[str, Rows]:
    """Rows of the other sets that a training reads, by the set's tag; not `architecture_of`."""
    choice = config.choice
    wanted: dict[str, Callable[[], Rows]] = {}
    if choice.dataset:
        wanted[tags.DATASET] = lambda: _training_data(fit_call.arguments)
    if choice.environment:
        wanted[tags.ENVIRONMENT] = environment_rows
    if trial is not None:
        wanted[tags.TRIAL] = lambda: trial_rows(trial)
    return _read(wanted, fit_call)


def architecture_of(fit_call: FitCall, config: CaptureConfig) -> dict[str, Rows]:
    """Rows of the layers and of the graph of a model that is built, by the set's tag."""
    if not config.choice.keys:
        return {}
    wanted: dict[str, Callable[[], Rows]] = {
        tags.LAYERS: lambda: _layers(fit_call),
        tags.CONNECTIONS: lambda: _connections(fit_call),
    }
    return _read(wanted, fit_call)


def optimizer_rows(optimizers: Iterable[NamedOptimizer], fit_call: FitCall) -> Rows:
    """The optimizers of a model that has several."""
    return [
        {
            tags.OPTIMIZER_ATTRIBUTE: name,
            tags.OPTIMIZER_CLASS: type(optimizer).__name__,
            tags.LEARNING_RATE: learning_rate(optimizer, fit_call.model),
            tags.OPTIMIZER_SCHEDULE: schedule_of(optimizer),
            tags.OPTIMIZER_CONFIG: config_of(optimizer, fit_call.model),
            tags.OPTIMIZER_PLACE: place_of(optimizer),
        }
        for name, optimizer, _ in optimizers
    ]


def _read(wanted: Mapping[str, Callable[[], Rows]], fit_call: FitCall) -> dict[str, Rows]:
    rows: dict[str, Rows] = {}
    for tag, read in wanted.items():
        with guarded(f"reading {tag}", fit_call.model, lost=tag):
            rows[tag] = list(read())
    return rows


def data_rows(role: str, data: Mapping[str, Any]) -> list[Row]:
    """Fingerprints as rows; parts that were not given are left out."""
    with fork_lock():
        from .._data.fingerprints import fingerprint

    given = {name: value for name, value in data.items() if value is not None}
    return [asdict(found) for found in fingerprint(role, given)]


def _layers(fit_call: FitCall) -> Rows:

    now = utc_now()
    return [
        {
            tags.LAYERS_TIMESTAMP: now,
            tags.LAYER_NAME: row.name,
            tags.LAYER_ATTRIBUTE: row.argument,
            tags.LAYER_VALUE: row.value,
            tags.LAYER_CLASS: row.class_,
            tags.LAYER_OUTPUT_SHAPE: row.output_shape,
            tags.LAYER_PARAMETERS: row.parameters,
            tags.LAYER_PLACE: row.place,
        }
        for row in layer_rows(fit_call.model)
    ]


def _connections(fit_call: FitCall) -> Rows:
    pairs = connections(fit_call.model)
    return [{tags.INBOUND: inbound, tags.OUTBOUND: outbound} for inbound, outbound in pairs]


def _training_data(arguments: Mapping[str, Any]) -> Rows:
    parts = ("x", "y", "sample_weight")
    rows = data_rows("training", {name: arguments.get(name) for name in parts})
    validation = arguments.get("validation_data")
    if validation is None:
        return rows
    if not isinstance(validation, (list, tuple)):
        return rows + data_rows("validation", {"x": validation})
    return rows + data_rows("validation", dict(zip(parts, validation, strict=False)))


def environment_rows() -> Rows:
    """What this process runs in."""
    with fork_lock():
        from .._environment.collect import environment

    return [
        {tags.FACT_KIND: kind, tags.FACT_NAME: name, tags.FACT_VALUE: value}
        for kind, name, value in environment()
    ]
