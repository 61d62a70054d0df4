"""Executions of many dataflows are read together, as if each had been read alone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetRole,
    SetType,
    Task,
    Transformation,
    flush,
    run,
    runs,
)
from dfanalyzer_client.analysis.finding import summaries_with
from dfanalyzer_client.errors import UnknownTagError
from dfanalyzer_client.executions.newest import newest_ids
from dfanalyzer_client.executions.summaries import executions, find_execution, find_executions
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

OF = (
    'SELECT d.tag FROM "public".dataflow d JOIN "public".dataflow_execution e ON e.df_id = d.id '
    "WHERE e.tag = %s"
)
VALUES: list[Any] = [0.5, None, math.nan, 2**60 + 1, -math.inf]


def train(tag: str, metrics: int, epochs: int, *, ends: bool = True) -> str:
    """Store an execution with so many metrics, in a dataflow of its own; returns its tag."""
    names = [f"metric_{number}" for number in range(metrics)]
    columns = [Attribute(name, AttributeType.NUMERIC) for name in ("epoch", *names)]
    columns.append(Attribute("note", AttributeType.TEXT))
    output = Set("epochs", SetType.OUTPUT, columns, role=SetRole.EPOCHS)
    flow = Dataflow(tag, [Transformation("train", [output])])
    flow.save()
    task = Task(1, tag, flow.exec_tag, "train")
    rows = [
        [float(epoch), *(VALUES[(epoch + place + metrics) % 5] for place in range(metrics)), "n"]
        for epoch in range(epochs)
    ]
    if rows:
        task.add_dataset(DataSet("epochs", [Element(row) for row in rows]))
    if ends:
        task.end()
    else:
        task.save()
    return str(flow.exec_tag)


@pytest.fixture
def tags(home: Path, tag: str) -> list[str]:
    """Executions whose sets have different numbers of metrics and epochs."""
    sizes = ((0, 2), (1, 3), (2, 0), (3, 1), (4, 4), (5, 5), (9, 2), (4, 1))
    found = [train(f"{tag}-{n}", *size) for n, size in enumerate(sizes)]
    found.append(train(f"{tag}-running", 2, 3, ends=False))
    assert flush(30)
    return found


@pytest.fixture
def connection(tags: list[str], home: Path) -> Any:
    """The database, of which `tags` are in."""
    with Connection(PrivateServer(home).reader_url()) as connection:
        yield connection


def test_together_as_alone(connection: Connection, tags: list[str]) -> None:
    """The status, epochs and exact last metrics do not depend on what else is asked for."""
    alone = [find_execution(connection, tag) for tag in tags]
    together = executions(connection, ids=[each.id for each in alone])
    assert list(map(repr, together)) == list(map(repr, alone))
    assert [each.epochs for each in together] == [2, 3, 0, 1, 4, 5, 2, 1, 3]
    last = together[5].metrics  # of epoch 4
    assert last == {
        "metric_0": pytest.approx(-math.inf),
        "metric_1": 0.5,
        "metric_3": pytest.approx(math.nan, nan_ok=True),
        "metric_4": 2**60 + 1,
    }


def test_a_column_of_texts_changes_no_other_set(
    connection: Connection, tags: list[str], tag: str, home: Path
) -> None:
    """Where another program made texts of a metric, the metrics of other sets are still numbers."""
    before = find_execution(connection, tags[7])
    connection.rollback()
    odd = f'"{tag}-4"'
    with Connection(PrivateServer(home).ensure()) as owner, owner.transaction():
        owner.execute(f"DROP VIEW {odd}.epochs")
        owner.execute(f"ALTER TABLE {odd}.ds_epochs DROP COLUMN metric_3")
        owner.execute(f"ALTER TABLE {odd}.ds_epochs ADD COLUMN metric_3 TEXT")
        owner.execute(f"UPDATE {odd}.ds_epochs SET metric_3 = 'a text'")
    text, number = find_executions(connection, [tags[4], tags[7]])
    assert text.metrics["metric_3"] == "a text"
    assert repr(number) == repr(before)


def test_several_are_found_at_once(connection: Connection, tags: list[str], tag: str) -> None:
    """By tag, id, beginning and `last`, in the order asked for, as often as they are named."""
    first, last = find_execution(connection, tags[0]), find_execution(connection, tags[-1])
    names = [tags[-1], str(first.id), tags[0][:-2], "last", tags[0], tags[0]]
    found = find_executions(connection, names)
    assert [each.id for each in found] == [last.id, first.id, first.id, last.id, first.id, first.id]
    assert find_executions(connection, []) == []
    with pytest.raises(UnknownTagError, match="No execution 'nobody'"):
        find_executions(connection, [tags[0], "nobody"])
    with pytest.raises(UnknownTagError, match=f"{len(tags)} executions begin with"):
        find_executions(connection, [tags[0], tag])


def test_runs_are_named_in_any_form(connection: Connection, tags: list[str]) -> None:
    """Names, ids, runs, lists of runs: each run is there once, in their order."""
    listed = runs(dataflow=connection.query(OF, [tags[4]])[0][0])
    named = [run(tags[1]), tags[0], listed, run(tags[1]).id, tags[0]]
    found = summaries_with(connection, named)
    assert [each.execution for each in found] == [tags[1], tags[0], tags[4]]


def test_the_newest_and_how_many_there_are(connection: Connection, tags: list[str]) -> None:
    """A limit leaves the number of all as it is."""
    everything, total = newest_ids(connection, None, None)
    assert len(everything) == total
    assert newest_ids(connection, None, 3) == (everything[:3], total)
    assert newest_ids(connection, None, 0) == ([], total)
