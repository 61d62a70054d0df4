"""Conditions and orders of `runs`: own names, NaN, times, states, and what is said of mistakes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import keras_prov as keras
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.errors import SelectionError, UnknownTagError

X = np.random.default_rng(0).random((16, 2)).astype("float32")
ODD = ("Loss", "id", "100%s", "größe", "a b", 'q"t', "status")
NUMERIC = AttributeType.NUMERIC


def train(tag, rate, names=()):
    """Train a small model with metrics of these names, and return the tag of its execution."""
    model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
    model.provenance(tag, True, {"LEARNING_RATE": True, "OPTIMIZER_NAME": True})
    metrics = [keras.metrics.MeanAbsoluteError(name=name) for name in names]
    model.compile(keras.optimizers.SGD(rate), loss="mse", metrics=metrics)
    model.fit(X, X.sum(axis=1), epochs=2, verbose=0)
    model.evaluate(X, X.sum(axis=1), verbose=0)
    return model.exec_tag


def measured(tag, *trainings):
    """An execution with a training for each list of rows, which are dictionaries of metrics."""
    names = ["EPOCH_ID", *dict.fromkeys(name for rows in trainings for row in rows for name in row)]
    output = Set("oTrainingModel", SetType.OUTPUT, [Attribute(name, NUMERIC) for name in names])
    flow = Dataflow(tag, [Transformation("TrainingModel", [output])])
    for rows in trainings:
        with flow.task("TrainingModel") as task:
            for epoch, row in enumerate(rows):
                task.generated(EPOCH_ID=epoch, **row)
    return flow.exec_tag


def test_metrics_are_asked_for_by_their_own_names(tag):
    """Also if the database has them under others; odd ones are in double quotes."""
    slow, fast = train(tag, 0.001, ODD), train(tag, 0.25, ODD)
    found = {each.execution: each for each in keras.runs(dataflow=tag)}
    for name in ODD:
        low, high = (found[each].metrics[name] for each in (fast, slow))
        assert low < high
        quoted = '"{}"'.format(name.replace('"', '""'))
        for group in ("metrics", "lowest"):
            where = f"{group}.{quoted} < {(low + high) / 2}"
            assert [each.execution for each in keras.runs(where, dataflow=tag)] == [fast], where
        order = f"metrics.{quoted} DESC"
        assert keras.runs(dataflow=tag, order_by=order)[0].execution == slow
        assert f"otest_{name}" in found[fast].metrics
    assert len(keras.runs("Loss > 0 AND größe > 0 AND otest_Loss > 0", dataflow=tag)) == 2
    assert found[fast].metrics["Loss"] != found[fast].metrics["loss"]


def test_the_last_value_is_the_last_training_that_measured_it(tag):
    """The same in conditions, orders and results, though a later training measured less."""
    both = measured(tag, [{"loss": 1, "acc": 0.25}, {"loss": 3, "acc": 0.5}], [{"loss": 2}])
    one = measured(tag, [{"loss": 2.5, "acc": 0.75}])
    found = keras.runs(dataflow=tag, order_by="id")

    assert [dict(each.metrics) for each in found] == [
        {"loss": 2, "acc": 0.5},
        {"loss": 2.5, "acc": 0.75},
    ]
    assert found[0].lowest == {"loss": 1, "acc": 0.25}
    assert [each.execution for each in keras.runs("acc = 0.5", dataflow=tag)] == [both]
    assert keras.runs(dataflow=tag, order_by="acc DESC")[0].execution == one
    assert keras.compare(both, one).column("metrics.acc") == [0.5, 0.75]


def test_runs_without_a_value_come_last_in_both_directions(tag):
    """Whether they lack the metric, or it is NaN."""
    low, high = (measured(tag, [{"loss": loss}]) for loss in (1, 2))
    nan, none = measured(tag, [{"loss": math.nan}]), measured(tag, [{"acc": 1}])
    for order, first in (("loss", [low, high]), ("metrics.loss DESC", [high, low])):
        found = [each.execution for each in keras.runs(dataflow=tag, order_by=order)]
        assert found == [*first, none, nan]


def test_nan_and_infinity_are_found(tag):
    """isnan() and isinf() look at the last value; what is neither, or missing, is not found."""
    runs = {name: measured(tag, [{"loss": 1}, {"loss": float(name)}]) for name in ("nan", "-inf")}
    measured(tag, [{"loss": 1}])

    def found(where):
        return [each.execution for each in keras.runs(where, dataflow=tag)]

    assert found("isnan(loss)") == [runs["nan"]]
    assert found("isinf(metrics.loss) AND NOT isnan(loss)") == [runs["-inf"]]
    assert found("NOT isnan(loss) AND NOT isinf(loss)") == found("loss = 1")
    assert found("loss IS NULL") == []
    assert len(found("loss IS NOT NULL")) == 3
    with pytest.raises(SelectionError, match=r"'lowest\.loss' is never NaN"):
        found("isnan(lowest.loss)")


FORMS = {
    "began > '2020-01-31'": True,
    "began > '2020-01-31T12:00Z' AND ended > '2020-01-31 12:00+01:00'": True,
    "began BETWEEN '2020-01-01' AND '2020-12-31T23:59:59.5'": False,
    "status = 'finished'": True,
    "status IN ('Failed', 'pruned')": False,
    "status LIKE 'fin%'": True,
    "note LIKE '%to see%'": True,
    "note LIKE '%absent%'": False,
    "tags.seed = 3 AND tags.absent IS NULL": True,
}


def test_times_states_and_notes_are_asked_for_as_people_write_them(tag):
    """Times in ISO's forms, states in any case, notes by what they contain, numbers as tags."""
    run = measured(tag, [{"loss": 1}])
    keras.note(run, "100% to see")
    keras.tag(run, "seed", "3")

    assert {where: bool(keras.runs(where, dataflow=tag)) for where in FORMS} == FORMS


MISTAKES = {
    "optimizer_name = Adam": "A text is in single quotes: 'Adam'",
    "status IN (failed)": "A text is in single quotes: 'failed'",
    "learning_rate = nan": r"use isnan\(NAME\)",
    "learning_rate = 'nan'": r"isnan\(NAME\) finds NaN",
    "loss = NULL": "write IS NULL",
    "status = 'finishd'": "Did you mean 'FINISHED'",
    "began > 'yesterday'": "is a time, as '2026-01-31'",
    "ended > 5": "ended is a time",
    "began LIKE '2026%'": "LIKE compares texts",
    "tags.seed > 3": "tags.seed is a text",
    "epochs > '1'": "epochs is a number, and numbers are not in quotes. Received: '1'",
    "loss / 0 > 1": "divides by zero",
    "loss * 1e308 * 1e308 > 1": "a number that is too large",
    "loss < optimizer_name": "compares or computes with a number and a text",
    "dataflow > 3": "dataflow is a text, so .* in single quotes, as '3'",
    "loss <": "is not a condition: 'loss <'. Something is missing behind '<'.$",
    "loss < 1 or": "Something is missing behind 'or'.$",
    "AND loss < 1": "Something is missing before 'AND'.$",
    "(loss < 1": r"A \) is missing.$",
    "loss < 1)": r"A \( is missing.$",
    "status = 'failed": "A quote is not closed.$",
    "loss BETWEEN 1": "BETWEEN needs two values",
    "a b < 1": "is not a condition: 'a b < 1'. A name that is not a plain word",
    "100%s < 1": "must be in double quotes",
    "isnan(1)": "is not allowed",
    "Los < 1": "Did you mean .*'loss'",
}


def test_a_mistake_in_a_condition_is_named(tag):
    """In one sentence of ours, not in the database's words."""
    train(tag, 0.1)
    for where, says in MISTAKES.items():
        with pytest.raises((SelectionError, UnknownTagError), match=says) as raised:
            keras.runs(where)
        assert "!" not in str(raised.value)
        assert "\n" not in str(raised.value)


def test_a_list_of_known_names_says_how_many_it_leaves_out(tag):
    """And begins with the losses; a metric is in it under its own name only."""
    row = {"loss": 1, "val_loss": 1, **{f"m{number:02}": 1 for number in range(40)}}
    run = measured(tag, [row])
    for ask in (lambda: keras.runs("zzzz < 1"), lambda: keras.curves(run, "zzzz")):
        with pytest.raises(UnknownTagError, match=r"'loss', 'val_loss', .* and \d+ more\.$"):
            ask()
    odd = train(f"{tag}-odd", 0.1, ["Loss"])
    assert keras.runs("metrics.Loss > 0", dataflow=f"{tag}-odd")[0].execution == odd
    with pytest.raises(UnknownTagError) as raised:
        keras.runs("metrics.los > 0")
    assert "loss_2" not in str(raised.value)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"where": 1}, TypeError, r"`run\(…\)` finds one run.*Received: 1"),
        ({"where": None}, TypeError, "a condition as a text"),
        ({"order_by": 3}, TypeError, "'val_loss DESC', or a list"),
        ({"order_by": ""}, SelectionError, "An order is a name"),
        ({"order_by": "loss down"}, SelectionError, "ASC or DESC"),
        ({"limit": 0}, SelectionError, "at least 1"),
        ({"limit": -1}, SelectionError, "at least 1"),
        ({"limit": "x"}, TypeError, "must be an integer"),
        ({"limit": True}, TypeError, "must be an integer"),
        ({"status": "bogus"}, SelectionError, "READY, RUNNING, FINISHED"),
        ({"dataflow": 3}, TypeError, "dataflow must be a text"),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(tag, arguments, error, says):
    """It says what was expected and what was received."""
    measured(tag, [{"loss": 1}])
    with pytest.raises(error, match=says):
        keras.runs(**arguments)
