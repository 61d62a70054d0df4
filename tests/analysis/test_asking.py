"""Questions from Python, about real trainings in the real database."""

from __future__ import annotations

import json

import numpy as np
import pytest

import keras_prov as keras
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.analysis import Table
from dfanalyzer_client.errors import RefusedError, SelectionError, UnknownTagError

X = np.random.default_rng(0).random((16, 2)).astype("float32")


def train(tag, rate, epochs=2):
    """Train a small model, and return the tag of its execution."""
    model = keras.Sequential([keras.layers.Dense(1)])
    model.provenance(tag, True, {"LEARNING_RATE": True, "OPTIMIZER_NAME": True})
    model.compile(keras.optimizers.SGD(rate), loss="mse")
    model.fit(X, X.sum(axis=1), epochs=epochs, validation_split=0.5, verbose=0)
    model.evaluate(X, X.sum(axis=1), verbose=0)
    return model.exec_tag


def test_a_bare_name_means_the_metric_where_the_hyperparameter_is_a_text(tag):
    """As `loss`, which compile() was given; no other test has this name."""
    given = Set("iTrainingModel", SetType.INPUT, [Attribute("zeta", AttributeType.TEXT)])
    numbers = [Attribute(name, AttributeType.NUMERIC) for name in ("EPOCH_ID", "zeta")]
    output = Set("oTrainingModel", SetType.OUTPUT, numbers)
    dataflow = Dataflow(tag, [Transformation("TrainingModel", [given, output])])
    with dataflow.task("TrainingModel") as task:
        task.used(["mse"])
        task.generated([0, 0.5])

    for condition in ("zeta < 1", "metrics.zeta < 1", "hyperparameters.zeta = 'mse'"):
        assert [each.execution for each in keras.runs(condition)] == [dataflow.exec_tag]
    assert keras.runs("zeta > 1").rows == []


@pytest.fixture
def trained(tag):
    """A dataflow with two executions: the slow one, then the fast one."""
    return tag, train(tag, 0.001), train(tag, 0.125, 3)


def test_runs_are_found_by_conditions_and_sorted(trained):
    """Fields, hyperparameters and metrics select and order runs, the newest first by default."""
    tag, slow, fast = trained

    def found(*args, **options):
        return [each.execution for each in keras.runs(*args, dataflow=tag, **options)]

    assert found() == [fast, slow]
    assert found(limit=1) == [fast]
    assert found("learning_rate > 0.01") == [fast]
    assert found("params.optimizer_name = 'SGD' AND epochs = 2") == [slow]
    assert found("status = 'FINISHED' AND seconds >= 0 AND began > '2020-01-01'") == [fast, slow]
    assert found("lowest.val_loss <= highest.val_loss", order_by="learning_rate") == [slow, fast]
    assert found(status="running") == []
    assert found(order_by=["status", "epochs DESC"]) == [fast, slow]


def test_a_run_says_what_was_chosen_and_what_came_of_it(trained):
    """Its parts are read when they are asked for."""
    tag, _, fast = trained
    (first, *_) = keras.runs(dataflow=tag)
    assert (first.hyperparameters["learning_rate"], first.epochs) == (0.125, 3)

    run = keras.run(fast)
    assert run.outcome["epochs_done"] == 3
    assert run.outcome["error"] is None
    assert run.metrics.column("epoch_id") == [0, 1, 2]
    assert run.metrics.column("loss")[-1] == first.metrics["loss"]
    assert len(run.tests) == 1
    assert "Dense" in run.layers.column("class")
    assert [task[0] for task in run.tasks][:1] == ["trainingmodel"]
    assert "otrainingmodel" in run.sets
    assert run.trial == {}
    assert first.lowest["loss"] == min(run.metrics.column("loss"))


def test_curves_comparison_and_difference_agree(trained):
    """They show the epochs of each run, and what differs between runs."""
    tag, slow, fast = trained
    curves = keras.curves(keras.runs(dataflow=tag), "loss")
    assert [len(points) for points in curves.series.values()] == [3, 2]

    compared = keras.compare(slow, fast)
    assert "hyperparameters.learning_rate" in compared.differing
    assert "hyperparameters.optimizer_name" not in compared.differing
    assert compared.column("hyperparameters.learning_rate") == [0.001, 0.125]

    rows = {row[:2]: row[2:] for row in keras.diff(slow, fast)}
    all_rows = {row[:2]: row[2:] for row in keras.diff(slow, fast, same=True)}
    assert ("hyperparameter", "optimizer_name") in all_rows.keys() - rows.keys()
    assert rows["hyperparameter", "learning_rate"] == (0.001, 0.125)
    assert ("hyperparameter", "optimizer_name") not in rows


def test_following_ends_with_the_training(trained):
    """A run that has ended gives its epochs, and no more."""
    _, slow, _ = trained
    epochs = list(keras.follow(slow, interval=0.01))

    assert [each.epoch for each in epochs] == [0, 1]
    assert set(epochs[0].metrics) == {"loss", "val_loss"}


def test_epochs_are_followed_while_the_model_trains(tag):
    """An epoch arrives before the training has ended."""
    seen = []

    class Asking(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                following = keras.follow(self.model.exec_tag, interval=0.01)
                seen.append(next(following).epoch)
                following.close()

    model = keras.Sequential([keras.layers.Dense(1)])
    model.provenance(tag)
    model.compile("sgd", loss="mse")
    model.fit(X, X.sum(axis=1), epochs=3, verbose=0, callbacks=[Asking()])
    assert seen == [0]


def test_sql_binds_parameters_and_only_reads(trained):
    """Values are bound, and the private server's reader changes nothing."""
    _, slow, _ = trained
    found = keras.sql('SELECT tag FROM "public".dataflow_execution WHERE tag = %s', [slow])

    assert (found.columns, found.rows) == (["tag"], [(slow,)])
    with pytest.raises(RefusedError):
        keras.sql('DELETE FROM "public".dataflow')


@pytest.mark.parametrize(
    ("where", "error", "says"),
    [
        ("learning_rat > 1", UnknownTagError, "learning_rate"),
        ("metrics.los > 1", UnknownTagError, "loss"),
        ("nothing.loss > 1", UnknownTagError, "hyperparameters, metrics"),
        ("loss >", SelectionError, "not a condition"),
        ("epochs = (SELECT 1)", SelectionError, "not allowed"),
        ("optimizer_name = 'a' OR learning_rate = 'x'", SelectionError, "number"),
    ],
)
@pytest.mark.usefixtures("trained")
def test_a_wrong_condition_says_what_helps(where, error, says):
    """The message names what was meant, or what is allowed."""
    with pytest.raises(error, match=says):
        keras.runs(where)


def test_an_unknown_run_or_dataflow_is_an_error(tag):
    """The message says how to find what there is."""
    train(tag, 0.1)
    with pytest.raises(UnknownTagError, match="No execution"):
        keras.run("no-such-run")
    with pytest.raises(UnknownTagError, match="Did you mean"):
        keras.runs(dataflow=tag + "x")
    with pytest.raises(UnknownTagError, match="Did you mean 'loss'"):
        keras.curves("last", "lossy")


def test_tables_become_frames_with_the_right_types():
    """Integers, missing values, and columns of several kinds are the same in all three."""
    table = Table(
        ["i", "f", "mixed", "none", "i"],
        [(1, 0.5, 1, None, 1), (None, float("nan"), "a", None, 2), (3, None, None, None, 3)],
    )
    pandas, polars, arrow = table.to_pandas(), table.to_polars(), table.to_arrow()

    assert [str(each) for each in polars.dtypes] == [
        "Int64",
        "Float64",
        "String",
        "String",
        "Int64",
    ]
    assert arrow.column("mixed").to_pylist() == ["1", "a", None]
    assert str(pandas.dtypes["i"]) == "Int64"
    assert pandas["mixed"].tolist()[:2] == ["1", "a"]
    assert arrow.column_names == ["i", "f", "mixed", "none", "i_2"]


def test_results_show_stored_texts_safely():
    """HTML is escaped, and control characters are spelled out."""
    table = Table(["<b>"], [("<script>\x1b",)])

    assert "<script>" not in table._repr_html_()
    assert "\x1b" not in table._repr_html_() + repr(table)
    assert json.dumps(table.to_dicts()) == '[{"<b>": "<script>\\u001b"}]'
