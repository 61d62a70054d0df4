"""The exporter's thread looks for requests to the trainings of its process."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dfanalyzer_client
from conftest import Asker
from dfanalyzer_client import Transformation
from dfanalyzer_client.declarations.steering import SteeringInbox
from dfanalyzer_client.delivery.steering_watch import SteeringWatch
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.support.jitter import JitteredWait
from steering.training_process import FakeTraining
from store_conditions import hear_retries

TESTS = Path(__file__).parents[1]


def test_a_request_comes_while_nothing_is_written(home: object, tag: str) -> None:
    """A training that says nothing, as in a pause, gets it, too."""
    training = FakeTraining(tag)
    dfanalyzer_client.steer(training.flow.exec_tag, resume=True)
    assert [each.action for each in training.taken()] == ["resume"]


def test_a_request_comes_while_epochs_are_written(home: object, tag: str) -> None:
    """Batches that are stored all the time do not keep it from being looked for."""
    training = FakeTraining(tag)
    dfanalyzer_client.steer(training.flow.exec_tag, stop=True)
    deadline = time.monotonic() + 30
    while not training.inbox.has_news and time.monotonic() < deadline:
        training.task.generated("oTrainingModel", epoch_id=1, loss=1.0)
    assert [each.action for each in training.inbox.take()] == ["stop"]


def test_what_has_an_outcome_does_not_come_again(home: object, tag: str) -> None:
    """Another inbox of the same execution, as of its next `fit()`, gets only what still waits."""
    training = FakeTraining(tag)
    dfanalyzer_client.steer(training.flow.exec_tag, set={"a": 1})
    (first,) = training.taken()
    training.answer(first)
    training.client.unwatch_steering(training.inbox)
    dfanalyzer_client.steer(training.flow.exec_tag, set={"a": 2})
    again = SteeringInbox(training.flow.tag, training.flow.exec_tag)
    training.client.watch_steering(again)
    assert again.wait(30)
    assert [each.value for each in again.take()] == [2]
    assert not training.inbox.has_news


def test_it_looks_again_once_the_server_is_back(home: Path, tag: str) -> None:
    """A server that stops in between costs nothing but time."""
    training = FakeTraining(tag)
    PrivateServer(home).stop()
    dfanalyzer_client.steer(training.flow.exec_tag, pause=True)
    assert [each.action for each in training.taken(60)] == ["pause"]


def test_a_request_comes_while_another_writer_is_in_the_way(
    home: Path, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is tried in vain to store what the training says meanwhile."""
    training = FakeTraining(tag)
    monkeypatch.setattr(JitteredWait, "__call__", JitteredWait.__call__)  # to be put back
    steer = [sys.executable, "-m", "dfanalyzer_client.cli", "steer", training.flow.exec_tag]
    with (
        contextlib.closing(Connection(PrivateServer(home).ensure())) as other,
        other.transaction(),
    ):
        other.execute('UPDATE "public".definition_lock SET changes = changes + 1')
        tried = hear_retries()
        training.flow.add_transformation(Transformation("Another", []))
        training.flow.save()
        assert tried.wait(30)
        subprocess.run([*steer, "--stop"], cwd=TESTS.parent, capture_output=True, check=True)
        assert [each.action for each in training.taken(60)] == ["stop"]
    assert dfanalyzer_client.flush(60)


def test_what_waits_for_a_condition_is_known_at_the_end(home: object, tag: str) -> None:
    """It is taken when the inbox is closed, and comes no more although it is fulfilled later."""
    training = FakeTraining(tag)
    training.measured(loss=1.0)
    asked = dfanalyzer_client.steer(training.flow.exec_tag, stop=True, when="loss > 5")
    with training.inbox._changed:
        assert training.inbox._changed.wait_for(lambda: training.inbox._expected, 30)
    assert not training.inbox.has_news
    (left,) = training.inbox.close()
    assert (left.id, left.fulfilled_by) == (asked.column("request")[0], None)
    training.measured(loss=9.0)
    later = dfanalyzer_client.steer(training.flow.exec_tag, set={"a": 1})
    assert [each.id for each in training.taken()] == later.column("request")


def test_nothing_is_done_where_nothing_is_watched() -> None:
    """Without a training that can be steered, no store is ever asked."""
    watch = SteeringWatch()
    watch.look(None, 0)  # type: ignore[arg-type]
    assert not watch.is_on
    assert watch.seconds_left == float("inf")
    inbox = SteeringInbox("a", "b")
    watch.add(inbox)
    assert watch.is_on
    watch.remove(inbox)
    assert not watch.is_on


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_child_watches_nothing(home: object, tag: str) -> None:
    """The training is its parent's."""
    training = FakeTraining(tag)
    child = os.fork()
    if child == 0:
        os._exit(int(training.client._watch.is_on))
    assert os.waitpid(child, 0)[1] == 0
    assert training.client._watch.is_on


def test_all_of_many_trainings_get_theirs(home: Path, tag: str) -> None:
    """Fifty executions in five processes are steered at once: each gets its own request."""
    code = (
        "import sys; from steering.training_process import FakeTraining, say\n"
        "all = [FakeTraining(f'{sys.argv[1]}-{n}') for n in range(10)]\n"
        "say(runs=[each.flow.exec_tag for each in all])\n"
        "for each in all:\n"
        "    (request,) = each.taken(120)\n"
        "    say(run=each.flow.exec_tag, value=request.value)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "KERAS_PROV_HOME": str(home)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, f"{tag}-{number}"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=TESTS.parent,
            env=environment,
        )
        for number in range(5)
    ]
    outputs = [process.stdout for process in processes if process.stdout is not None]
    runs = [run for output in outputs for run in json.loads(output.readline())["runs"]]
    for run in runs:
        dfanalyzer_client.steer(run, set={"name": run})
    taken = {}
    for output in outputs:
        for line in output:
            said = json.loads(line)
            taken[said["run"]] = said["value"]
    assert [process.wait(60) for process in processes] == [0] * 5
    assert taken == {run: run for run in runs}
    assert len(taken) == 50


def test_a_request_that_somebody_wrote_with_sql_is_no_danger(
    home: Path, tag: str, ask: Asker
) -> None:
    """One that cannot be read is left waiting, and those behind it come."""
    training = FakeTraining(tag)
    run = training.flow.exec_tag
    id_ = ask.one('SELECT id FROM "public".dataflow_execution WHERE tag = %s', run)
    from dfanalyzer_client.store import Connection

    with Connection(PrivateServer(home).ensure()) as connection, connection.transaction():
        connection.execute(
            'INSERT INTO "public".steering_request ("number", id, df_exec, "action") '
            "VALUES (0, 'x', %s, 'explode')",
            [id_],
        )
    dfanalyzer_client.steer(run, stop=True)
    assert [each.action for each in training.taken()] == ["stop"]
