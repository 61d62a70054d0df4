"""The types of messages are those of the messages that journals hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Client,
    Dataflow,
    DataSet,
    Element,
    Extractor,
    ExtractorCartridge,
    ExtractorCombination,
    ExtractorExtension,
    File,
    Performance,
    Program,
    Set,
    SetType,
    StoreURL,
    Task,
    TaskStatus,
    Transformation,
)
from dfanalyzer_client.annotations import Named, say_note, say_tags
from dfanalyzer_client.delivery.open_tasks import OpenTasks
from message_keys import TYPES, checked_keys, keys_of, messages_of

NOWHERE = StoreURL.parse("monetdb://a:b@127.0.0.1:9/x")

OF_THE_SERVICE = {
    "JournalTask.declared",
    "JournalTask.endTime",
    "JournalTask.received",
    "PerformanceMessage.invocation",
}
"""Keys of what others say through it: see tests/service/test_ingestion.py."""


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client whose journal nobody stores."""
    client = Client(NOWHERE, tmp_path)
    yield client
    client.close(0)


def whole_dataflow(tag: str, client: Client) -> Dataflow:
    """A dataflow that has everything that one may have."""
    extractors = [
        Extractor(each, ExtractorCartridge.EXTRACTION, ExtractorExtension.CSV) for each in "ab"
    ]
    program = Program("solve", "/opt/solve")
    for each in (*extractors, program):
        each.transformationTag, each.dataflowTag = "First", tag
    extractors[0].setTag = "oFirst"
    attribute = Attribute("RESULT", AttributeType.NUMERIC, extractor="a")
    combination = ExtractorCombination("a", "b", ["RESULT"], ["NUMERIC"])
    shared = Set("oFirst", SetType.OUTPUT, [attribute], [*extractors, combination])
    first = Transformation("First", [shared], [program])
    shared.set_type(SetType.INPUT)
    shared.dependency = "First"
    second = Transformation("Second", [shared])
    return Dataflow(tag, [first, second], "ann@example.org", predefined=True, client=client)


def say_all(dataflow: Dataflow) -> None:
    """Tasks that have everything that they may have; the last one does not end."""
    tag, run = dataflow.tag, dataflow.exec_tag
    first = Task(1, tag, run, "First", "1", None, "/data", "node1", "done", "slow")
    first.begin()
    first.stream("oFirst", ["RESULT"]).send([0.5])
    first.add_file(File("/data/a", "a", size=0, sha256="00"))
    first.add_performance(Performance("2026-11-23", "2026-11-24", description="reading"))
    first.derive_from("another run")
    first.add_dataset(DataSet("oFirst", [Element([1])]))
    first.end(TaskStatus.FAILED, "diverged")
    second = Task(2, tag, run, "Second", dependency=first)
    second.reuse("oFirst", Task(1, tag, run, "Second"))
    second.begin()
    execution = Named(tag, run)
    say_tags(dataflow.client, execution, {"good": "", "bad": None})
    say_note(dataflow.client, execution, None)
    say_steering(dataflow.client, execution)


def say_steering(client: Client, execution: Named) -> None:
    """An offer, a request and an outcome that have everything that they may have."""
    of = {"dataflow": execution.dataflow, "exec": execution.execution}
    when = "2026-11-27 03:04:05"
    client.save_steering_offer({**of, "actions": ["set"], "offered": when})  # type: ignore[typeddict-item]
    asked = {"request": "1", "action": "set", "person": "ada", "asked": when, "target": "rate"}
    terms = {"value": "1", "atEpoch": 3, "condition": "loss > 1", "reason": "why"}
    client.save_steering_request({**of, **asked, **terms})  # type: ignore[typeddict-item]
    decided = {"request": "1", "state": "applied", "decided": when, "epoch": 3, "batch": 4}
    values = {"oldValue": "2", "newValue": "1", "detail": "it was fulfilled"}
    client.save_steering_outcome({**of, **decided, **values})  # type: ignore[typeddict-item]


def test_what_is_said_has_the_keys_of_the_types(client: Client, tag: str) -> None:
    """Each key that a type has is said, none is said that it lacks, and those required always."""
    dataflow = whole_dataflow(tag, client)
    say_all(dataflow)
    Dataflow(tag, client=client).save()
    other = Client(NOWHERE, client.home)
    other.lookup(tag, dataflow.exec_tag)
    said = messages_of(client.home, tag)
    other.close(0)
    open_tasks = OpenTasks()
    for each in said:
        open_tasks.ingest(each)
    ended = open_tasks.end_messages("2026-11-27 03:04:05")
    assert len(ended) == 1
    every_key = {key for each in TYPES.values() for key in keys_of(each)}
    assert checked_keys([*said, *ended]) == every_key - OF_THE_SERVICE


def test_a_dataflow_grows_by_what_is_new_alone(client: Client, tag: str) -> None:
    """Its design is sent first, where it was not; then the new part, which the design lacks."""
    dataflow = Dataflow(tag, [Transformation("First")], client=client)
    new = Transformation("First", [Set("oFirst", SetType.OUTPUT)])
    dataflow.grow(new)
    dataflow.save()
    assert [each["transformations"] for each in messages_of(client.home, tag)] == [
        [{"tag": "first", "sets": []}],
        [{"tag": "first", "sets": [{"tag": "ofirst", "type": "OUTPUT"}]}],
    ]
    assert dataflow.transformations == [{"tag": "first", "sets": []}]
