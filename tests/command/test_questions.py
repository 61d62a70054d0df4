"""Questions by their names: listed, asked with parameters, saved and removed."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dfanalyzer_client
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.cli import main
from dfanalyzer_client.errors import DefinitionError
from dfanalyzer_client.questions import Question, bound, shipped_questions

ABOVE = "-- The values above a limit.\n-- :least = 2\nSELECT a FROM out WHERE a > :least ORDER BY a"


def command(*arguments: str, code: int = 0) -> Any:
    """What `keras-prov questions` prints."""
    result = CliRunner().invoke(main, ["questions", *arguments])
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
