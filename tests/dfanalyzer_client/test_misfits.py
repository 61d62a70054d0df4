"""Values that do not fit: refused with a way out, or left out and logged, as is set."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
)
from dfanalyzer_client.config import settings
from dfanalyzer_client.errors import DfAnalyzerError, ElementError, UnknownTagError

COLUMNS = [
    Attribute("A", AttributeType.NUMERIC),
    Attribute("B", AttributeType.TEXT),
    Attribute("API_KEY", AttributeType.NUMERIC),
]
WRONG = (["many", "x", 1], [1, "a\0b", 2], [1, "x"], [2, "y", 3, "z"], [10**40, "x", "er2+hunt"])


@pytest.fixture
def task(tag: str) -> Task:
    """A task of a dataflow that is declared."""
    Dataflow(tag, [Transformation("Step", [Set("iStep", SetType.INPUT, COLUMNS)])]).save()
    return Task(1, tag, f"{tag}-run", "Step")


@pytest.mark.parametrize("row", WRONG)
@pytest.mark.parametrize("setting", ["", "refuse"])
def test_what_does_not_fit_is_refused_and_the_error_says_how_it_is_not(
    row: list[Any], setting: str, task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default, and where it is set; nothing of the message is sent."""
    monkeypatch.setenv("KERAS_PROV_MISFITS", setting)
    task.add_dataset(DataSet("iStep", [Element([0, "ok", 0]), Element(row)]))
    with pytest.raises(ElementError, match="set KERAS_PROV_MISFITS=leave_out to store the task"):
        task.save()


def test_a_task_is_stored_without_what_does_not_fit(
    task: Task,
    tag: str,
    ask: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Elements of the wrong length are gone, values are NULL, and one line has all of it."""
    monkeypatch.setenv("KERAS_PROV_MISFITS", "leave_out")
    task.add_dataset(DataSet("iStep", [Element([0, "ok", 0]), *map(Element, WRONG)]))
    with caplog.at_level(logging.WARNING, "dfanalyzer_client"):
        task.end()

    rows = ask.set(tag, "iStep", "a, b, api_key")
    assert rows == [(0, "ok", 0), (None, "x", 1), (1, None, 2), (None, "x", None)]
    assert (
        ask.one(
            'SELECT status FROM "public".task WHERE df_exec = (SELECT id FROM '
            '"public".dataflow_execution WHERE tag = %s)',
            f"{tag}-run",
        )
        == "FINISHED"
    )
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"Task 1 of 'step' in execution '{tag}-run' is stored without")
    assert "set 'istep', element 1, attribute 'a': 'many'; " in line
    assert "set 'istep', element 3: [1, 'x']; " in line
    assert str(10**40) in line
    assert line.endswith("attribute 'api_key': …")


def test_what_fits_is_not_logged(
    task: Task, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each line is of one message; NaN and NULL fit."""
    monkeypatch.setenv("KERAS_PROV_MISFITS", "leave_out")
    with caplog.at_level(logging.WARNING, "dfanalyzer_client"):
        for value in ("wrong", 1, float("nan"), None, "2.5"):
            task.add_dataset(DataSet("iStep", [Element([value, "x", 1])]))
            task.save()
    assert len(caplog.records) == 1


def test_a_stream_leaves_out_a_value_as_well(
    task: Task,
    tag: str,
    ask: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Refused by default; else NULL, and logged with the row."""
    stream = task.stream("iStep", ["a", "b"])
    with pytest.raises(ElementError, match="KERAS_PROV_MISFITS"):
        stream.send(["many", "x"])
    monkeypatch.setenv("KERAS_PROV_MISFITS", "leave_out")
    with caplog.at_level(logging.WARNING, "dfanalyzer_client"):
        stream.send(["many", "y"])
        stream.send([2, "z"])
    assert ask.set(tag, "iStep", "a, b") == [(None, "y"), (2, "z")]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith("attribute 'a': 'many'")


def test_names_that_nobody_declared_are_refused_in_any_case(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are mistakes in the program, not in its data."""
    monkeypatch.setenv("KERAS_PROV_MISFITS", "leave_out")
    task.add_dataset(DataSet("iStep", [Element([1])], attributes=["c"]))
    with pytest.raises(UnknownTagError):
        task.save()


def test_another_setting_is_an_error_that_names_the_choices(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the call that checks settings, and at the latest where a value does not fit."""
    monkeypatch.setenv("KERAS_PROV_MISFITS", "drop")
    task.add_dataset(DataSet("iStep", [Element([1])]))
    for call in (settings.check, task.save):
        with pytest.raises(DfAnalyzerError, match="KERAS_PROV_MISFITS must be refuse or leave_out"):
            call()
