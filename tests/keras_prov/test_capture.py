"""What a training leaves in the database: hyperparameters, epochs, layers, adaptations, tests."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
)
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from message_keys import checked_keys, messages_of
from small_models import data, small_model

SEVEN = (
    "OPTIMIZER_NAME",
    "LEARNING_RATE",
    "DECAY",
    "MOMENTUM",
    "NUM_EPOCHS",
    "BATCH_SIZE",
    "NUM_LAYERS",
)
ALL = dict.fromkeys(SEVEN, True)


@pytest.fixture
def xy() -> tuple[np.ndarray, np.ndarray]:
    """Forty samples of a line."""
    return data()


def hyperparameters(ask: Any, tag: str) -> dict[str, Any]:
    columns = ", ".join(key.lower() for key in SEVEN)
    return dict(zip(SEVEN, ask.set(tag, "iTrainingModel", columns)[-1], strict=True))


def test_the_classic_seven_are_captured(tag: str, ask: Any, xy: Any) -> None:
    """Each of the seven keys that is True has the value that the user chose."""
    model = small_model(
        optimizer=keras.optimizers.SGD(
            keras.optimizers.schedules.InverseTimeDecay(0.001, decay_steps=2, decay_rate=1e-4),
            momentum=0.9,
        )
    )
    model.provenance(dataflow_tag=tag, hyps=ALL)
    model.fit(*xy, epochs=2, batch_size=8, verbose=0)
    assert hyperparameters(ask, tag) == {
        "OPTIMIZER_NAME": "SGD",
        "LEARNING_RATE": 0.001,
        "DECAY": 5e-5,
        "MOMENTUM": 0.9,
        "NUM_EPOCHS": 2,
        "BATCH_SIZE": 8,
        "NUM_LAYERS": 2,
    }


def test_only_what_is_true_is_captured(tag: str, ask: Any, xy: Any) -> None:
    """A key that is False has no column, and one that is True has."""
    model = small_model()
    model.provenance(dataflow_tag=tag, hyps={**dict.fromkeys(SEVEN, False), "MOMENTUM": True})
    model.fit(*xy, verbose=0)
    names = ask.rows(
        'SELECT a.name FROM "public".attribute a JOIN "public".data_set s ON s.id = a.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id '
        "WHERE d.tag = %s AND s.tag = 'itrainingmodel'",
        tag,
    )
    assert sorted(name for (name,) in names) == ["itrain_timestamp", "momentum"]


def test_with_nothing_true_the_execution_and_its_metrics_are_recorded(
    tag: str, ask: Any, xy: Any
) -> None:
    """A dataflow was asked for, so there are epochs; no hyperparameter was, so there is none."""
    model = small_model()
    model.provenance(dataflow_tag=tag, hyps={})
    model.fit(*xy, epochs=3, verbose=0)
    assert [epoch for (epoch,) in ask.set(tag, "oTrainingModel", "epoch_id")] == [0, 1, 2]
    assert len(ask.set(tag, "iTrainingModel", "itrain_timestamp")) == 1
    assert ask.set(tag, "iLayers") == []


def test_each_epoch_becomes_a_row_with_keras_own_logs(tag: str, ask: Any, xy: Any) -> None:
    """Metrics and validation metrics stand under Keras' names, equal to its history."""
    model = small_model(metrics=["mae"])
    model.provenance(dataflow_tag=tag, hyps=ALL)
    history = model.fit(*xy, epochs=3, validation_split=0.25, verbose=0).history
    rows = ask.set(tag, "oTrainingModel", "loss, mae, val_loss, val_mae")
    expected = zip(*(history[n] for n in ("loss", "mae", "val_loss", "val_mae")), strict=True)
    assert rows == list(expected)
    for stamp, elapsed in ask.set(
        tag, "oTrainingModel", "CAST(otrain_timestamp AS TIMESTAMP), elapsed_time"
    ):
        assert stamp.year >= 2024
        assert 0 < elapsed < 60


def test_metrics_that_differ_in_case_alone_are_both_kept(tag: str, ask: Any, xy: Any) -> None:
    """Attributes are stored in lower case; a second metric of the same letters is numbered."""
    model = small_model(
        metrics=[
            keras.metrics.MeanAbsoluteError(name="Err"),
            keras.metrics.MeanSquaredError(name="err"),
            keras.metrics.MeanSquaredError(name="id"),
        ]
    )
    model.provenance(dataflow_tag=tag, hyps={})
    history = model.fit(*xy, verbose=0).history
    row = ask.set(tag, "oTrainingModel", "err, err_2, id_2")[0]
    assert sorted(row) == sorted(history[name][0] for name in ("Err", "err", "id"))


def test_nan_and_infinity_are_kept(tag: str, ask: Any, xy: Any) -> None:
    """A metric that is no number leaves its row, NULL for plain queries, and its exact value."""

    class Odd(keras.metrics.Metric):
        def update_state(self, *_: Any, **__: Any) -> None: ...
        def result(self) -> Any:
            return keras.ops.convert_to_tensor(self.value)

    metrics = []
    for name, value in (("nan_", math.nan), ("up", math.inf), ("down", -math.inf)):
        metrics.append(Odd(name=name))
        metrics[-1].value = value
    model = small_model(metrics=metrics)
    model.provenance(dataflow_tag=tag, hyps={})
    model.fit(*xy, verbose=0)
    assert ask.set(tag, "oTrainingModel", "nan_, up, down") == [(None, None, None)]
    exact = ask.rows(
        'SELECT a.name, x.value FROM "public".exact_number x '
        'JOIN "public".attribute a ON a.id = x.attribute_id '
        'JOIN "public".data_set s ON s.id = a.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id WHERE d.tag = %s',
        tag,
    )
    assert dict(exact) == {"nan_": "NaN", "up": "Infinity", "down": "-Infinity"}


def test_layers_are_rows_of_arguments(tag: str, ask: Any, xy: Any) -> None:
    """iLayers has each layer with its class and the arguments that made it; nested ones, too."""
    inner = keras.Sequential([keras.layers.Dense(5, activation="tanh", name="deep")], name="inner")
    model = keras.Sequential(
        [
            keras.Input((4,)),
            inner,
            keras.layers.Dropout(0.25, name="drop"),
            keras.layers.Dense(1, name="out"),
        ]
    )
    model.compile("sgd", "mse")
    model.provenance(dataflow_tag=tag, hyps={"NUM_LAYERS": True})
    model.fit(*xy, verbose=0)
    rows = {
        (name, attribute): value
        for name, attribute, value in ask.set(tag, "iLayers", "name, attribute_type, value")
    }
    assert rows["inner/deep", "class"] == "Dense"
    assert rows["inner/deep", "units"] == "5"
    assert rows["inner/deep", "activation"] == "tanh"
    assert rows["drop", "rate"] == "0.25"
    assert rows["out", "use_bias"] == "True"


@pytest.mark.parametrize("how", ["scheduler", "plateau", "assignment"])
def test_every_change_of_the_learning_rate_is_an_adaptation(
    how: str, tag: str, ask: Any, xy: Any
) -> None:
    """Whoever changes it, the new rate, its epoch and its number are recorded, unrounded."""

    class Assign(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 2:
                self.model.optimizer.learning_rate = 5e-7

    callback = {
        "scheduler": keras.callbacks.LearningRateScheduler(
            lambda epoch, rate: 5e-7 if epoch == 2 else rate
        ),
        "plateau": keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=2, min_delta=9e9),
        "assignment": Assign(),
    }[how]
    model = small_model(optimizer=keras.optimizers.SGD(1e-6))
    model.provenance(dataflow_tag=tag, adaptation=True, hyps=ALL)
    model.fit(*xy, epochs=4, verbose=0, callbacks=[callback])
    rows = ask.set(tag, "oAdaptation", "new_lrate, epoch_id, adaptation_id")
    assert rows[0] == (5e-7, 3 if how == "plateau" else 2, 1)
    rates = [rate for (rate,) in ask.set(tag, "oTrainingModel", "learning_rate")]
    assert rates == ([1e-6] * 3 + [5e-7] if how == "plateau" else [1e-6] * 2 + [5e-7] * 2)


def test_without_adaptation_the_rate_is_not_read(tag: str, ask: Any, xy: Any) -> None:
    """adaptation=False records neither changes nor rates."""
    model = small_model()
    model.provenance(dataflow_tag=tag, adaptation=False, hyps=ALL)
    change = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    model.fit(*xy, epochs=2, verbose=0, callbacks=[change])
    schema = ask.rows(
        "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s",
        tag,
    )
    assert "oadaptation" not in {name for (name,) in schema}


def test_a_test_is_recorded_and_points_to_its_training(tag: str, ask: Any, xy: Any) -> None:
    """evaluate() leaves a row; the epochs it judged carry its task id, as DfAnalyzer's do."""
    model = small_model(metrics=["mae"])
    model.provenance(dataflow_tag=tag, hyps=ALL)
    model.fit(*xy, epochs=2, validation_data=xy, verbose=0)
    loss, mae = model.evaluate(*xy, verbose=0)
    ((task, *measured),) = ask.set(
        tag, "oTestingModel", "testingmodel_task_id, otest_loss, otest_mae"
    )
    assert measured == [loss, mae]
    assert ask.set(tag, "oTrainingModel", "testingmodel_task_id") == [(task,), (task,)]


def test_a_training_that_fails_says_so(tag: str, ask: Any, xy: Any) -> None:
    """The user's error reaches the user; the task is FAILED with type and message."""

    def broken(epoch: int, logs: Any = None) -> None:
        raise OSError("it's the disk")

    model = small_model()
    model.provenance(dataflow_tag=tag, hyps=ALL)
    with pytest.raises(OSError, match="it's the disk"):
        model.fit(
            *xy,
            epochs=2,
            verbose=0,
            callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=broken)],
        )
    assert status_of(ask, tag) == [("FAILED", "OSError: it's the disk")]
    assert len(ask.set(tag, "oTrainingModel")) == 1


def test_data_that_keras_refuses_leave_a_failed_training(tag: str, ask: Any) -> None:
    """A fit that fails before its first batch is recorded as such."""
    model = small_model()
    model.provenance(dataflow_tag=tag, hyps={"NUM_EPOCHS": True})
    with pytest.raises(ValueError, match="cardinality") as caught:
        model.fit(np.zeros((4, 4)), np.zeros((3, 1)), epochs=9, verbose=0)
    ((status, error),) = status_of(ask, tag)
    assert status == "FAILED"
    assert error == f"ValueError: {caught.value}"
    assert ask.set(tag, "iTrainingModel", "num_epochs") == [(9.0,)]


def test_an_interrupted_training_says_so(tag: str, ask: Any, xy: Any) -> None:
    """Ctrl-C reaches the user; the task is INTERRUPTED."""

    def interrupt(epoch: int, logs: Any = None) -> None:
        raise KeyboardInterrupt

    model = small_model()
    model.provenance(dataflow_tag=tag, hyps=ALL)
    with pytest.raises(KeyboardInterrupt):
        model.fit(
            *xy, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_epoch_begin=interrupt)]
        )
    assert status_of(ask, tag) == [("INTERRUPTED", "KeyboardInterrupt")]


def status_of(ask: Any, tag: str) -> list[tuple[Any, ...]]:
    return ask.rows(
        'SELECT t.status, t.error_msg FROM "public".task t '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id '
        "WHERE d.tag = %s AND x.tag = 'trainingmodel' ORDER BY t.id",
        tag,
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, 32),
        ({"batch_size": 0}, 32),
        ({"steps_per_epoch": 4}, 10),
        ({"batch_size": 5}, 5),
    ],
)
def test_the_batch_size_is_the_one_that_keras_takes(
    arguments: dict[str, Any], expected: int, tag: str, ask: Any, xy: Any
) -> None:
    """Keras' default and the ways around it are recorded as what they come to."""
    model = small_model()
    model.provenance(dataflow_tag=tag, hyps={"BATCH_SIZE": True})
    model.fit(*xy, verbose=0, **arguments)
    assert ask.set(tag, "iTrainingModel", "batch_size") == [(expected,)]


def test_the_batch_size_of_a_data_set_is_its_own(tag: str, ask: Any, xy: Any) -> None:
    """A tf.data set says its batch size; a generator does not, and leaves NULL."""
    import tensorflow as tf

    data = tf.data.Dataset.from_tensor_slices(xy).batch(10, drop_remainder=True)
    model = small_model()
    model.provenance(dataflow_tag=tag, hyps={"BATCH_SIZE": True})
    model.fit(data, verbose=0)
    model.fit(((each, each[:, :1]) for each in [xy[0]] * 2), verbose=0)
    assert ask.set(tag, "iTrainingModel", "batch_size") == [(10.0,), (None,)]


def test_a_batch_that_a_function_may_have_changed_has_no_known_size(
    tag: str, ask: Any, xy: Any
) -> None:
    """What was given to batch() says nothing once map or flat_map have seen the batches."""
    import tensorflow as tf

    batched = tf.data.Dataset.from_tensor_slices(xy).batch(16)
    model = small_model()
    model.provenance(dataflow_tag=tag, hyps=["BATCH_SIZE"])
    for each in (
        batched.shuffle(2).repeat(1).prefetch(1),
        batched.map(lambda x, y: (x[:5], y[:5])).prefetch(1),
        batched.flat_map(lambda x, y: tf.data.Dataset.from_tensors((x[:5], y[:5]))).cache(),
    ):
        model.fit(each, verbose=0)
    assert ask.set(tag, "iTrainingModel", "batch_size") == [(16.0,), (None,), (None,)]


def test_loss_scaling_does_not_hide_the_optimizer(tag: str, ask: Any, xy: Any) -> None:
    """With a LossScaleOptimizer the inner optimizer's name, rate and momentum are recorded."""
    inner = keras.optimizers.SGD(0.002, momentum=0.5)
    model = small_model(optimizer=keras.optimizers.LossScaleOptimizer(inner))
    model.provenance(dataflow_tag=tag, hyps=ALL)
    model.fit(*xy, verbose=0)
    found = hyperparameters(ask, tag)
    assert (found["OPTIMIZER_NAME"], found["LEARNING_RATE"]) == ("SGD", 0.002)
    assert found["MOMENTUM"] == 0.5


@pytest.mark.skipif(not hasattr(keras.optimizers, "MultiOptimizer"), reason="not in this Keras")
@pytest.mark.parametrize(("second", "rate"), [(0.01, 0.01), (0.02, None)])
def test_several_optimizers_are_read_one_by_one(
    second: float, rate: float | None, tag: str, ask: Any, xy: Any
) -> None:
    """What all optimizers of a MultiOptimizer share is recorded; where they differ it is NULL."""
    optimizers = keras.optimizers.OptimizerMap(
        keras.optimizers.SGD(0.01), {".*bias": keras.optimizers.SGD(second)}
    )
    model = small_model(optimizer=keras.optimizers.MultiOptimizer(optimizers))
    model.provenance(dataflow_tag=tag, hyps=ALL)
    model.fit(*xy, verbose=0)
    found = hyperparameters(ask, tag)
    assert (found["OPTIMIZER_NAME"], found["LEARNING_RATE"]) == ("MultiOptimizer", rate)
    assert (found["DECAY"], found["MOMENTUM"]) == (0, 0)


def test_own_hyperparameters_stand_beside_the_known(tag: str, ask: Any, xy: Any) -> None:
    """A user's own are columns with the values given, NULL without."""
    model = small_model()
    model.provenance(
        tag,
        False,
        {"NUM_EPOCHS": True},
        [("DROP", "NUMERIC"), ("NOTE", "TEXT"), ("X", "TEXT")],
        values={"DROP": 0.5, "NOTE": 'it\'s a "test"'},
    )
    model.fit(*xy, verbose=0)
    assert ask.set(
        tag, "iTrainingModel", "num_epochs, drop, note, x".replace("drop", '"drop"')
    ) == [(1.0, 0.5, 'it\'s a "test"', None)]


def test_capture_holds_for_every_model_until_it_stops(tag: str, ask: Any, xy: Any) -> None:
    """capture() records each model as an execution of its own, and none after its end."""
    with keras.capture({"LEARNING_RATE": True}, dataflow_tag=tag):
        for rate in (0.1, 0.2):
            small_model(optimizer=keras.optimizers.SGD(rate)).fit(*xy, verbose=0)
    small_model(optimizer=keras.optimizers.SGD(0.3)).fit(*xy, verbose=0)
    assert ask.set(tag, "iTrainingModel", "learning_rate") == [(0.1,), (0.2,)]
    count = (
        'SELECT count(DISTINCT e.tag) FROM "public".dataflow_execution e '
        'JOIN "public".dataflow d ON d.id = e.df_id WHERE d.tag = %s'
    )
    assert ask.one(count, tag) == 2


def test_a_named_server_is_written_to(
    tag: str, tmp_path: Path, xy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With store=URL the schema is made at the first use, and the rows are in that server."""
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path))  # its journal ends with the server
    server = PrivateServer(tmp_path)
    url = server.ensure()
    model = small_model()
    model.provenance(tag, hyps=ALL, store=url.reveal())
    history = model.fit(*xy, epochs=2, verbose=0).history
    model.evaluate(*xy, verbose=0)
    assert keras.flush(30)
    connection = Connection(url)
    rows = connection.query(f'SELECT loss FROM "{tag}".otrainingmodel ORDER BY id')
    assert [loss for (loss,) in rows] == history["loss"]
    connection.close()
    dfanalyzer_client.shutdown()
    server.stop()


def test_a_models_fits_are_one_execution(tag: str, ask: Any, xy: Any) -> None:
    """Two fits are two tasks of one execution; provenance() again begins another."""
    model = small_model()
    model.provenance(tag, hyps={})
    model.fit(*xy, verbose=0)
    model.fit(*xy, verbose=0)
    model.provenance(tag, hyps={})
    model.fit(*xy, verbose=0)
    rows = ask.rows(
        'SELECT t.df_exec, t.identifier FROM "public".task t '
        'JOIN "public".dataflow_execution e ON e.id = t.df_exec '
        'JOIN "public".dataflow d ON d.id = e.df_id WHERE d.tag = %s ORDER BY t.id',
        tag,
    )
    (first, one), (second, two), (third, three) = rows
    assert first == second != third
    assert (one, two, three) == (1, 2, 1)


def test_a_fit_inside_a_callback_is_a_training_of_its_own(tag: str, ask: Any, xy: Any) -> None:
    """A nested fit of the same model has its own task and its own epochs."""
    model = small_model()

    class Nested(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 0:
                model.fit(*xy, epochs=1, verbose=0)

    model.provenance(tag, hyps={})
    model.fit(*xy, epochs=2, verbose=0, callbacks=[Nested()])
    epochs = ask.set(tag, "oTrainingModel", "trainingmodel_task_id, epoch_id")
    tasks = sorted({task for task, _ in epochs})
    assert sorted(epochs) == [(tasks[0], 0.0), (tasks[0], 1.0), (tasks[1], 0.0)]


def test_domain_data_join_the_training_by_execution(tag: str, ask: Any, xy: Any) -> None:
    """A transformation of the user's, recorded before fit, is found with the training's loss."""
    model = small_model()
    model.provenance(tag, hyps=ALL)
    dataflow = model.get_dataflow()
    block = Set("iDenseBlock", SetType.INPUT, [Attribute("K", AttributeType.NUMERIC)])
    dataflow.add_transformation(Transformation("DenseBlock", [block]))
    task = Task(1, dataflow.tag, dataflow.exec_tag, "DenseBlock")
    task.add_dataset(DataSet("iDenseBlock", [Element([24])]))
    task.begin()
    task.end()
    history = model.fit(*xy, epochs=2, verbose=0).history
    rows = ask.rows(
        f'SELECT o.loss FROM "{tag}".idenseblock d '
        'JOIN "public".task td ON td.id = d.denseblock_task_id '
        'JOIN "public".task tt ON tt.df_exec = td.df_exec '
        f'JOIN "{tag}".otrainingmodel o ON o.trainingmodel_task_id = tt.id '
        "WHERE d.k = 24 ORDER BY o.epoch_id"
    )
    assert [loss for (loss,) in rows] == history["loss"]


def test_the_schema_grows_by_what_is_new(tag: str, ask: Any, xy: Any) -> None:
    """The same tag with other keys and metrics adds columns; old rows stay, NULL in the new."""
    first = small_model()
    first.provenance(tag, hyps={"NUM_EPOCHS": True})
    first.fit(*xy, verbose=0)
    second = small_model(metrics=["mae"])
    second.provenance(tag, hyps={"BATCH_SIZE": True})
    second.fit(*xy, verbose=0)
    assert ask.set(tag, "iTrainingModel", "num_epochs, batch_size") == [(1, None), (None, 32)]
    (_, first_mae), (_, second_mae) = ask.set(tag, "oTrainingModel", "loss, mae")
    assert first_mae is None
    assert second_mae > 0


def test_captured_messages_have_the_keys_of_the_types(
    tag: str, home: Path, tmp_path: Path, xy: Any
) -> None:
    """Trainings, a test and a file leave no key in the journal that the types of messages lack."""
    model = small_model()
    model.provenance(dataflow_tag=tag, hyps=ALL, adaptation=True)
    for _ in range(2):
        model.fit(*xy, epochs=2, verbose=0)
    model.evaluate(*xy, verbose=0)
    model.save(tmp_path / "model.keras")
    met = checked_keys(messages_of(home, tag))
    assert {"JournalTask.reuse", "FileMessage.sha256", "JournalTask.dependency"} <= met
