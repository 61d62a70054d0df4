"""Conditions over the epochs of a training, and the requests that wait for them."""

from __future__ import annotations

import math

import pytest

import dfanalyzer_client
from dfanalyzer_client.errors import SelectionError
from dfanalyzer_client.policies import parse_condition
from steering.training_process import FakeTraining

EPOCHS = [
    {"epoch": 0.0, "loss": 1.0, "val_loss": 0.4},
    {"epoch": 1.0, "loss": 0.5, "val_loss": None},
    {"epoch": 2.0, "loss": math.nan, "val_loss": 0.93},
    {"epoch": 3.0, "loss": math.inf, "val_loss": 0.2},
]


@pytest.mark.parametrize(
    ("text", "fulfilled"),
    [
        ("val_loss > 2 * min(val_loss)", [2]),
        ("val_loss < 1", [0, 2, 3]),
        ("NOT val_loss < 0.5", [2]),
        ("val_loss IS NULL", [1]),
        ("val_loss IS NOT NULL AND epoch >= 1", [2, 3]),
        ("isnan(loss)", [2]),
        ("isinf(loss) OR isnan(loss)", [2, 3]),
        ("loss > 100", [3]),
        ("NOT loss > 100", [0, 1]),
        ("abs(loss - 0.75) = 0.25", [0, 1]),
        ("max(val_loss) = 0.93", [2, 3]),
        ("avg(val_loss) BETWEEN 0.5 AND 0.6", [3]),
        ("loss / (epoch - 1) > 0", [3]),
        ("metrics.loss = 1 OR epoch = -1", [0]),
        ("min(loss - val_loss) < 0", []),
        ("unknown > 1 OR epoch = 2", [2]),
        ("unknown > 1 AND epoch = 2", []),
    ],
)
def test_conditions_have_the_logic_of_sql(text: str, fulfilled: list[int]) -> None:
    """What is unknown, as NaN, fulfils no comparison and not its opposite; infinity is a number."""
    condition = parse_condition(text)
    assert [place for place, row in enumerate(EPOCHS) if condition.see(row)] == fulfilled


@pytest.mark.parametrize(
    "text",
    [
        "loss",
        "loss > ",
        "min(loss, val_loss) > 1",
        "min(max(loss)) > 1",
        "count(loss) > 1",
        "loss > 'a'",
        "loss > (SELECT 1)",
        "sleep(5) > 1",
        "hyperparameters.rate > 1",
        "loss > 1e999",
        "(" * 300 + "loss > 1" + ")" * 300,
    ],
)
def test_only_what_is_on_the_list_is_a_condition(text: str) -> None:
    """Everything else is an error that says what is allowed."""
    with pytest.raises(SelectionError, match=r"condition"):
        parse_condition(text)


def test_a_policy_waits_until_it_is_fulfilled(home: object, tag: str) -> None:
    """Earlier epochs count for the lowest value; it comes once, and says what fulfilled it."""
    training = FakeTraining(tag, ("loss", "val_loss"))
    training.measured(loss=1.0, val_loss=0.4)
    dfanalyzer_client.steer(training.flow.exec_tag, stop=True, when="val_loss > 2 * min(val_loss)")
    training.measured(loss=1.0, val_loss=0.5)
    assert training.taken(1) == []
    training.measured(loss=1.0, val_loss=0.93)
    training.measured(loss=1.0, val_loss=0.4)
    (taken,) = training.taken()
    assert taken.fulfilled_by == "epoch 2: val_loss 0.93 > 2 * min(val_loss) 0.4"
    training.measured(loss=1.0, val_loss=0.95)
    assert training.taken(1) == []


def test_nan_and_odd_names_reach_policies(home: object, tag: str) -> None:
    """A number that no DOUBLE holds is found, as is what an epoch has beside its metrics."""
    training = FakeTraining(tag)
    run = training.flow.exec_tag
    dfanalyzer_client.steer(run, stop=True, when="isnan(Loss) AND seconds < 1e6 AND epoch = 1")
    training.measured(loss=math.inf)
    training.measured(loss=math.nan)
    (taken,) = training.taken()
    assert taken.fulfilled_by is not None
    assert taken.fulfilled_by.startswith("epoch 1: ")
    assert "isnan(Loss nan)" in taken.fulfilled_by
