"""The commands that ask about executions: runs, show, curve, compare, diff and follow."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest
from click.testing import CliRunner

import dfanalyzer_client
from command.terminal import in_terminal, plain
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    TaskStatus,
    Transformation,
)
from dfanalyzer_client.cli import main

ROOT = Path(__file__).parents[2]
NUMERIC = AttributeType.NUMERIC


def begun(tag: str, rate: float) -> tuple[Dataflow, Task]:
    """A training that has begun."""
    output = Set(
        "oTrainingModel", SetType.OUTPUT, [Attribute(n, NUMERIC) for n in ("EPOCH_ID", "loss")]
    )
    chosen = Set("iTrainingModel", SetType.INPUT, [Attribute("LEARNING_RATE", NUMERIC)])
    flow = Dataflow(tag, [Transformation("TrainingModel", [chosen, output])])
    task = Task(1, tag, flow.exec_tag, "TrainingModel")
    task.begin()
    task.add_dataset(DataSet("iTrainingModel", [Element([rate])]))
    task.save()
    return flow, task


def trained(tag: str, rate: float, *losses: float, status: TaskStatus) -> str:
    """The tag of an execution that has ended."""
    flow, task = begun(tag, rate)
    rows = [Element([epoch, loss]) for epoch, loss in enumerate(losses)]
    task.add_dataset(DataSet("oTrainingModel", rows))
    task.end(status)
    assert dfanalyzer_client.flush(30)
    return flow.exec_tag


@pytest.fixture
def both(home: Path, tag: str) -> tuple[str, str]:
    """Two executions of a dataflow: the second, which is newer, failed and is worse."""
    first = trained(tag, 0.1, 1.0, 0.25, status=TaskStatus.FINISHED)
    return first, trained(tag, 0.2, 1.0, 0.5, float("nan"), 0.75, status=TaskStatus.FAILED)


def command(*arguments: str, code: int = 0) -> Any:
    """What a command prints."""
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    return result


def listed(*arguments: str) -> list[str]:
    """The tags of the executions that `runs` lists."""
    text = command("runs", "--csv", *arguments).stdout
    return [row["execution"] for row in csv.DictReader(io.StringIO(text))]


def test_the_newest_execution_comes_first(both: tuple[str, str], tag: str) -> None:
    """Unless another order is asked for; a status and a limit leave out the others."""
    first, second = both
    flow = ("--dataflow", tag)
    assert listed(*flow) == [second, first]
    assert listed(*flow, "--limit", "1") == [second]
    assert listed(*flow, "--status", "finished") == [first]
    assert listed(*flow, "--sort", "metrics.loss") == [first, second]
    assert listed(*flow, "--sort", "metrics.loss DESC") == [second, first]
    assert listed(*flow, "--sort", "id ASC", "--limit", "1") == [first]


def test_columns_are_chosen(both: tuple[str, str], tag: str) -> None:
    """Also metrics; CSV has them all, and JSON has an object for each execution."""
    flow = ("--dataflow", tag)
    chosen = command("runs", *flow, "--csv", "--columns", "execution,loss").stdout
    assert chosen == f"execution,loss\n{both[1]},0.75\n{both[0]},0.25\n"
    assert "metrics.loss" in command("runs", *flow, "--csv").stdout.splitlines()[0]
    newest = json.loads(command("runs", *flow, "--json").stdout)[0]
    assert newest["execution"] == newest["tag"] == both[1]
    assert newest["metrics"] == {"loss": 0.75}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("runs", "--sort", "lss"), 1, "'loss'"),
        (("runs", "--columns", "statu"), 1, "'status'"),
        (("runs", "--sort", "loss down"), 1, "ASC or DESC"),
        (("runs", "--status", "gone"), 2, "finished"),
        (("runs", "--watch"), 2, "needs a terminal"),
        (("show", "last", "--csv"), 2, "--set"),
        (("show", "last", "--set", "nosuch"), 1, "otrainingmodel"),
        (("curve", "last", "lss"), 1, "'loss'"),
        (("curve", "nosuch", "loss"), 1, "keras-prov runs"),
        (("compare", "last", "nosuch"), 1, "keras-prov runs"),
        (("diff", "last"), 2, "AFTER"),
        (("follow", "nosuch"), 1, "keras-prov runs"),
    ],
)
def test_a_wrong_question_is_answered_in_one_line(
    both: tuple[str, str], arguments: tuple[str, ...], code: int, words: str
) -> None:
    """It says what was expected; 2 is a wrong call, 1 what the database does not have."""
    last = command(*arguments, code=code).stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert words in last


def test_show_prints_for_programs(both: tuple[str, str]) -> None:
    """The whole execution as one object, or one set as CSV."""
    dfanalyzer_client.tag(both[1], "seen", "yes")
    dfanalyzer_client.note(both[1], "diverged")
    assert dfanalyzer_client.flush(30)
    found = json.loads(command("show", both[1], "--json").stdout)
    assert (found["execution"], found["tags"], found["note"]) == (
        both[1],
        {"seen": "yes"},
        "diverged",
    )
    assert found["tasks"][0]["status"] == "FAILED"
    assert found["sets"]["itrainingmodel"] == [{"learning_rate": 0.2}]
    rows = command("show", both[0], "--set", "oTrainingModel", "--csv").stdout
    assert rows == "epoch_id,loss\n0.0,1.0\n1.0,0.25\n"
    assert "Tags: seen=yes\nNote: diverged\n" in command("show", both[1]).stdout


def test_a_curve_is_drawn(both: tuple[str, str]) -> None:
    """In a pipe without colours; values that are not finite are counted, and are in the CSV."""
    drawn = command("curve", both[1], "loss").stdout
    assert "loss (1 not finite)" in drawn
    assert "epoch" in drawn
    assert "\x1b" not in drawn
    rows = command("curve", both[1], "loss", "--csv").stdout
    assert rows == "epoch,loss\n0.0,1.0\n1.0,0.5\n2.0,nan\n3.0,0.75\n"


def test_executions_are_compared(both: tuple[str, str]) -> None:
    """What differs comes first; `diff` prints only that, and its exit code says so if asked."""
    rows = list(csv.reader(io.StringIO(command("compare", *both, "--csv").stdout)))
    assert rows[0] == ["name", *both]
    assert ["learning_rate", "0.1", "0.2"] in rows[:7]
    assert rows[-1][1] == rows[-1][2]
    differing = json.loads(command("diff", *both, "--json", "--exit-code", code=1).stdout)
    assert {"name": "learning_rate", "before": "0.1", "after": "0.2"} in differing
    assert {"name": "metrics.loss", "before": 0.25, "after": 0.75} in differing
    assert "dataflow" not in {row["name"] for row in differing}
    assert command("diff", both[0], both[0], "--exit-code").stderr == "Nothing differs.\n"


def test_follow_says_how_it_ended(both: tuple[str, str]) -> None:
    """Each epoch is a line; a training that failed is exit code 1."""
    done = command("follow", both[0])
    assert done.stdout == "epoch 0: loss 1\nepoch 1: loss 0.25\n"
    assert "FINISHED, 2 epochs" in done.stderr
    assert "FAILED, 4 epochs" in command("follow", both[1], code=1).stderr


def test_follow_prints_what_comes_later(home: Path, tag: str) -> None:
    """It begins before the first epoch, prints epochs as they are stored, and ends by itself."""
    flow, task = begun(tag, 0.1)
    assert dfanalyzer_client.flush(30)
    following = subprocess.Popen(
        [sys.executable, "-m", "dfanalyzer_client.cli", "follow", flow.exec_tag],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ},
    )
    assert following.stdout is not None
    assert following.stderr is not None
    assert flow.exec_tag in following.stderr.readline()
    task.add_dataset(DataSet("oTrainingModel", [Element([0, 0.5])]))
    task.save()
    assert following.stdout.readline() == "epoch 0: loss 0.5\n"
    task.end()
    assert "FINISHED, 1 epochs" in following.communicate(timeout=60)[1]
    assert following.returncode == 0


@pytest.mark.thorough
def test_watch_shows_what_is_new(home: Path, tag: str) -> None:
    """On a terminal, until it is interrupted."""
    trained(tag, 0.1, 1.0, status=TaskStatus.FINISHED)
    terminal = in_terminal("runs", "--watch", "--dataflow", tag, "--columns", "status,loss")
    terminal.expect("FINISHED")
    trained(tag, 0.2, 2.5, status=TaskStatus.FAILED)
    terminal.expect("FAILED")
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_a_terminal_lists_whole_tags(both: tuple[str, str], tag: str) -> None:
    """In 80 columns, with one line that says what was left out."""
    terminal = in_terminal("runs", "--dataflow", tag, "--limit", "1")
    terminal.expect(pexpect.EOF)
    text = "\n".join(plain(terminal.before))
    assert f" {both[1]} " in text
    assert "--columns" in text
