"""`keras-prov runs`: what is listed, and what is said if there is nothing."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dfanalyzer_client
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
)
from dfanalyzer_client.cli import main

NUMERIC = AttributeType.NUMERIC
TEXT = AttributeType.TEXT


def command(*arguments: str, code: int = 0) -> Any:
    """What `keras-prov runs` prints."""
    result = CliRunner().invoke(main, ["runs", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def listed(*arguments: str) -> list[dict[str, str]]:
    """The rows of the CSV."""
    return list(csv.DictReader(io.StringIO(command("--csv", *arguments).stdout)))


@pytest.fixture
def flow(home: Path, tag: str) -> Dataflow:
    """An execution with two trainings, of which only the first measured `acc`."""
    output = Set(
        "oTrainingModel", SetType.OUTPUT, [Attribute(n, NUMERIC) for n in ("EPOCH_ID", "x", "acc")]
    )
    made = Dataflow(tag, [Transformation("TrainingModel", [output])])
    for rows in ([(3, 0.5), (1, 0.75)], [(2, None)]):
        with made.task("TrainingModel") as task:
            for epoch, (x, acc) in enumerate(rows):
                task.generated(EPOCH_ID=epoch, x=x, acc=acc)
    assert dfanalyzer_client.flush(30)
    return made


def test_lowest_and_highest_values_are_columns(flow: Dataflow) -> None:
    """Of all trainings; the last value is that of the last one that measured the metric."""
    columns = "lowest.x,highest.x,x,metrics.acc"
    (row,) = listed("--dataflow", flow.tag, "--columns", columns)
    assert list(row.values()) == ["1.0", "3.0", "2.0", "0.75"]
    plain = command("--dataflow", flow.tag).stdout
    assert "x 2" in plain
    assert "acc 0.75" in plain


def test_a_column_that_only_others_have_is_empty(flow: Dataflow) -> None:
    """One that no execution has is an error, also if none is listed."""
    for name in ("Acc", "acc"):
        columns = ("--columns", f"id,{name},")
        assert listed("--dataflow", flow.tag, "--where", "x > 5", *columns) == []
    for name, meant in (("ac", "acc"), ("lowest.y", "lowest.x"), ("statu", "status")):
        asked = ("--dataflow", flow.tag, "--where", "x > 5", "--columns", name)
        (line,) = command(*asked, code=1).stderr.splitlines()
        assert line.startswith(f"Error: There is no column '{name}'. Expected one of '{meant}'")


def test_a_name_of_another_dataflow_is_not_given_to_a_column(flow: Dataflow, tag: str) -> None:
    """A metric `Acc` of one dataflow leaves `acc` of another its name."""
    other = Dataflow(
        f"{tag}-other",
        [
            Transformation(
                "TrainingModel",
                [
                    Set(
                        "oTrainingModel",
                        SetType.OUTPUT,
                        [Attribute(n, NUMERIC) for n in ("EPOCH_ID", "acc")],
                    ),
                    Set(
                        "oMetricNames",
                        SetType.OUTPUT,
                        [Attribute(n, TEXT) for n in ("of_set", "attribute", "metric")],
                    ),
                ],
            )
        ],
    )
    with other.task("TrainingModel") as task:
        task.generated("oTrainingModel", EPOCH_ID=0, acc=0.5)
        task.generated("oMetricNames", of_set="oTrainingModel", attribute="acc", metric="Acc")
    assert dfanalyzer_client.flush(120)
    nothing = ("--where", "id < 0", "--columns", "ac")
    for name, meant in ((flow.tag, "acc"), (other.tag, "Acc")):
        (line,) = command("--dataflow", name, *nothing, code=1).stderr.splitlines()
        assert line == f"Error: There is no column 'ac'. Expected one of '{meant}'."


def test_columns_may_be_quoted_as_in_conditions(home: Path, tag: str) -> None:
    """Names with commas and blanks need it."""
    names = ("EPOCH_ID", "a b", "c,d", 'q"t')
    output = Set("oTrainingModel", SetType.OUTPUT, [Attribute(name, NUMERIC) for name in names])
    flow = Dataflow(tag, [Transformation("TrainingModel", [output])])
    with flow.task("TrainingModel") as task:
        task.generated(**dict(zip(names, (0, 1, 2, 3), strict=True)))
    assert dfanalyzer_client.flush(30)
    for columns in ('"a b", metrics."c,d","q""t"', 'a b,lowest."c,d",q"t'):
        (row,) = listed("--dataflow", tag, "--columns", columns)
        assert list(row.values()) == ["1.0", "2.0", "3.0"], columns


def test_conditions_that_are_repeated_must_all_be_fulfilled(flow: Dataflow) -> None:
    """Each is parsed by itself, so that an OR stays within its own."""
    flags = ("--where", "x = 2", "--where", "x = 2 OR acc > 0")
    assert len(listed("--dataflow", flow.tag, *flags)) == 1
    flags = ("--where", "x = 2 OR acc > 0", "--where", "x > 2")
    assert listed("--dataflow", flow.tag, *flags) == []


def test_json_has_only_what_json_has(home: Path, tag: str) -> None:
    """NaN and infinity are texts, in `runs` and in `show`."""
    output = Set("oTrainingModel", SetType.OUTPUT, [Attribute(n, NUMERIC) for n in ("x", "y")])
    flow = Dataflow(tag, [Transformation("TrainingModel", [output])])
    with flow.task("TrainingModel") as task:
        task.generated(x=math.nan, y=-math.inf)
    assert dfanalyzer_client.flush(30)

    def refuse(word: str) -> None:
        raise AssertionError(word)

    for arguments in (["runs", "--dataflow", tag, "--json"], ["show", flow.exec_tag, "--json"]):
        result = CliRunner().invoke(main, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        json.loads(result.stdout, parse_constant=refuse)
        assert '"x": "nan"' in result.stdout
        assert '"y": "-inf"' in result.stdout


def test_what_is_not_there_is_said(flow: Dataflow) -> None:
    """An unknown dataflow with what may be meant, one without executions, and no such execution."""
    (line,) = command("--dataflow", flow.tag + "x", code=1).stderr.splitlines()
    assert f"Did you mean '{flow.tag}'" in line
    where = ("--dataflow", flow.tag, "--where", "status = 'failed'")
    assert command(*where).stderr == "No such executions.\n"
    assert "x>=1" in command("--limit", "0", code=2).stderr
    assert "Expected one of READY" in command("--where", "status = 'bogus'", code=1).stderr
