"""Several trainings of one run, metrics with odd names, and layers, as Python shows them."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

import keras_prov as keras
from dfanalyzer_client.cli import main
from dfanalyzer_client.errors import UnknownTagError

X = np.random.default_rng(0).random((16, 2)).astype("float32")
Y = X.sum(axis=1)
NAMES = ("Loss", "id", "%s", "größe")


def train(tag, layers, fits=({},), metrics=(), test=False):
    """Train a model, once for each dictionary of arguments; the tag of its execution."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential(layers)
    model.provenance(tag, True, {"LEARNING_RATE": True})
    named = [keras.metrics.MeanAbsoluteError(name=name) for name in metrics]
    model.compile("sgd", loss="mse", metrics=named)
    for arguments in fits:
        model.fit(X, Y, verbose=0, **{"epochs": 2, **arguments})
    if test:
        model.evaluate(X, Y, verbose=0)
    return model.exec_tag


def test_metrics_have_their_own_names_in_curves(tag):
    """Whatever they are stored as; the stored name is understood, too."""
    run = train(tag, [keras.layers.Dense(1)], metrics=NAMES)
    metrics = keras.run(run).metrics

    for name in NAMES:
        curve = keras.curves(run, name)
        assert curve.column("metric") == [name, name]
        assert curve.column("value") == metrics.column(name)
    assert keras.curves(run, "loss").column("value") == metrics.column("loss")
    assert keras.curves(run, "loss_2").column("metric") == ["Loss", "Loss"]
    assert {*NAMES, "loss"} == set(keras.curves(run).column("metric"))
    (epoch, *_) = keras.follow(run, interval=0.01)
    assert {*NAMES, "loss"} == set(epoch.metrics)


def test_the_command_takes_and_shows_own_names(tag):
    """In `curve`, `follow`, `compare` and `diff`."""
    named, plain = (train(tag, [keras.layers.Dense(1)], metrics=each) for each in (NAMES, ()))

    keras.flush()

    def lines(*arguments):
        result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout.splitlines()

    assert lines("curve", named, *NAMES, "--csv")[0] == "training,epoch,Loss,id,%s,größe"
    assert " id " in lines("follow", named)[0]
    compared = [line.split(",")[0] for line in lines("compare", named, plain, "--csv")]
    differing = [line.split(",")[:2] for line in lines("diff", named, plain, "--csv")]
    for name in NAMES:
        assert f"metrics.{name}" in compared
        assert ["metric", name] in differing


def test_metrics_keep_their_capitals_and_names_of_columns(tag):
    """As History has them, in every answer; conditions take any case."""
    names = ("AUC", "Acc", "epoch_id", "elapsed_time", "otrain_timestamp")
    fits = [{"validation_data": (X, Y)}]
    run = keras.run(train(tag, [keras.layers.Dense(1)], fits=fits, metrics=names, test=True))
    (found,) = keras.runs(dataflow=tag)

    expected = {*names, "loss", *(f"val_{name}" for name in (*names, "loss"))}
    tested = {f"otest_{name}" for name in (*names, "loss")}
    assert set(found.metrics) == set(found.lowest) == expected | tested
    assert {key[2] for key in keras.curves(run).series} == expected
    assert {"AUC", "Acc", "val_AUC", "val_Acc"} <= set(run.metrics.columns)
    assert tested < set(run.tests.columns)
    for name in ("AUC", "auc", "Auc", "metrics.epoch_id", "otest_AUC", "val_otrain_timestamp"):
        assert len(keras.runs(f"{name} > 0", dataflow=tag)) == 1, name
    for name in ("AUC", "auc", "Auc"):
        assert set(keras.curves(run, name).column("metric")) == {"AUC"}
    (epoch, *_) = keras.follow(run, interval=0.01)
    assert {"AUC", "val_Acc"} <= set(epoch.metrics)


def test_whole_numbers_are_exact_in_curves(tag):
    """Also those that a DOUBLE rounds."""
    odd = 2**53 + 1

    class Count(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["seen"] = odd

    run = train(tag, [keras.layers.Dense(1)], fits=[{"callbacks": [Count()]}])
    curve = keras.curves(run, "seen")
    assert curve.column("value") == keras.run(run).metrics.column("seen") == [odd, odd]
    assert curve.to_polars()["value"].to_list() == [odd, odd]


@pytest.mark.parametrize("order", [["mae", "MAE"], ["MAE", "mae"]])
def test_each_run_finds_a_metric_under_the_name_that_it_has_there(tag, order):
    """`Loss` beside `loss` is stored otherwise than `Loss` alone."""
    both = train(tag, [keras.layers.Dense(1)], metrics=order)
    alone = train(tag, [keras.layers.Dense(1)], metrics=["MAE"])
    found = keras.curves([both, alone], "MAE")

    assert [key[:2] for key in found.series] == [(both, 1), (alone, 1)]
    assert keras.curves(both, "MAE").column("value") == keras.run(both).metrics.column("MAE")
    assert {key[2] for key in keras.curves(both).series} == {"loss", "mae", "MAE"}


@pytest.mark.parametrize(("name", "says"), [("los", "'loss'"), ("grösse", "'größe'")])
def test_an_unknown_metric_names_the_close_ones(tag, name, says):
    """Under their own names, and only those that the run has."""
    run = train(tag, [keras.layers.Dense(1)], metrics=NAMES)
    with pytest.raises(UnknownTagError, match=f"Did you mean.*{says}"):
        keras.curves(run, name)
    with pytest.raises(UnknownTagError, match=r"Expected one of 'loss', '%s', 'Loss', 'größe'"):
        keras.curves(run, "zzzzzz")


def test_trainings_have_the_same_numbers_everywhere(tag):
    """Also where a metric was measured in the second training only."""
    validated = {"validation_data": (X, Y), "initial_epoch": 2, "epochs": 4}
    run = train(tag, [keras.layers.Dense(1)], fits=({}, validated))
    found = keras.run(run)

    assert found.metrics.column("training") == [1, 1, 2, 2]
    assert "task_id" not in found.metrics.columns
    assert keras.curves(run, "val_loss").column("training") == [2, 2]
    assert keras.curves(run, "loss").column("epoch") == [0, 1, 2, 3]
    assert [each.training for each in keras.follow(run, interval=0.01)] == [1, 1, 2, 2]


def test_a_layer_is_one_row(tag):
    """With its place in the model and its arguments; a second fit() does not repeat it."""
    inner = keras.Sequential([keras.layers.Dense(3, name="within")], name="encoder")
    run = train(tag, [inner, keras.layers.Dense(1)], fits=({}, {}))
    layers = keras.run(run).layers

    assert layers.column("position") == [1, 2, 3]
    assert layers.column("name")[:2] == ["encoder", "encoder/within"]
    assert layers.column("class") == ["Sequential", "Dense", "Dense"]
    assert layers.column("parameters") == [9, 9, 4]
    assert layers.column("configuration")[1]["units"] == "3"
    assert set(layers.column("training")) == {1}
    assert layers.to_polars().shape == (3, 8)


def test_the_same_layers_do_not_differ(tag):
    """Although Keras has numbered them on: `dense_3` here is `dense_7` there."""

    def trained() -> str:
        keras.utils.set_random_seed(3)  # layers draw the seeds of their initializers
        return train(tag, [keras.layers.Dense(2), keras.layers.Dense(1)])

    first, second = trained(), trained()
    assert keras.run(first).layers.column("name") != keras.run(second).layers.column("name")
    assert keras.diff(first, second).rows == []


def test_layers_are_compared_by_class_and_order(tag):
    """A layer that was put between others is the only one that the first model lacks."""
    last, end = (keras.layers.Dense(1, kernel_initializer="ones", name=n) for n in ("last", "end"))
    first = train(tag, [keras.layers.Dense(2), last])
    second = train(tag, [keras.layers.Dense(4), keras.layers.Dropout(0.25), end])
    rows = [row for row in keras.diff(first, second) if row[0] == "layer"]

    assert ("layer", "1 Dense.units", "2", "4") in rows
    assert ("layer", "2→3 Dense.name", "last", "end") in rows
    (added,) = [row for row in rows if row[1] == "+2 Dropout"]
    assert added[2] is None
    assert "rate=0.25" in added[3]
    assert len(rows) == 3


def test_an_environment_of_one_run_only_is_not_compared(tag: str) -> None:
    """What was not captured of one run is said once, not as hundreds of missing packages."""
    for keys in ({"NUM_EPOCHS": True}, {"NUM_EPOCHS": True, "ENVIRONMENT": True}):
        model = keras.Sequential([keras.layers.Dense(1)])
        model.provenance(tag, True, keys)
        model.compile("sgd", loss="mse")
        model.fit(X, Y, epochs=1, verbose=0)
    keras.flush()
    rows = keras.diff(*keras.runs(dataflow=tag, order_by="id"), same=True).rows
    assert [row[1:] for row in rows if row[0] == "environment"] == [("captured", "no", "yes")]
    assert not [row for row in rows if row[0] in ("package", "commit")]


@pytest.mark.parametrize("name", ["", "  ", "a\0b"])
def test_an_execution_without_a_name_is_refused(tag: str, name: str) -> None:
    """A name that names nothing is not taken as the beginning of every tag."""
    with pytest.raises(UnknownTagError, match="An execution is named by its id"):
        keras.run(name)
