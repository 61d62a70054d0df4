"""What was asked is kept as everything else that is recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from conftest import Asker
from dfanalyzer_client.cli import main
from dfanalyzer_client.executions.steering import may_read_steering
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import Connection, create_catalogue, differences
from older_catalogue import TO_VERSION_6
from steering.training_process import FakeTraining

TESTS = Path(__file__).parents[1]
COLUMNS = ("request", "action", "target", "value", "state", "old_value", "new_value", "epoch")


class Training:
    """A training in a process of its own, which does what it is told."""

    def __init__(self, home: Path, tag: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "steering.training_process", tag],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=TESTS,
            env={**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONPATH": f"{TESTS.parent}"},
        )
        self.run = self._said()["execution"]

    def told(self, line: str) -> dict[str, Any]:
        """What it says once it has done something."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        return self._said()

    def killed(self) -> None:
        """Kill it, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def done(self) -> None:
        """Let it end."""
        self.told("end")
        self._process.communicate()
        assert self._process.returncode == 0

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


def command(home: Path, *arguments: str, code: int = 0) -> str:
    """What the command prints, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=TESTS.parent,
        env={**os.environ, "KERAS_PROV_HOME": str(home)},
    )
    assert done.returncode == code, done
    return done.stdout + done.stderr


def listed(home: Path, run: str) -> list[dict[str, Any]]:
    """What was asked of an execution, without what a new database numbers anew."""
    rows = json.loads(command(home, "steer", run, "--list", "--json").partition("\n]")[0] + "\n]")
    return [{name: row[name] for name in COLUMNS} for row in rows]


def test_requests_and_outcomes_come_back_with_the_database(tmp_path: Path, tag: str) -> None:
    """After `db rebuild` each is there once, as after a second `sync --again`."""
    training = Training(tmp_path, tag)
    command(tmp_path, "steer", training.run, "--set", "rate=0.5", "--wait", "0")
    assert len(training.told("answer 60")["taken"]) == 1
    training.done()
    before = listed(tmp_path, training.run)
    assert [row["state"] for row in before] == ["applied"]
    command(tmp_path, "db", "rebuild", "--yes")
    command(tmp_path, "sync", "--again")
    assert listed(tmp_path, training.run) == before
    PrivateServer(tmp_path).stop()


def test_a_killed_training_is_asked_nothing(tmp_path: Path, tag: str) -> None:
    """The error says that it was killed, and what it left unanswered is shown as that."""
    training = Training(tmp_path, tag)
    command(tmp_path, "steer", training.run, "--pause", "--wait", "0")
    training.killed()
    assert "was killed" in command(tmp_path, "steer", training.run, "--resume", code=1)
    assert [row["state"] for row in listed(tmp_path, training.run)] == ["not answered"]
    PrivateServer(tmp_path).stop()


def test_an_older_catalogue_is_upgraded(home: Path, tag: str, ask: Asker) -> None:
    """One of version 6 gets the tables and the view; until then, nothing is listed or asked."""
    training = FakeTraining(tag)
    training.end()
    with Connection(PrivateServer(home).ensure()) as connection:
        with connection.transaction():
            for statement in TO_VERSION_6:
                connection.execute(statement)
        result = CliRunner().invoke(main, ["steer", training.flow.exec_tag, "--list"])
        assert (result.exit_code, result.stderr) == (0, "Nothing was asked.\n")
        create_catalogue(connection, [READER])
        assert differences(connection) == []
    assert ask.rows('SELECT * FROM "public".steering WHERE execution = %s', tag) == []
    with Connection(PrivateServer(home).reader_url()) as connection:
        assert may_read_steering(connection)
