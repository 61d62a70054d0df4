"""One moment of the database for a page, and tables that are looked up once in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.errors import RefusedError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.comparison import metric_values
from dfanalyzer_client.store.inspection import tables_of
from dfanalyzer_client.store.schema import table


@pytest.fixture
def solving(tag: str) -> Dataflow:
    """A dataflow with one set."""
    cells = Set("iSolve", SetType.INPUT, [Attribute("CELLS", AttributeType.NUMERIC)])
    dataflow = Dataflow(tag, [Transformation("Solve", [cells])])
    dataflow.save()
    return dataflow


@pytest.fixture
def reader(home: Path) -> Iterator[Connection]:
    """A connection as the reader."""
    with Connection(PrivateServer(home).reader_url()) as connection:
        yield connection


def solve(dataflow: Dataflow, ask: Any) -> None:
    """Store one task."""
    with dataflow.task("Solve") as task:
        task.used(cells=3)
    ask.one("SELECT 1")  # everything is stored


def test_a_snapshot_shows_one_moment(solving: Dataflow, reader: Connection, ask: Any) -> None:
    """What is stored meanwhile is seen after it, however many transactions read in it."""
    count = f'SELECT count(*) FROM "{solving.tag}".isolve'
    solve(solving, ask)
    with reader.snapshot():
        for _ in range(2):
            with reader.transaction(), reader.snapshot():
                assert reader.query(count) == [(1,)]
            solve(solving, ask)
    with reader.transaction():
        assert reader.query(count) == [(3,)]


def test_a_snapshot_goes_on_after_a_refusal(
    solving: Dataflow, reader: Connection, ask: Any
) -> None:
    """A statement that the server refuses ends the transaction, not the page that is read."""
    solve(solving, ask)
    with reader.snapshot():
        with pytest.raises(RefusedError), reader.transaction():
            reader.query("SELECT nothing FROM nowhere")
        assert reader.query(f'SELECT count(*) FROM "{solving.tag}".isolve') == [(1,)]


def test_tables_are_looked_up_once_in_a_transaction(home: Path, tag: str) -> None:
    """Not again until it ends, or until it makes a table itself."""
    with Connection(PrivateServer(home).ensure()) as writer:
        with writer.transaction():
            writer.execute(f'CREATE SCHEMA "{tag}"')
            asked = _counted(writer)
            for _ in range(3):
                assert tables_of(writer, tag) == {}
            assert len(asked) == 2  # its columns and its keys
            writer.execute(f'CREATE TABLE "{tag}".one (a INT)')
            assert list(tables_of(writer, tag)) == ["one"]
            assert len(asked) == 4
        assert list(tables_of(writer, tag)) == ["one"]
        assert len(asked) == 6
        writer.rollback()


def _counted(connection: Connection) -> list[str]:
    """The statements that the server is asked from now on."""
    asked: list[str] = []
    query = connection.query

    def counted(statement: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
        asked.append(statement)
        return query(statement, parameters)

    connection.query = counted  # type: ignore[method-assign]
    return asked


@pytest.mark.parametrize(
    ("tasks", "ranges"),
    [
        ([7], [(7, 7)]),
        ([9, 7, 8], [(7, 9)]),
        ([1, 51, 102], [(1, 51), (102, 102)]),
        (range(0, 800, 200), [(0, 0), (200, 200), (400, 400), (600, 600)]),
        (range(0, 1000, 200), []),
    ],
)
def test_values_are_sought_near_their_tasks(tasks: Any, ranges: list[tuple[int, int]]) -> None:
    """In the ranges of tasks that trained one after the other, and anywhere if there are many."""
    condition, bounds = metric_values._near(tasks)
    assert bounds == [bound for pair in ranges for bound in pair]
    assert condition.count("BETWEEN") == len(ranges)


def test_values_of_near_tasks_are_no_others(
    solving: Dataflow, home: Path, tag: str, ask: Any
) -> None:
    """A range has other tasks, too, whose values are not read."""
    stored: Mapping[int, float] = {-10: 0.5, -9: 0.25, -8: 0.125, -200: 4.0}
    solve(solving, ask)  # the catalogue is there
    with Connection(PrivateServer(home).ensure()) as writer:
        for task, value in stored.items():
            writer.execute(
                f"INSERT INTO {table('metric_value')} (task_id, name, epoch, value) "
                "VALUES (%s, %s, 0, %s)",
                (task, tag, value),
            )
        found = metric_values.epoch_values(writer, [-10, -8, -200], [tag])
        assert {each.task_id: each.value for each in found} == {-10: 0.5, -8: 0.125, -200: 4.0}
        writer.rollback()
