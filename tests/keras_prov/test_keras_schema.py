"""Every set that Keras-Prov makes is spelled once, and nothing is captured that has no column."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dfanalyzer_client.keras_schema import SETS, TRANSFORMATIONS, Role, find_set, tags_of
from dfanalyzer_client.keras_schema import names as tags
from keras_prov._data.fingerprints import Fingerprint
from keras_prov._inspection.fit_call import FitCall
from keras_prov._recording.dataflow import keras_set
from keras_prov._recording.outcome import Progress
from keras_prov._recording.rows import rows_of_set
from keras_prov._recording.trials import Trial, trial_rows
from keras_prov._training import inputs
from small_models import small_model


@pytest.mark.parametrize("tag", SETS)
def test_a_set_is_whole(tag: str) -> None:
    """Its columns have distinct names and a meaning; somebody writes or reads it."""
    known = SETS[tag]
    names = [name.lower() for name in known.names]
    assert len(set(names)) == len(names) > 0
    assert all(each.meaning and each.type in {"TEXT", "NUMERIC", "FILE"} for each in known.columns)
    assert sum(each.is_time for each in known.columns) <= 1
    assert known.producer or known.consumers
    assert {known.producer, *known.consumers} <= {None, tags.SCRIPT, *TRANSFORMATIONS}
    assert known.holds
    assert known.when
    assert known.cost
    assert find_set(tag.upper()) is known
    declared = keras_set(tag).get_specification()
    assert declared["type"] == ("OUTPUT" if known.producer else "INPUT")
    assert [each["name"] for each in declared["attributes"]] == names


def test_roles_name_sets() -> None:
    """What is compared is what its role says."""
    assert tags_of(Role.EPOCHS, Role.TESTS) == {"otrainingmodel", "otestingmodel"}
    assert tags_of(Role.TRIAL, Role.ENVIRONMENT) == {"itrial", "ienvironment"}
    assert find_set("iUserSet") is None


def test_a_value_without_a_column_is_an_error() -> None:
    """It names the value, the set and where columns are spelled; one not given is NULL."""
    with pytest.raises(KeyError, match=r"GPU_COLOUR were captured for oSystemMetrics.*sets\.py"):
        rows_of_set(tags.SYSTEM_METRICS, [{"CPU_PERCENT": 1.0, "GPU_COLOUR": "red"}])
    (row,) = rows_of_set(tags.CONNECTIONS, [{tags.INBOUND: "a"}]).get_specification()["elements"]
    assert row == ["a", None]


def test_what_is_read_has_columns() -> None:
    """Of data, layers, the graph, optimizers, the environment, trials and the outcome."""
    model = small_model()
    model.compile("sgd", "mse")
    fit_call = FitCall(model, {"x": np.ones((4, 2)), "epochs": 1})
    trial = Trial("study", "1", {"rate": 0.1})
    ended: list[dict[str, object]] = []
    trial.trainings.append(lambda _, rows: ended.extend(rows))
    trial.end("FINISHED", {"loss": 0.5})
    captured = {
        tags.DATASET: inputs.data_rows("training", {"x": np.ones((4, 2))}),
        tags.LAYERS: list(inputs._layers(fit_call)),
        tags.CONNECTIONS: list(inputs._connections(fit_call)),
        tags.OPTIMIZERS: list(inputs.optimizer_rows(fit_call.optimizers, fit_call)),
        tags.ENVIRONMENT: list(inputs.environment_rows()),
        tags.TRIAL: trial_rows(trial),
        tags.TRIAL_END: ended,
        tags.TRAINING_END: [Progress().outcome(fit_call, 1.0, None)],
    }
    for tag, rows in captured.items():
        assert rows, tag
        assert all(row.keys() <= set(SETS[tag].names) for row in rows), tag
    fields = [each.name for each in dataclasses.fields(Fingerprint)]
    assert fields == list(SETS[tags.DATASET].names)
