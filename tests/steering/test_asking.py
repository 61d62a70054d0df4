"""Asking something of a training, from Python and from the shell, and what comes of it."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from click.testing import CliRunner

import dfanalyzer_client
from conftest import Asker
from dfanalyzer_client.cli import main
from dfanalyzer_client.errors import DefinitionError, SteeringError, UnknownTagError
from steering.training_process import FakeTraining


@pytest.fixture
def training(home: object, tag: str) -> FakeTraining:
    """A training that lets all be asked of it."""
    return FakeTraining(tag)


def command(*arguments: str, code: int = 0, **options: Any) -> Any:
    """What the command prints."""
    result = CliRunner().invoke(main, list(arguments), **options, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def answering(training: FakeTraining, state: str = "applied", **more: Any) -> threading.Thread:
    """A thread that answers the next request as a training does."""

    def answer() -> None:
        for request in training.taken():
            training.answer(request, state, **more)

    thread = threading.Thread(target=answer)
    thread.start()
    return thread


def test_a_request_comes_to_the_training_as_it_was_asked(training: FakeTraining) -> None:
    """All that was said of it is in the inbox, and the table has it waiting."""
    asked = dfanalyzer_client.steer(
        training.flow.exec_tag,
        set={"learning_rate": 1e-4},
        at_epoch=7,
        reason="it's too high",
        person="ada",
    )
    (row,) = asked.to_dicts()
    assert (row["action"], row["target"], row["value"]) == ("set", "learning_rate", 1e-4)
    assert (row["state"], row["at_epoch"], row["reason"]) == ("waiting", 7, "it's too high")
    (taken,) = training.taken()
    assert (taken.id, taken.person, taken.value, taken.at_epoch) == (
        row["request"],
        "ada",
        1e-4,
        7,
    )


def test_the_outcome_is_waited_for(training: FakeTraining) -> None:
    """`wait` returns as soon as the training has answered, and `run(…).steering` has the same."""
    thread = answering(training, oldValue="0.1", newValue="0.01", batch=3)
    asked = dfanalyzer_client.steer(training.flow.exec_tag, set={"learning_rate": 0.01}, wait=60)
    thread.join()
    (row,) = asked.to_dicts()
    assert (row["state"], row["old_value"], row["new_value"], row["batch"]) == (
        "applied",
        0.1,
        0.01,
        3,
    )
    assert dfanalyzer_client.run(training.flow.exec_tag).steering == asked


def test_two_people_at_once_are_both_heard(training: FakeTraining, ask: Asker) -> None:
    """Both are recorded and taken in the order in which they arrived, whatever their clocks say."""
    run = training.flow.exec_tag
    for person in ("ada", "bob"):
        dfanalyzer_client.steer(run, set={"learning_rate": 0.1}, person=person)
    taken = training.taken()
    while len(taken) < 2:
        taken += training.taken()
    assert [each.person for each in taken] == ["ada", "bob"]
    rows = ask.rows(
        'SELECT person, "number" FROM "public".steering WHERE execution = %s ORDER BY "number"', run
    )
    assert [person for person, _ in rows] == ["ada", "bob"]
    assert rows[0][1] < rows[1][1]


def test_a_training_that_ended_is_asked_nothing(training: FakeTraining) -> None:
    """The error says when and how it ended; what it never answered is shown as that."""
    run = training.flow.exec_tag
    dfanalyzer_client.steer(run, stop=True)
    training.end()
    with pytest.raises(SteeringError, match=r"has ended at 20.* UTC \(FINISHED\)"):
        dfanalyzer_client.steer(run, stop=True)
    assert dfanalyzer_client.run(run).steering.column("state") == ["not answered"]


def test_a_training_that_does_not_take_part_is_asked_nothing(home: object, tag: str) -> None:
    """The error says how a script lets it; and one that allows some actions names them."""
    training = FakeTraining(tag, actions=None)
    with pytest.raises(SteeringError, match="steering=True"):
        dfanalyzer_client.steer(training.flow.exec_tag, stop=True)
    other = FakeTraining(f"{tag}-2", actions=["set", "stop"])
    with pytest.raises(SteeringError, match="does not take 'pause': its script allows set, stop"):
        dfanalyzer_client.steer(other.flow.exec_tag, pause=True)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({}, DefinitionError, "Nothing is asked for"),
        ({"stop": True, "pause": True}, DefinitionError, "one of stop"),
        ({"stop": 1}, TypeError, "stop must be True or False"),
        ({"set": {"a b": 1}}, DefinitionError, "Received: 'a b'"),
        ({"set": {"rate": float("nan")}}, DefinitionError, "must be finite"),
        ({"set": {"rate": object()}}, TypeError, "Received: object"),
        ({"set": ["rate"]}, TypeError, "set must be a dictionary"),
        ({"stop": True, "at_epoch": -1}, DefinitionError, "from 0. Received: -1"),
        ({"stop": True, "at_epoch": 1.5}, TypeError, "Received: 1.5"),
        ({"stop": True, "when": "loss"}, ValueError, "not allowed"),
        ({"stop": True, "reason": 5}, TypeError, "reason must be a text"),
        ({"stop": True, "wait": "x"}, TypeError, "wait must be a number"),
        ({"checkpoint": 5}, TypeError, "checkpoint must be"),
    ],
)
def test_what_cannot_be_is_an_error_of_the_call(
    training: FakeTraining, given: dict[str, Any], error: type[Exception], says: str
) -> None:
    """It says what was received, and nothing is sent."""
    before = training.client.sent()
    with pytest.raises(error, match=says):
        dfanalyzer_client.steer(training.flow.exec_tag, **given)
    assert training.client.sent() == before


def test_the_command_says_what_came_of_it(training: FakeTraining) -> None:
    """Applied: what changed and when; refused: why, with exit code 1; and `--list` has both."""
    run = training.flow.exec_tag
    training.epoch = 12
    thread = answering(training, oldValue="0.001", newValue="0.0001")
    done = command("steer", run, "--set", "learning_rate=1e-4", "--reason", "rises", "--wait", "60")
    thread.join()
    assert done.stdout == "Applied in epoch 12: learning_rate 0.001 → 0.0001\n"
    thread = answering(training, "refused", detail="a schedule governs it")
    done = command("steer", run, "--set", "learning_rate=1", "--wait", "60", code=1)
    thread.join()
    assert done.stderr == ("Error: Refused in epoch 12: learning_rate = 1: a schedule governs it\n")
    assert dfanalyzer_client.flush(60)
    listed = command("steer", run, "--list").stdout
    assert "learning_rate = 0.0001" in listed
    assert "rises" in listed
    rows = json.loads(command("steer", run, "--list", "--json").stdout)
    assert [row["state"] for row in rows] == ["applied", "refused"]
    assert "Steering" in command("show", run).stdout
    assert len(json.loads(command("show", run, "--json").stdout)["steering"]) == 2


def test_the_command_leaves_what_waits(training: FakeTraining) -> None:
    """Without an outcome in time it says so, and the request stays."""
    run = training.flow.exec_tag
    done = command("steer", run, "--stop", "--at-epoch", "60")
    assert done.stdout == "Waiting: stop at epoch 60\n"
    assert [each.at_epoch for each in training.taken()] == [60]
    assert "expects NAME=VALUE" in command("steer", run, "--set", "a", code=2).stderr
    assert "leave the other options" in command("steer", run, "--list", "--stop", code=2).stderr


def test_a_policy_names_metrics_of_the_training(training: FakeTraining) -> None:
    """Before the first epoch nobody knows them; afterwards an unknown one is refused at once."""
    run = training.flow.exec_tag
    dfanalyzer_client.steer(run, stop=True, when="val_los > 1")
    training.measured(loss=0.5)
    with pytest.raises(UnknownTagError, match=r"has 'los'\. Did you mean loss"):
        dfanalyzer_client.steer(run, stop=True, when="los > 1")
    assert training.taken(0.5) == []
