"""What an execution says of tests, adaptations, files and ends: its messages, with no database."""

from __future__ import annotations

import pytest

from dfanalyzer_client.file import READ, WRITTEN
from dfanalyzer_client.support.error_text import error_text
from keras_prov._artifacts.model_files import FileFact
from keras_prov._recording.events import Adaptation
from keras_prov._recording.execution import Execution, end_with
from keras_prov._recording.training_task import begin_training
from memory_client import MemoryClient, config_of

BEGAN = "2026-01-01 00:00:00.000000"
WEIGHTS = FileFact("/models/w.h5", "w.h5", "weights", 12, "ab" * 32, "ModelCheckpoint")


@pytest.fixture
def client() -> MemoryClient:
    """Where the messages end."""
    return MemoryClient()


@pytest.fixture
def execution(client: MemoryClient) -> Execution:
    """One of which the optimizer's name is wanted, and a hyperparameter of the user's own."""
    return Execution(config_of(client, {"OPTIMIZER_NAME": True}, seed="NUMERIC"))


def test_nothing_is_said_before_something_happens(
    execution: Execution, client: MemoryClient
) -> None:
    """An execution that never trains leaves no row, and has a tag of its own."""
    assert client.messages == []
    assert execution.tag != Execution(execution.config).tag


def test_a_test_has_its_metrics_and_the_hyperparameters_of_no_training(
    execution: Execution, client: MemoryClient
) -> None:
    """`evaluate()` before any `fit()`: the metrics' columns begin with the set's prefix."""
    execution.config.values["seed"] = 7
    execution.record_test({"loss": 0.5}, BEGAN, [], hyperparameters={"OPTIMIZER_NAME": "Adam"})
    (task,) = client.tasks("testingmodel")
    assert task["status"] == "FINISHED"
    assert task["startTime"] == BEGAN
    assert "dependency" not in task
    (row,) = client.rows("oTestingModel")
    assert row.pop("otest_timestamp") > BEGAN
    assert row == {"otest_loss": 0.5}
    assert client.rows("iTrainingModel") == [
        {"itrain_timestamp": BEGAN, "optimizer_name": "Adam", "seed": 7}
    ]


def test_a_test_depends_on_the_newest_training(execution: Execution, client: MemoryClient) -> None:
    """So that a lineage query finds the configuration that was tested."""
    for _ in range(2):
        begin_training(execution, {}, {}).end(None, {})
    execution.record_test({"loss": 0.5}, BEGAN, [])
    (task,) = client.tasks("testingmodel")
    assert task["dependency"] == {"tags": [{"tag": "trainingmodel"}], "ids": [{"id": "2"}]}


def test_tests_are_numbered_and_a_new_metric_is_a_new_column(
    execution: Execution, client: MemoryClient
) -> None:
    """The set is declared once for each metric, not once for each test."""
    execution.record_test({"loss": 0.5}, BEGAN, [])
    execution.record_test({"loss": 0.25, "mae": 0.125}, BEGAN, [])
    assert [task["id"] for task in client.tasks("testingmodel")] == ["1", "2"]
    assert client.declared("oTestingModel").count("otest_loss") == 1
    assert client.declared("oTestingModel").count("otest_mae") == 1


def test_an_adaptation_is_a_task_with_the_rates_and_the_cause(
    execution: Execution, client: MemoryClient
) -> None:
    """One row, with the id of its task, as the predecessor's queries join on it."""
    begin_training(execution, {}, {})
    execution.record_adaptation(Adaptation(3, 0.1, 0.05, "ReduceLROnPlateau", "train.py:9"))
    (row,) = client.rows("oAdaptation")
    assert row.pop("atimestamp")
    of_steering = ("attribute", "old_value", "new_value", "batch", "person", "reason", "request")
    assert [row.pop(name) for name in of_steering] == [None] * 7
    assert row == {
        "new_lrate": 0.05,
        "epoch_id": 3,
        "adaptation_id": 1,
        "old_lrate": 0.1,
        "cause": "ReduceLROnPlateau",
        "detail": "train.py:9",
        "optimizer": None,
    }


def test_no_adaptation_is_declared_where_none_is_wanted(client: MemoryClient) -> None:
    """Nobody's database has tables of what nobody captures."""
    execution = Execution(config_of(client, {"OPTIMIZER_NAME": True}, adaptation=False))
    begin_training(execution, {"OPTIMIZER_NAME": "SGD"}, {})
    assert client.declared("iTrainingModel") == ["itrain_timestamp", "optimizer_name"]
    assert client.declared("oAdaptation") == []
    assert "learning_rate" not in client.declared("oTrainingModel")


def test_a_saved_file_depends_on_its_training_and_has_its_epoch(
    execution: Execution, client: MemoryClient
) -> None:
    """The epoch is the newest one, unless the file's own is known."""
    begin_training(execution, {}, {})
    execution.epoch = 4
    execution.record_file(WEIGHTS, WRITTEN)
    (task,) = client.tasks("savingmodel")
    assert task["dependency"]["ids"] == [{"id": "1"}]
    (file,) = task["files"]
    assert (file["name"], file["sha256"]) == (WEIGHTS.name, WEIGHTS.sha256)
    (row,) = client.rows("oModelFile")
    assert (row["path"], row["epoch_id"], row["callback"]) == (WEIGHTS.path, 4, "ModelCheckpoint")


def test_a_loaded_file_depends_on_no_training(execution: Execution, client: MemoryClient) -> None:
    """It is what the next training starts from; loading is declared when it happens."""
    (loaded,) = execution.record_loaded([WEIGHTS])
    (task,) = client.tasks("loadingmodel")
    assert "dependency" not in task
    assert loaded.id == 1
    assert client.rows("iModelFile")[0]["sha256"] == WEIGHTS.sha256
    execution.record_loaded([WEIGHTS])
    assert client.declared("iModelFile").count("sha256") == 1
    assert client.tasks("loadingmodel")[1]["files"][0]["mode"] == READ


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        (None, "FINISHED", None),
        (KeyboardInterrupt(), "INTERRUPTED", "KeyboardInterrupt"),
        (ValueError("nan"), "FAILED", "ValueError: nan"),
        (ValueError(), "FAILED", "ValueError"),
        ("exit code 3", "FAILED", "exit code 3"),
    ],
)
def test_a_task_ends_as_what_it_does_has_ended(
    execution: Execution,
    client: MemoryClient,
    error: BaseException | str | None,
    status: str,
    text: str | None,
) -> None:
    """Its state and its error are told from what was raised."""
    execution.dataflow.save()
    end_with(execution.new_task("TrainingModel", []), error)
    (task,) = client.tasks("trainingmodel")
    assert (task["status"], task.get("error")) == (status, text)


def test_an_error_whose_message_cannot_be_made_has_its_type() -> None:
    """A user's exception may raise in its own `__str__`."""

    class BrokenError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert error_text(BrokenError()) == "BrokenError: (its message cannot be made: RuntimeError)"
