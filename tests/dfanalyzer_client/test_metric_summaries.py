"""Summaries of metrics: equal to what the values themselves say, whatever came when."""

from __future__ import annotations

import math
import random
from collections import defaultdict
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
    TaskStatus,
    Transformation,
    flush,
    shutdown,
)
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.comparison import metric_summaries
from dfanalyzer_client.store.comparison.metric_summaries import (
    has_all_summaries,
    repair_summaries,
    summaries_source,
    summarize_dataflows,
)
from dfanalyzer_client.store.comparison.metric_values import epoch_values, extreme_values

METRICS = ("loss", "accuracy")
ODD = (math.nan, math.inf, -math.inf, 2**60 + 1, None, 0.0)
STATUSES = (TaskStatus.FINISHED, TaskStatus.FAILED, TaskStatus.INTERRUPTED)


def flow_of(tag: str, role: SetRole | None = SetRole.EPOCHS) -> Dataflow:
    """A dataflow that trains: a set of epochs with two metrics."""
    columns = [Attribute(name, AttributeType.NUMERIC) for name in ("epoch", *METRICS)]
    output = Set("epochs", SetType.OUTPUT, columns, role=role)
    return Dataflow(tag, [Transformation("train", [output])])


def send(task: Task, rows: list[list[Any]]) -> None:
    """Send rows of epochs."""
    task.add_dataset(DataSet("epochs", [Element(row) for row in rows]))
    task.save()


def random_rows(chance: random.Random) -> list[list[Any]]:
    """Epochs whose metrics are often equal, missing, or no numbers that a DOUBLE can hold."""
    return [
        [float(epoch), *(chance.choice([*ODD, 0.5, chance.random()]) for _ in METRICS)]
        for epoch in range(chance.randint(0, 8))
    ]


def connected(home: Path) -> Connection:
    """A connection that may write."""
    return Connection(PrivateServer(home).ensure())


def computed(connection: Connection) -> dict[tuple[int, str], tuple[Any, ...]]:
    """The summaries of all values, by task and name, computed here."""
    values = defaultdict(list)
    rows = connection.query('SELECT task_id, name, value, exact, epoch FROM "public".metric_value')
    for task, name, *value in rows:
        values[task, name].append(value)
    return {key: summary_of(found) for key, found in values.items()}


def summary_of(values: list[list[Any]]) -> tuple[Any, ...]:
    """Count, lowest, highest and last value, each with its epoch."""
    numbers = [(value, epoch) for value, _, epoch in values if value is not None]
    low = min((value for value, _ in numbers), default=None)
    high = max((value for value, _ in numbers), default=None)
    epochs = [
        min((e for value, e in numbers if value == each and e is not None), default=None)
        for each in (low, high)
    ]
    last_epoch = max((e for *_, e in values if e is not None), default=None)
    last = [(value, exact) for value, exact, epoch in values if epoch == last_epoch]
    value, exact = max(last, key=lambda each: (each[0] is not None, each[0] or 0.0))
    return len(values), low, epochs[0], high, epochs[1], value, last_epoch, exact


def summarized(connection: Connection) -> dict[tuple[int, str], tuple[Any, ...]]:
    """What a query finds."""
    rows = connection.query(f"SELECT * FROM {summaries_source(connection)} AS s")
    assert len({(task, name) for task, name, *_ in rows}) == len(rows)
    return {(task, name): tuple(summary) for task, name, *summary in rows}


@pytest.mark.parametrize("seed", range(3))
def test_summaries_are_those_of_the_values(home: Path, tag: str, seed: int) -> None:
    """Of tasks that run, ended, or got values after their end, at once or in several batches."""
    chance = random.Random(seed)
    flow = flow_of(tag)
    flow.save()
    for number in range(12):
        task = Task(number, flow.tag, flow.exec_tag, "train")
        task.begin()
        for _ in range(chance.randint(0, 3)):
            send(task, random_rows(chance))
            assert chance.random() < 0.7 or flush(30)
        if number % 3:
            task.end(chance.choice(STATUSES))
        if number % 4 == 1:
            assert flush(30)
            late = [[20.0, 0.25, math.nan]]
            task.add_dataset(DataSet("epochs", [Element(row) for row in late]))
            task.save()
    assert flush(30)
    with connected(home) as connection:
        assert has_all_summaries(connection)
        assert summarized(connection) == computed(connection)


@pytest.mark.parametrize("at_once", [1, 20, 10_000])
def test_many_tasks_are_summarized_in_parts(
    home: Path, tag: str, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """However many values a part has, each task that has ended is summarized, and only those."""
    monkeypatch.setattr(metric_summaries, "VALUES_AT_ONCE", at_once)
    chance = random.Random(at_once)
    flow = flow_of(tag)
    flow.save()
    for number in range(metric_summaries.MOST_SINGLE + 20):
        task = Task(number, flow.tag, flow.exec_tag, "train")
        send(task, random_rows(chance))
        if number % 7:
            task.end()
    assert flush(30)
    shares: list[float] = []
    with connected(home) as connection:
        rows = connection.query('SELECT id FROM "public".dataflow')
        with connection.transaction():
            connection.execute('DELETE FROM "public".metric_summary')
            summarize_dataflows(connection, [id_ for (id_,) in rows], shares.append)
            assert has_all_summaries(connection)
            assert summarized(connection) == computed(connection)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 1


def test_thinned_curves_keep_their_peaks_and_their_end(home: Path, tag: str) -> None:
    """Of each stretch, the lowest and the highest value are read at their epochs; and the last."""
    chance = random.Random(7)
    flow = flow_of(tag)
    flow.save()
    rows = [[float(epoch), *(chance.random() for _ in METRICS)] for epoch in range(103)]
    rows[40][1] = 50.0
    send(Task(1, flow.tag, flow.exec_tag, "train"), rows)
    assert flush(30)
    with connected(home) as connection:
        ((task,),) = connection.query(
            'SELECT t.id FROM "public".task_begun t JOIN "public".dataflow_execution e '
            "ON e.id = t.df_exec WHERE e.tag = %s",
            [flow.exec_tag],
        )
        every = epoch_values(connection, [task], [METRICS[0]])
        found = extreme_values(connection, {task: 10}, [METRICS[0]])
        nothing = extreme_values(connection, {task: 10}, ["no_metric"])
    stretches = [every[first : first + 10] for first in range(0, len(every), 10)]
    wanted = {find(each, key=lambda one: one.value) for each in stretches for find in (min, max)}
    assert found == sorted({*wanted, every[-1]}, key=lambda each: each.epoch)
    assert 50.0 in {each.value for each in found}
    assert nothing == []


def test_epochs_are_those_of_the_values(home: Path, tag: str) -> None:
    """All values of the tasks that are asked for are read, or those of some metrics."""
    chance = random.Random(5)
    flow = flow_of(tag)
    flow.save()
    for number in range(60):
        send(Task(number, flow.tag, flow.exec_tag, "train"), random_rows(chance))
    assert flush(30)
    with connected(home) as connection:
        stored = connection.query(
            'SELECT task_id, name, epoch, "value", exact FROM "public".metric_value '
            "WHERE epoch IS NOT NULL"
        )
        found = [tuple(each) for each in epoch_values(connection, {row[0] for row in stored})]
        some = sorted({row[0] for row in stored})[-9:-3]
        losses = [tuple(each) for each in epoch_values(connection, some, ["loss"])]
    places = [row[:3] for row in found]
    assert places == sorted(places)
    assert sorted(map(repr, found)) == sorted(map(repr, stored))
    wanted = [row for row in stored if row[0] in some and row[1] == "loss"]
    assert sorted(map(repr, losses)) == sorted(map(repr, wanted))
    assert losses


def test_a_role_that_comes_later_is_summarized(home: Path, tag: str) -> None:
    """Rows that were stored before their set became one of epochs have summaries, too."""
    flow = flow_of(tag, role=None)
    flow.save()
    task = Task(1, flow.tag, flow.exec_tag, "train")
    send(task, [[0.0, 0.5, 0.1], [1.0, 0.25, 0.2]])
    task.end()
    assert flush(30)
    later = flow_of(tag)
    later.save()
    assert flush(30)
    with connected(home) as connection:
        assert has_all_summaries(connection)
        assert summarized(connection) == computed(connection)
        (loss,) = connection.query(
            f'SELECT lowest, "last" FROM {summaries_source(connection)} AS s '
            'JOIN "public".task_begun t ON t.id = s.task_id '
            'JOIN "public".data_transformation d ON d.id = t.dt_id '
            'JOIN "public".dataflow f ON f.id = d.df_id WHERE f.tag = %s AND s.name = %s',
            [tag, "loss"],
        )
    assert loss == (0.25, 0.25)


def test_missing_summaries_are_computed_and_repaired(home: Path, tag: str) -> None:
    """If summaries are missing or doubled, queries find the truth, and the next writer repairs."""
    flow = flow_of(tag)
    flow.save()
    task = Task(1, flow.tag, flow.exec_tag, "train")
    send(task, [[0.0, 0.5, math.nan]])
    task.end()
    assert flush(30)
    with connected(home) as connection:
        with connection.transaction():
            connection.execute('DELETE FROM "public".metric_summary WHERE name = %s', ["loss"])
        assert not has_all_summaries(connection)
        assert summarized(connection) == computed(connection)
        connection.rollback()
        with connection.transaction():
            assert repair_summaries(connection) > 0
        assert has_all_summaries(connection)
        assert summarized(connection) == computed(connection)


def test_the_next_writer_repairs(home: Path, tag: str) -> None:
    """A process that begins to store writes the summaries that others have missed."""
    flow = flow_of(tag)
    flow.save()
    task = Task(1, flow.tag, flow.exec_tag, "train")
    send(task, [[0.0, 0.5, 0.5]])
    task.end()
    assert flush(30)
    shutdown()
    with connected(home) as connection:
        with connection.transaction():
            connection.execute('DELETE FROM "public".metric_summary')
        flow_of(f"{tag}-2").save()
        assert flush(30)
        connection.rollback()
        assert has_all_summaries(connection)
