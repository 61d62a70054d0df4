"""What a training says while it runs: its messages, with no database."""

from __future__ import annotations

import math

import pytest

from keras_prov._recording.execution import Execution
from keras_prov._recording.training_task import begin_training
from keras_prov._recording.trials import Trial, trial_rows
from memory_client import MemoryClient, config_of

LAYERS = [{"NAME": "dense", "CLASS": "Dense", "NUM_PARAMETERS": 15}]


@pytest.fixture
def client() -> MemoryClient:
    """Where the messages end."""
    return MemoryClient()


@pytest.fixture
def execution(client: MemoryClient) -> Execution:
    """One of which the number of epochs and adaptations are wanted."""
    return Execution(config_of(client, {"NUM_EPOCHS": True}))


def _without_time(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if not name.endswith("timestamp")}


def test_a_training_says_at_once_that_it_runs(execution: Execution, client: MemoryClient) -> None:
    """With its hyperparameters and layers, before the first epoch ends: a kill loses none."""
    begin_training(execution, {"NUM_EPOCHS": 2}, {"iLayers": LAYERS})
    dataflow, task = client.messages
    assert dataflow["kind"] == "dataflow"
    assert task["status"] == "RUNNING"
    assert client.rows("iTrainingModel") == [
        {"itrain_timestamp": task["startTime"], "num_epochs": 2}
    ]
    (layer,) = client.rows("iLayers")
    assert (layer["name"], layer["class"], layer["num_parameters"]) == ("dense", "Dense", 15)


def test_every_epoch_is_a_message_of_its_own(execution: Execution, client: MemoryClient) -> None:
    """The set grows once, by the metrics of the first epoch; the others are rows alone."""
    training = begin_training(execution, {}, {})
    before = len(client.messages)
    for epoch, loss in enumerate([1.0, 0.5, 0.25]):
        training.epoch(epoch, 0.125, {"loss": loss}, 0.1)
    assert [message["kind"] for message in client.messages[before:]] == ["dataflow", *["task"] * 3]
    rows = [_without_time(row) for row in client.rows("oTrainingModel")]
    assert rows == [
        {"elapsed_time": 0.125, "epoch_id": epoch, "learning_rate": 0.1, "loss": loss}
        for epoch, loss in enumerate([1.0, 0.5, 0.25])
    ]


def test_a_metric_that_comes_later_is_null_before_and_missed_after(
    execution: Execution, client: MemoryClient
) -> None:
    """`validation_freq=2`: epochs without a validation have NULL there."""
    training = begin_training(execution, {}, {})
    training.epoch(0, 0.1, {"loss": 1.0}, 0.1)
    training.epoch(1, 0.1, {"loss": 0.5, "val_loss": 2.0}, 0.1)
    training.epoch(2, 0.1, {"loss": 0.25}, 0.1)
    values = [(row["loss"], row.get("val_loss")) for row in client.rows("oTrainingModel")]
    assert values == [(1.0, None), (0.5, 2.0), (0.25, None)]


def test_a_metric_of_several_numbers_has_a_column_for_each(
    execution: Execution, client: MemoryClient
) -> None:
    """And numbers that are none keep their text, for a loss that diverged is a result."""
    training = begin_training(execution, {}, {})
    training.epoch(0, 0.1, {"f1": [0.25, 0.5], "loss": math.nan}, 0.1)
    (row,) = client.rows("oTrainingModel")
    assert (row["f1_0"], row["f1_1"]) == (0.25, 0.5)
    assert row["loss"] is None or math.isnan(float(row["loss"]))


def test_a_logged_rate_that_is_ours_is_no_second_column(
    execution: Execution, client: MemoryClient
) -> None:
    """ReduceLROnPlateau adds the rate to `logs`; where it differs from ours, both are kept."""
    training = begin_training(execution, {}, {})
    training.epoch(0, 0.1, {"loss": 1.0, "learning_rate": 0.1}, 0.1)
    assert "learning_rate_2" not in client.rows("oTrainingModel")[0]
    training.epoch(1, 0.1, {"loss": 0.5, "learning_rate": 0.5}, 0.1)
    row = client.rows("oTrainingModel")[1]
    assert (row["learning_rate"], row["learning_rate_2"]) == (0.1, 0.5)


def test_metrics_that_cannot_be_columns_are_named(
    execution: Execution, client: MemoryClient
) -> None:
    """`oMetricNames` says which metric a column holds, once."""
    training = begin_training(execution, {}, {})
    for epoch in range(2):
        training.epoch(epoch, 0.1, {"epoch_id": 0.5}, 0.1)
    (named,) = client.rows("oMetricNames")
    assert named["metric"] == "epoch_id"
    assert client.rows("oTrainingModel")[1][named["attribute"]] == 0.5


def test_a_second_training_refers_to_layers_that_were_said(
    execution: Execution, client: MemoryClient
) -> None:
    """A thousand fits of one model say its layers once; other layers are said again."""
    begin_training(execution, {}, {"iLayers": LAYERS}).end(None, {})
    begin_training(execution, {}, {"iLayers": LAYERS}).end(None, {})
    assert len(client.rows("iLayers")) == 1
    assert [task.get("reuse") for task in client.tasks("trainingmodel")].count(
        {"ilayers": "1"}
    ) == 1
    begin_training(execution, {}, {"iLayers": [{"NAME": "other"}]})
    assert len(client.rows("iLayers")) == 2


def test_a_training_depends_on_the_one_before(execution: Execution, client: MemoryClient) -> None:
    """Of the same model: it goes on with its weights."""
    begin_training(execution, {}, {}).end(None, {})
    begin_training(execution, {}, {}).end(None, {})
    assert client.tasks("trainingmodel")[-1]["dependency"]["ids"] == [{"id": "1"}]


def test_an_end_has_its_outcome_and_error(execution: Execution, client: MemoryClient) -> None:
    """What was raised is the task's error; the row of the end is there as well."""
    begin_training(execution, {}, {}).end(ValueError("shapes"), {"EPOCHS_DONE": 1})
    last = client.messages[-1]
    assert (last["status"], last["error"]) == ("FAILED", "ValueError: shapes")
    assert client.rows("oTrainingEnd")[0]["epochs_done"] == 1


def test_batches_and_rates_of_several_optimizers_have_sets_of_their_own(
    client: MemoryClient,
) -> None:
    """Declared when they are first said, with a row for each."""
    execution = Execution(config_of(client, {"BATCH_METRICS": 10}))
    training = begin_training(execution, None, {})
    training.batches([("2026-01-01 00:00:00", 0, 9, {"loss": 1.0})])
    training.rates(0, [("generator", 0.1), ("critic", None)])
    (batch,) = client.rows("oBatches")
    assert (batch["epoch_id"], batch["batch_id"], batch["loss"]) == (0, 9, 1.0)
    assert [row["learning_rate"] for row in client.rows("oOptimizers")] == [0.1, None]


def test_a_trial_is_said_with_its_training_and_its_end_when_it_ends(client: MemoryClient) -> None:
    """A search learns the objective after `fit()`: the training is told."""
    trial = Trial("rates", "3", {"rate": 0.1}, "optuna")
    execution = Execution(config_of(client, {"NUM_EPOCHS": True}), trial)
    begin_training(execution, {}, {"iTrial": trial_rows(trial)}).end(None, {})
    (chosen,) = client.rows("iTrial")
    assert (chosen["study"], chosen["trial"], chosen["name"], chosen["number"]) == (
        "rates",
        "3",
        "rate",
        0.1,
    )
    assert client.rows("oTrial") == []
    trial.end("FINISHED", {"val_loss": 0.5})
    (ended,) = client.rows("oTrial")
    assert (ended["state"], ended["objective"], ended["value"]) == ("FINISHED", "val_loss", 0.5)


def test_a_captured_value_without_a_column_is_an_error(execution: Execution) -> None:
    """It would be lost in silence otherwise: the schema spells every column."""
    with pytest.raises(KeyError, match="NEW_FACT were captured for iLayers"):
        begin_training(execution, {}, {"iLayers": [{"NEW_FACT": 1}]})
