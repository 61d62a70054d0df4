"""Questions by their names: listed, asked with parameters, saved and removed."""

from __future__ import annotations

import json
import math
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dfanalyzer_client
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.cli import main
from dfanalyzer_client.errors import DefinitionError, RefusedError
from dfanalyzer_client.questions import Question, bound, shipped_questions

ABOVE = "-- The values above a limit.\n-- :least = 2\nSELECT a FROM out WHERE a > :least ORDER BY a"


def command(*arguments: str, code: int = 0) -> Any:
    """What `keras-prov questions` prints."""
    result = CliRunner().invoke(main, ["questions", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def numbers(home: Path, tag: str) -> str:
    """The tag of a dataflow with the values 1, 2 and 3."""
    out = Set("out", SetType.OUTPUT, [Attribute("a", AttributeType.NUMERIC)])
    flow = Dataflow(tag, [Transformation("step", [out])])
    with flow.task("step") as task:
        for value in (1, 2, 3):
            task.generated(a=value)
    assert dfanalyzer_client.flush(30)
    return tag


def test_installed_questions_are_listed(home: Path) -> None:
    """Each with what it asks, and its statement can be printed."""
    listed = command().stdout
    for question in shipped_questions():
        assert f"| {question.name} " in listed
        assert question.title in listed
        assert command(question.name, "--sql").stdout == question.text.rstrip() + "\n"


def test_a_question_is_saved_asked_and_removed(numbers: str, home: Path) -> None:
    """For its user alone; parameters have defaults, and their values are bound."""
    command("--save", "above", ABOVE)
    path = home / "questions" / "above.sql"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "| saved     | The values above a limit." in command().stdout
    asked = ("above", "--dataflow", numbers, "--csv")
    assert command(*asked).stdout == "a\n3.0\n"
    assert command(*asked, "least=0.5").stdout == "a\n1.0\n2.0\n3.0\n"
    command("--remove", "above")
    assert not path.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("curent_loss",), 1, "Did you mean 'current_loss'"),
        (("current_loss", "--dataflow", "nosuch"), 1, "There is no dataflow 'nosuch'"),
        (("current_loss", "nosuch=1"), 1, "no parameter 'nosuch'"),
        (("current_loss", "24"), 2, "PARAMETER=VALUE"),
        (("--remove", "nosuch"), 1, "No question 'nosuch' is saved"),
        (("--remove", "../x"), 1, "No question"),
        (("--save", "../x", "SELECT 1"), 1, "letters, digits"),
        (("--save", "current_loss", "SELECT 1"), 1, "choose another name"),
        (("--save", "empty", " "), 1, "an empty text"),
        (("--save", "bad", "SELECT 1 FROM WHERE"), 1, "is not SQL: syntax error"),
        (("--save", "bad", "SELECT 1; SELECT 2"), 1, "one statement. Received 2"),
        (("--save", "bad", "DELETE FROM x"), 1, "begins with SELECT"),
        (("--save", "bad", "SELECT", "1"), 2, "put it in quotes"),
        (("current_loss", "--remove", "x"), 2, "one of the three"),
    ],
)
def test_a_wrong_call_is_said_in_one_line(
    home: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    """What was expected, and how to see what there is."""
    last = command(*arguments, code=code).stderr.splitlines()[-1]
    assert last.startswith("Error: ")
    assert words in last


def test_a_question_of_a_dataflow_says_that_it_lacks_one(numbers: str) -> None:
    """Whether its tables or its parameter need it, and whether it has a default or not."""
    command("--save", "above", ABOVE)
    command("--save", "by_tag", "SELECT id FROM dataflow WHERE tag = :dataflow")
    for name in ("above", "by_tag", "current_loss"):
        (line,) = command(name, code=1).stderr.splitlines()
        assert f"The question '{name}' asks about one dataflow: name it with --dataflow" in line
        assert numbers in line
    assert len(command("by_tag", "--dataflow", numbers, "--csv").stdout.splitlines()) == 2
    command("--remove", "above")
    command("--remove", "by_tag")


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("SELECT :a, :b, :a;", {"a": "1", "b": "x"}, ("SELECT %s, %s, %s", [1, "x", 1])),
        ("SELECT ':a', \":b\", c -- :d\n", {}, ("SELECT ':a', \":b\", c", [])),
        ("SELECT '5%' WHERE a > :a", {"a": "1.5"}, ("SELECT '5%%' WHERE a > %s", [1.5])),
        ("SELECT 5 % 2, 1::INT", {}, ("SELECT 5 % 2, 1::INT", [])),
        ("-- :a = it's\nSELECT :a", {}, ("SELECT %s", ["it's"])),
        ("SELECT :a, :b", {"a": "-2e3", "b": ".5"}, ("SELECT %s, %s", [-2000.0, 0.5])),
        ("SELECT :a, :b", {"a": "nan", "b": "-inf"}, ("SELECT %s, %s", ["nan", "-inf"])),
        ("SELECT :a, :b", {"a": "007", "b": "1_000"}, ("SELECT %s, %s", ["007", "1_000"])),
        ("SELECT :a, :b", {"a": "1e999", "b": "٣"}, ("SELECT %s, %s", ["1e999", "٣"])),
        ("SELECT :dataflow", {"dataflow": "7"}, ("SELECT %s", ["7"])),
    ],
)
def test_parameters_are_bound(
    text: str, given: dict[str, str], expected: tuple[str, list[object]]
) -> None:
    """Only where a value may stand; a colon in a text or a comment stays."""
    assert bound(Question("q", text), given) == expected


def test_a_parameter_needs_a_value() -> None:
    """The error names it."""
    with pytest.raises(DefinitionError, match="needs a value: limit=VALUE"):
        bound(Question("q", "SELECT :limit"), {})


def described(tag: str, *hyperparameters: str) -> Dataflow:
    """A dataflow with trainings and adaptations, whose epochs have a loss and a duration."""

    def made(name: str, kind: SetType, *attributes: str) -> Set:
        return Set(name, kind, [Attribute(each, AttributeType.NUMERIC) for each in attributes])

    measured = ("EPOCH_ID", "loss", "val_loss", "ELAPSED_TIME")
    output = made("oTrainingModel", SetType.OUTPUT, *measured)
    chosen = made("iTrainingModel", SetType.INPUT, *hyperparameters)
    adapted = made("oAdaptation", SetType.OUTPUT, "EPOCH_ID", "OLD_LRATE", "NEW_LRATE")
    training = Transformation("TrainingModel", [chosen, output])
    return Dataflow(tag, [training, Transformation("Adaptation", [adapted])])


def trained(
    flow: Dataflow, losses: list[float], adaptation: int | None = None, first: int = 0, **used: Any
) -> None:
    """A training of the dataflow's execution, whose rate was halved before an epoch."""
    with flow.task("TrainingModel") as task:
        task.used(**used)
        for epoch, loss in enumerate(losses, first):
            values = {"EPOCH_ID": epoch, "loss": loss, "val_loss": 2 * loss, "ELAPSED_TIME": 1}
            task.generated(**values)
    if adaptation is not None:
        with flow.task("Adaptation") as task:
            task.generated(EPOCH_ID=adaptation, OLD_LRATE=0.5, NEW_LRATE=0.25)


def answered(name: str, tag: str) -> list[dict[str, Any]]:
    """The rows of an installed question."""
    assert dfanalyzer_client.flush(30)
    rows: list[dict[str, Any]] = json.loads(command(name, "--dataflow", tag, "--json").stdout)
    return rows


def test_a_later_training_that_begins_low_has_not_diverged(tag: str, home: Path) -> None:
    """Each is compared with its own first epoch, and by its last one; NaN always counts."""
    flow = described(tag, "BATCH_SIZE")
    for losses in ([4.0, 50.0, 0.5], [0.25, 0.125], [-1.0, -20.0, -5.0], [float(2**53 + 1)]):
        trained(flow, losses, BATCH_SIZE=16)
    assert answered("diverged", tag) == []
    trained(flow, [2.0, 15.0, 30.0, 40.0], BATCH_SIZE=16)
    assert [(row["since_epoch"], row["how"]) for row in answered("diverged", tag)] == [(2, "grew")]
    trained(flow, [1.0, math.nan], BATCH_SIZE=16)
    assert [(row["since_epoch"], row["how"]) for row in answered("diverged", tag)] == [(1, "NaN")]


def test_an_adaptation_has_the_losses_of_its_own_training(tag: str, home: Path) -> None:
    """One row for each adaptation, however many trainings the execution has."""
    flow = described(tag, "BATCH_SIZE")
    trained(flow, [4.0, 3.0, 2.0], 2, BATCH_SIZE=16)
    trained(flow, [0.5, 0.25, 0.125], 0, BATCH_SIZE=16)
    losses = [(row["loss_before"], row["loss_after"]) for row in answered("adaptations", tag)]
    assert losses == [(3.0, 2.0), (None, 0.5)]


def test_the_first_epoch_of_every_training_is_left_out(tag: str, home: Path) -> None:
    """Also of one that does not begin with 0."""
    flow = described(tag, "BATCH_SIZE")
    trained(flow, [3.0, 2.0, 1.0], BATCH_SIZE=16)
    trained(flow, [1.0, 1.0], first=3, BATCH_SIZE=16)
    trained(flow, [1.0, 1.0], BATCH_SIZE=16)
    assert [row["epochs"] for row in answered("time_per_epoch", tag)] == [4]


def test_a_training_that_was_stopped_early_has_a_final_loss(tag: str, home: Path) -> None:
    """That of its last epoch, wherever that is."""
    names = ("NUM_EPOCHS", "LEARNING_RATE", "DECAY", "MOMENTUM", "BLOCKS", "GROWTH_RATE")
    flow = described(tag, *names)
    trained(flow, [3.0, 1.0], **dict.fromkeys(names, 9))
    (row,) = answered("best_configuration", tag)
    assert (row["trainings"], row["final_val_loss"]) == (1, 2.0)


@pytest.mark.parametrize("name", ["best_configuration", "current_loss", "growth_and_layers"])
def test_a_question_says_what_it_needs(name: str, tag: str, home: Path) -> None:
    """Rather than what MonetDB has not found."""
    trained(described(tag, "BATCH_SIZE"), [1.0], BATCH_SIZE=16)
    assert dfanalyzer_client.flush(30)
    (line,) = command(name, "--dataflow", tag, code=1).stderr.splitlines()
    assert line.startswith(f"Error: The question '{name}' needs the ")
    assert f"In the dataflow '{tag}', there is no '" in line


@pytest.mark.parametrize("number", [math.nan, -math.inf])
def test_a_number_that_monetdb_lacks_is_no_parameter(home: Path, number: float, tag: str) -> None:
    """The error says what to compare instead."""
    trained(described(tag, "BATCH_SIZE"), [1.0], BATCH_SIZE=16)
    assert dfanalyzer_client.flush(30)
    with pytest.raises(RefusedError, match=r"no number (NaN|-Infinity), so no parameter"):
        dfanalyzer_client.sql("SELECT %s AS a", [number])
