"""Whatever the order in which messages of several writers arrive, are cut and are sent again."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dfanalyzer_client.journal import Record
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import Connection, MonetDBStore

pytestmark = pytest.mark.thorough

WRITERS, TASKS = 3, 2
STATUSES = ["FINISHED", "FAILED", "INTERRUPTED"]

writer = st.integers(0, WRITERS - 1)
task = st.integers(1, TASKS)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("row"), writer, task, st.integers(-5, 5)),
        st.tuples(st.just("end"), writer, task, st.sampled_from(STATUSES)),
        st.tuples(st.just("grow"), writer),
        st.tuples(st.just("depend"), writer, task, writer, task),
        st.tuples(st.just("read")),
        st.tuples(st.just("let go")),
        st.tuples(st.just("mend")),
        st.tuples(st.just("ship"), writer, st.integers(1, 4)),
        st.tuples(st.just("again"), writer),
        st.tuples(st.just("reconnect")),
    ),
    max_size=40,
)


@dataclass
class Writer:
    """What one journal holds, and how far it was sent."""

    number: int
    tag: str
    journal: str = field(default_factory=lambda: uuid.uuid4().hex)
    attributes: list[str] = field(default_factory=lambda: ["a"])
    records: list[Record] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.declare()

    def say(self, **message: Any) -> None:
        self.records.append(Record(len(self.records) + 1, message))

    def declare(self) -> None:
        described = [{"name": name, "type": "NUMERIC"} for name in self.attributes]
        output = {"tag": "out", "type": "OUTPUT", "attributes": described}
        self.say(
            kind="dataflow",
            tag=self.tag,
            exec="run",
            transformations=[{"tag": "step", "sets": [output]}],
        )

    def depend(self, number: int, other: int) -> None:
        """Say that one of its tasks depends on whosever it is, said or not."""
        self.say(
            kind="task",
            dataflow=self.tag,
            exec="run",
            transformation="step",
            sets=[],
            id=str(10 * self.number + number),
            status="RUNNING",
            dependency={"tags": [{"tag": "step"}], "ids": [{"id": str(other)}]},
        )

    def task(self, number: int, status: str, *row: float) -> None:
        sets = [{"tag": "out", "attributes": self.attributes[:], "elements": [list(row)]}]
        self.say(
            kind="task",
            dataflow=self.tag,
            exec="run",
            transformation="step",
            id=str(10 * self.number + number),
            status=status,
            sets=sets if row else [],
        )


@pytest.fixture
def store(home: Path) -> Iterator[MonetDBStore]:
    result = MonetDBStore(PrivateServer(home).ensure, readers=(READER,))
    yield result
    result.close()


@pytest.fixture
def reader(home: Path) -> Iterator[Connection]:
    """Somebody who reads, and may keep a transaction open."""
    result = Connection(PrivateServer(home).reader_url())
    yield result
    result.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_any_interleaving_ends_in_what_was_said(
    store: MonetDBStore, home: Path, reader: Connection, steps: list[tuple[Any, ...]]
) -> None:
    """Rows, tasks, links and how each task ended are those that were said, each once."""
    reader.rollback()
    tag = f"interleaved-{uuid.uuid4().hex[:12]}"
    writers = [Writer(number, tag) for number in range(WRITERS)]
    rows: list[tuple[int, float, int]] = []
    ends: dict[int, str] = {}
    links: set[tuple[int, int]] = set()
    for name, *rest in steps:
        if name == "reconnect":
            store.close()
            continue
        if name == "mend":
            apply_pending(store)
            continue
        if name == "let go":
            reader.rollback()
            continue
        if name == "read":
            reader.query('SELECT count(*) FROM "public".task')
            continue
        one = writers[rest[0]]
        if name == "row":
            _, number, value = rest
            one.task(number, "RUNNING", *[value] * len(one.attributes))
            rows.append((10 * one.number + number, value, len(one.attributes)))
            ends.setdefault(10 * one.number + number, "")
        elif name == "end":
            _, number, status = rest
            one.task(number, status)
            ends[10 * one.number + number] = ends.get(10 * one.number + number) or status
        elif name == "depend":
            _, number, other, its = rest
            one.depend(number, 10 * other + its)
            links.add((10 * one.number + number, 10 * other + its))
            ends.setdefault(10 * one.number + number, "")
        elif name == "grow":
            one.attributes.append(f"a{one.number}{len(one.attributes)}")
            one.declare()
        elif name == "ship":
            batch = one.records[one.sent : one.sent + rest[1]]
            store.write(one.journal, batch)
            one.sent += len(batch)
        else:
            store.write(one.journal, one.records[: one.sent])
    for one in writers:
        store.write(one.journal, one.records)
    for held in (True, False):
        if not held:
            reader.rollback()
            apply_pending(store)
            assert not store._layouts[tag].unfinished
        is_as_said(home, tag, writers, rows, ends, links)


def apply_pending(store: MonetDBStore) -> None:
    """Bring forward all that can be, as the exporter does it in time."""
    store._pending_growth.due = 0.0
    while store.apply_pending() == 0.0:
        pass


def is_as_said(
    home: Path,
    tag: str,
    writers: list[Writer],
    rows: list[tuple[int, float, int]],
    ends: dict[int, str],
    links: set[tuple[int, int]],
) -> None:
    connection = Connection(PrivateServer(home).reader_url())
    try:
        extra = sorted({name for one in writers for name in one.attributes} - {"a"})
        filled = " + ".join(["1", *(f'CASE WHEN o."{n}" = o.a THEN 1 ELSE 0 END' for n in extra)])
        found = connection.query(
            f'SELECT t.identifier, o.a, {filled} FROM "{tag}"."out" o '
            'JOIN "public".task t ON t.id = o.step_task_id'
        )
        states = connection.query(
            'SELECT t.identifier, t.status FROM "public".task t '
            'JOIN "public".data_transformation x ON x.id = t.dt_id '
            'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s',
            [tag],
        )
        linked = connection.query(
            'SELECT t.identifier, p.identifier FROM "public".task_dependency l '
            'JOIN "public".task_begun t ON t.id = l.task_id '
            'JOIN "public".task_begun p ON p.id = l.previous_task_id '
            'JOIN "public".data_transformation x ON x.id = t.dt_id '
            'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s',
            [tag],
        )
    finally:
        connection.close()
    assert sorted(found) == sorted(rows)
    assert sorted(linked) == sorted((task, other) for task, other in links if other in ends)
    assert sorted(states) == sorted((number, end or "RUNNING") for number, end in ends.items())
