"""What a training starts from, read when it begins; what needs a built model, once it is."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import astuple
from typing import Any

import dfanalyzer_client.keras_schema as tags
from dfanalyzer_client.support.forks import undivided

from .._capture.config import CaptureConfig as Consent
from .._guard import guarded
from .._inspection.fit_call import FitCall as Facts
from .._inspection.hyperparameters import KNOWN
from .._inspection.layers import connections, layer_rows
from .._inspection.learning_rate import learning_rate
from .._inspection.optimizer_values import config_of, place_of, schedule_of
from .._inspection.optimizers import NamedOptimizer
from .._recording.trials import Trial, trial_rows

__all__ = [
    "OF_BUILT_MODELS",
    "architecture_of",
    "data_rows",
    "inputs_of",
    "optimizer_rows",
    "values_of",
]

OF_BUILT_MODELS = frozenset({"NUM_PARAMETERS", "NUM_TRAINABLE_PARAMETERS"})
"""Hyperparameters that a model has only once it is built."""


Rows = Iterable[Sequence[Any]]


def values_of(facts: Facts, consent: Consent, only: Container[str] | None = None) -> dict[str, Any]:
    """The hyperparameters that were asked for; one that cannot be read costs itself alone."""
    values = {}
    for key in consent.choice.keys:
        if only is not None and key not in only:
            continue
        with guarded(f"reading {key}", facts.model, lost=key):
            values[key] = KNOWN[key].read(facts)
    return values


def inputs_of(facts: Facts, consent: Consent, trial: Trial | None) -> dict[str, Rows]:
    """Rows of the other sets that a training reads, by the set's tag; not `architecture_of`."""
    choice = consent.choice
    wanted: dict[str, Callable[[], Rows]] = {}
    if choice.dataset:
        wanted[tags.DATASET] = lambda: _training_data(facts.arguments)
    if choice.environment:
        wanted[tags.ENVIRONMENT] = _environment
    if trial is not None:
        wanted[tags.TRIAL] = lambda: trial_rows(trial)
    return _read(wanted, facts)


def architecture_of(facts: Facts, consent: Consent) -> dict[str, Rows]:
    """Rows of the layers and of the graph of a model that is built, by the set's tag."""
    if not consent.choice.keys:
        return {}
    wanted: dict[str, Callable[[], Rows]] = {
        tags.LAYERS: lambda: _layers(facts),
        tags.CONNECTIONS: lambda: connections(facts.model),
    }
    return _read(wanted, facts)


def optimizer_rows(optimizers: Iterable[NamedOptimizer], facts: Facts) -> Rows:
    """What each optimizer is, for a model that has several."""
    return [
        (
            each.name,
            type(each.optimizer).__name__,
            learning_rate(each.optimizer, facts.model),
            schedule_of(each.optimizer),
            config_of(each.optimizer, facts.model),
            place_of(each.optimizer),
        )
        for each in optimizers
    ]


def _read(wanted: Mapping[str, Callable[[], Rows]], facts: Facts) -> dict[str, Rows]:
    rows: dict[str, Rows] = {}
    for tag, read in wanted.items():
        with guarded(f"reading {tag}", facts.model, lost=tag):
            rows[tag] = list(read())
    return rows


def data_rows(role: str, data: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Fingerprints as rows; parts that were not given are left out."""
    with undivided():
        from .._data.fingerprints import fingerprint

    given = {name: value for name, value in data.items() if value is not None}
    return [astuple(each) for each in fingerprint(role, given)]


def _layers(facts: Facts) -> Rows:
    from .._recording.execution import utc_now

    now = utc_now()
    return [(now, *row) for row in layer_rows(facts.model)]


def _training_data(arguments: Mapping[str, Any]) -> Rows:
    parts = ("x", "y", "sample_weight")
    rows = data_rows("training", {name: arguments.get(name) for name in parts})
    validation = arguments.get("validation_data")
    if validation is None:
        return rows
    if not isinstance(validation, (list, tuple)):
        return rows + data_rows("validation", {"x": validation})
    return rows + data_rows("validation", dict(zip(parts, validation, strict=False)))


def _environment() -> Rows:
    with undivided():
        from .._environment.collect import environment

    return environment()
