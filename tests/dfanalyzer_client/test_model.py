"""The DfAnalyzer model: messages as its clients know them, and wrong parts raised where given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Dependency,
    Element,
    Set,
    SetType,
    Task,
    TaskStatus,
    Transformation,
)
from dfanalyzer_client.errors import DefinitionError, ElementError, UnknownTagError


def numeric(*names: str) -> list[Attribute]:
    return [Attribute(name, AttributeType.NUMERIC) for name in names]


def two_steps(tag: str) -> Dataflow:
    """A dataflow of two transformations that share a set."""
    shared = Set("oFirst", SetType.OUTPUT, numeric("RESULT"))
    first = Transformation("First", [Set("iFirst", SetType.INPUT, numeric("A", "B")), shared])
    shared.set_type(SetType.INPUT)
    shared.dependency = first.tag
    return Dataflow(tag, [first, Transformation("Second", [shared])])


def test_a_dataflow_message_is_dfanalyzers() -> None:
    """Tags, types, attributes and dependency stand as in the documented message."""
    message = two_steps("MnistRun").get_specification()
    assert message["tag"] == "mnistrun"
    assert message["exec"].startswith("MnistRun-")
    first, second = message["transformations"]
    assert first["sets"][1] == {
        "tag": "ofirst",
        "type": "OUTPUT",
        "attributes": [{"name": "result", "type": "NUMERIC"}],
    }
    assert second["sets"][0]["type"] == "INPUT"
    assert second["sets"][0]["dependency"] == "first"


def test_a_task_message_is_dfanalyzers(tag: str) -> None:
    """The specification has id, execution, status, dependency and sets as documented."""
    dataflow = two_steps(tag)
    first = Task(1, tag, dataflow.exec_tag, "First")
    second = Task("2", tag, dataflow.exec_tag, "Second", dependency=[first])
    second.add_dataset(DataSet("oFirst", [Element([1])]))
    message = second.get_specification()
    assert message["dependency"] == {"tags": [{"tag": "first"}], "ids": [{"id": "1"}]}
    assert (message["id"], message["status"]) == ("2", "READY")
    assert message["sets"] == [{"tag": "ofirst", "elements": [[1]]}]


def test_rows_of_several_tasks_are_stored(tag: str, ask: Any) -> None:
    """Elements, statuses and the reader's task id stand in MonetDB as they were said."""
    dataflow = two_steps(tag)
    dataflow.save()
    first = Task(1, tag, dataflow.exec_tag, "First")
    first.add_dataset(DataSet("iFirst", [Element([1, "2.5"]), Element([3, None])]))
    first.begin()
    first.add_dataset(DataSet("oFirst", [Element([np.float32(0.5)])]))
    first.end()
    second = Task(1, tag, dataflow.exec_tag, "Second", dependency=first)
    second.begin()

    assert ask.set(tag, "iFirst", "a, b") == [(1.0, 2.5), (3.0, None)]
    ((writer, reader, result),) = ask.set(tag, "oFirst", "first_task_id, second_task_id, result")
    assert result == 0.5
    statuses = dict(ask.rows('SELECT id, status FROM "public".task WHERE id IN (%s, %s)',
                             writer, reader))  # fmt: skip
    assert statuses == {writer: "FINISHED", reader: "RUNNING"}


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda df: DataSet("nosuch", [Element([1])]), UnknownTagError, ["nosuch", "ifirst"]),
        (
            lambda df: DataSet("iFirst", [Element([1])]),
            ElementError,
            ["ifirst", "1 values", "a, b"],
        ),
        (lambda df: DataSet("iFirst", [Element([1, "x"])]), ElementError, ["ifirst", "'b'", "'x'"]),
        (lambda df: DataSet("iFirst", [Element([1, 2**63])]), ElementError, ["number"]),
    ],
)
def test_rows_that_do_not_fit_raise_and_spoil_nothing(
    tag: str, ask: Any, make: Callable[[Any], DataSet], error: type[Exception], words: list[str]
) -> None:
    """The error names set, attribute and what was received; the task can go on afterwards."""
    dataflow = two_steps(tag)
    dataflow.save()
    task = Task(1, tag, dataflow.exec_tag, "First")
    task.add_dataset(make(dataflow))
    with pytest.raises(error) as caught:
        task.begin()
    for word in words:
        assert word in str(caught.value)
    task.add_dataset(DataSet("iFirst", [Element([1, 2])]))
    task.end()
    assert ask.set(tag, "iFirst", "a, b") == [(1.0, 2.0)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Attribute("a", "NUMERIC"),
        lambda: Attribute("", AttributeType.TEXT),
        lambda: Set("s", "INPUT", []),
        lambda: Set("s", SetType.INPUT, numeric("A", "a")),
        lambda: Set("s", SetType.INPUT, ["a"]),
        lambda: Transformation("t", ["s"]),
        lambda: Dataflow("d\0"),
        lambda: Dataflow("%d"),
        lambda: Dataflow("two\nlines"),
        lambda: Dataflow("d" * 1001),
        lambda: Dataflow(7),
        lambda: Task("one", "d", "e", "t"),
        lambda: Task(1, "d", "e", "t", dependency=["other"]),
        lambda: Task(1, "d", "e", "t").set_status("FINISHED"),
        lambda: Task(1, "d", "e", "t").end(TaskStatus.RUNNING),
        lambda: Dependency(["a"], [1, 2]),
    ],
)
def test_a_wrong_part_raises_where_it_is_given(make: Callable[[], object]) -> None:
    """Each constructor refuses what could not be stored, at once."""
    with pytest.raises(DefinitionError):
        make()


@pytest.mark.parametrize(
    ("tag_", "sets", "word"),
    [
        ("sys", [], "sys"),
        ("public", [], "public"),
        ("ok", [Set("keys", SetType.INPUT, [])], "keys"),
        ("ok", [Set("s", SetType.INPUT, numeric("id"))], "'id'"),
        ("ok", [Set("s", SetType.INPUT, numeric("T_task_id"))], "t_task_id"),
        ("ok", [Set("s", SetType.INPUT, []), Set("ds_s", SetType.INPUT, [])], "ds_s"),
    ],
)
def test_names_that_the_database_needs_are_refused(tag_: str, sets: list[Set], word: str) -> None:
    """A dataflow, set or attribute that MonetDB or DfAnalyzer has a use for raises at save()."""
    with pytest.raises(DefinitionError, match=word):
        Dataflow(tag_, [Transformation("T", sets)]).save()


def test_a_task_of_an_unsaved_dataflow_raises() -> None:
    """A task whose dataflow nobody declared in this process says what to call first."""
    with pytest.raises(UnknownTagError, match=r"Dataflow\.save"):
        Task(1, "nobody-declared-this", "e", "t").begin()


def test_an_attribute_keeps_its_type(tag: str) -> None:
    """Declaring an attribute anew with another type raises and names both."""
    Dataflow(tag, [Transformation("T", [Set("s", SetType.INPUT, numeric("a"))])]).save()
    other = Set("s", SetType.INPUT, [Attribute("a", AttributeType.TEXT)])
    with pytest.raises(DefinitionError, match="NUMERIC"):
        Dataflow(tag, [Transformation("T", [other])]).save()
