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
from dfanalyzer_client.cli.forms import short_number

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
    result = CliRunner().invoke(main, list(arguments), catch_exceptions=False)
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
    """In a pipe without colours; values that are not finite are named, and are in the CSV."""
    drawn = command("curve", both[1], "loss").stdout
    assert drawn.endswith("\nloss is NaN in epoch 2.\n")
    assert "epoch" in drawn
    assert "\x1b" not in drawn
    rows = command("curve", both[1], "loss", "--csv").stdout
    assert rows == "training,epoch,loss\n1,0,1.0\n1,1,0.5\n1,2,nan\n1,3,0.75\n"


def test_a_curve_without_finite_values_is_a_sentence(home: Path, tag: str) -> None:
    """There is nothing to draw; where the values are NaN or infinite is said."""
    odd = [float("nan"), float("inf"), float("-inf"), float("nan")]
    execution = trained(tag, 0.1, *odd, status=TaskStatus.FINISHED)
    assert command("curve", execution, "loss").stdout.splitlines()[1:] == [
        "There is no finite value to draw.",
        "loss is NaN in epochs 0, 3.",
        "loss is infinite in epoch 1.",
        "loss is negatively infinite in epoch 2.",
    ]


def test_a_curve_needs_epochs(home: Path, tag: str) -> None:
    """An execution that has none yet is said to have none."""
    flow, task = begun(tag, 0.1)
    assert dfanalyzer_client.flush(30)
    assert "no epochs yet" in command("curve", flow.exec_tag, "loss", code=1).stderr
    task.end()


def trainings(tag: str, *epochs: list[int]) -> str:
    """The tag of an execution with several trainings, each with a loss for each of its epochs."""
    flow, task = begun(tag, 0.1)
    for number, numbers in enumerate(epochs, 1):
        if number > 1:
            task = Task(number, tag, flow.exec_tag, "TrainingModel")
            task.begin()
            task.add_dataset(DataSet("iTrainingModel", [Element([0.1])]))
        rows = [Element([epoch, number + epoch / 8]) for epoch in numbers]
        task.add_dataset(DataSet("oTrainingModel", rows))
        task.end()
    assert dfanalyzer_client.flush(30)
    return flow.exec_tag


def test_each_fit_is_a_curve_of_its_own(home: Path, tag: str) -> None:
    """In the drawing, in the CSV and in what `follow` prints."""
    execution = trainings(tag, [0, 1], [0, 1])
    drawn = command("curve", execution, "loss").stdout
    assert "loss (training 1)" in drawn
    assert "loss (training 2)" in drawn
    rows = command("curve", execution, "loss", "--csv").stdout
    assert rows == "training,epoch,loss\n1,0,1.0\n1,1,1.125\n2,0,2.0\n2,1,2.125\n"
    followed = command("follow", execution).stdout.splitlines()
    assert followed[2] == "training 2"
    assert [line[:7] for line in (*followed[:2], *followed[3:])] == ["epoch 0", "epoch 1"] * 2


def test_a_fit_that_continues_the_epochs_continues_the_curve(home: Path, tag: str) -> None:
    """As with initial_epoch: it is one line."""
    execution = trainings(tag, [0, 1], [2, 3])
    drawn = command("curve", execution, "loss").stdout
    assert "training" not in drawn.partition("\n")[2]
    last = json.loads(command("curve", execution, "loss", "--json").stdout)[-1]
    assert last == {"training": 2, "epoch": 3, "loss": 2.375}


def test_executions_are_compared(both: tuple[str, str]) -> None:
    """What differs comes first; `diff` prints only that, and its exit code says so if asked."""
    rows = list(csv.reader(io.StringIO(command("compare", *both, "--csv").stdout)))
    assert rows[0] == ["name", *both]
    assert ["hyperparameters.learning_rate", "0.1", "0.2"] in rows[:8]
    assert rows[-1][1] == rows[-1][2]
    differing = json.loads(command("diff", *both, "--json", "--exit-code", code=1).stdout)
    assert differing == [
        {"part": "field", "name": "status", "before": "FINISHED", "after": "FAILED"},
        {"part": "field", "name": "epochs", "before": 2, "after": 4},
        {"part": "hyperparameter", "name": "learning_rate", "before": 0.1, "after": 0.2},
        {"part": "metric", "name": "loss", "before": 0.25, "after": 0.75},
    ]


def test_the_same_training_twice_does_not_differ(home: Path, tag: str) -> None:
    """Whatever its ids, times and duration are, the exit code is 0."""
    twice = [trained(tag, 0.1, 0.5, status=TaskStatus.FINISHED) for _ in range(2)]
    assert command("diff", *twice, "--exit-code").stderr == "Nothing differs.\n"


@pytest.mark.parametrize("width", [80, 200])
def test_a_terminal_compares_executions_with_long_names(home: Path, tag: str, width: int) -> None:
    """All are shown, under their ids, in tables that fit; the tags are above."""
    flow = f"{tag}-{'long-name-' * 5}"
    found = [trained(flow, rate, 0.123456789, status=TaskStatus.FINISHED) for rate in range(12)]
    terminal = in_terminal("compare", *found, width=width)
    terminal.expect(pexpect.EOF)
    lines = plain(terminal.before)
    tables = [line for line in lines if line.startswith(("+", "|"))]
    assert max(map(len, tables)) <= width
    rates = [line for line in tables if "learning_rate" in line]
    assert "Long values are cut: --csv prints them whole." in lines
    assert [float(cell) for line in rates for cell in line.split("|")[2:-1]] == list(range(12))
    assert all(tag in "".join(lines[: lines.index(tables[0])]) for tag in found)


def test_follow_says_how_it_ended(both: tuple[str, str]) -> None:
    """Each epoch is a line; a training that failed is exit code 1."""
    done = command("follow", both[0])
    assert done.stdout == "epoch 0: loss 1\nepoch 1: loss 0.25\n"
    assert "FINISHED, 2 epochs" in done.stderr
    assert done.stderr.endswith("No training runs now: if another fit() begins, follow it again.\n")
    assert "FAILED, 4 epochs" in command("follow", both[1], code=1).stderr


def test_numbers_beyond_a_double_are_exact(home: Path, tag: str) -> None:
    """Two that are the same DOUBLE differ; where numbers are short, they have four digits."""
    first, second = (trained(tag, 0.1, 2**60 + more, status=TaskStatus.FINISHED) for more in (1, 2))
    assert "loss 1.153e+18" in command("runs", "--dataflow", tag).stdout
    assert command("follow", first).stdout == "epoch 0: loss 1.153e+18\n"
    (row,) = json.loads(command("diff", first, second, "--json").stdout)
    assert (row["before"], row["after"]) == (2**60 + 1, 2**60 + 2)
    assert short_number("1" * 5000) == "11111111111…"


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


def test_a_terminal_lists_what_is_most_useful(both: tuple[str, str], tag: str) -> None:
    """In 80 columns: whole words of tags, and metrics; a line says what was left out."""
    terminal = in_terminal("runs", "--dataflow", tag, "--limit", "1")
    terminal.expect(pexpect.EOF)
    lines = plain(terminal.before)
    cells = [line.split("|")[2].strip() for line in lines if line.startswith("|")]
    assert " ".join(cells).replace("- ", "-").endswith(f"execution {both[1]}")
    assert any("loss 0.75" in line for line in lines)
    assert "--columns" in "\n".join(lines)


def test_a_wide_terminal_lists_whole_tags(both: tuple[str, str], tag: str) -> None:
    """They can be pasted."""
    terminal = in_terminal("runs", "--dataflow", tag, "--limit", "1", width=200)
    terminal.expect(pexpect.EOF)
    assert f" {both[1]} " in "\n".join(plain(terminal.before))
