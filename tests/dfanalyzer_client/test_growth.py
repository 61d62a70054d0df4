"""Sets grow while somebody reads them: rows are stored at once, and columns come when they can."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client.errors import RefusedError
from dfanalyzer_client.executions import summaries
from dfanalyzer_client.executions.reader import read_execution
from dfanalyzer_client.journal import Record
from dfanalyzer_client.path_query import query_with
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import Connection, MonetDBStore
from dfanalyzer_client.store.growth import apply_pending, schedule


@pytest.fixture
def store(home: Path) -> Iterator[MonetDBStore]:
    """A store of this test's own, on the worker's server."""
    result = MonetDBStore(PrivateServer(home).ensure, readers=(READER,))
    yield result
    result.close()


@pytest.fixture
def admin(home: Path) -> Iterator[Connection]:
    """The database's owner."""
    result = Connection(PrivateServer(home).ensure())
    yield result
    result.rollback()
    result.close()


@contextlib.contextmanager
def reading(home: Path, *statements: str) -> Iterator[Connection]:
    """A reader that has asked, and keeps its transaction open."""
    reader = Connection(PrivateServer(home).reader_url())
    for statement in statements:
        reader.query(statement)
    yield reader
    reader.rollback()
    reader.close()


def dataflow(tag: str, *attributes: str, reads: bool = False) -> dict[str, Any]:
    """A dataflow of one set; attributes that begin with `t` are texts."""
    kinds = {True: "TEXT", False: "NUMERIC"}
    described = [{"name": name, "type": kinds[name.startswith("t")]} for name in attributes]
    steps = [{"tag": "step", "sets": [{"tag": "out", "type": "OUTPUT", "attributes": described}]}]
    if reads:
        steps.append(
            {"tag": "next", "sets": [{"tag": "out", "type": "INPUT", "dependency": "step"}]}
        )
    return {"kind": "dataflow", "tag": tag, "exec": f"{tag}-1", "transformations": steps}


def task(tag: str, number: int, row: dict[str, Any], step: str = "step") -> dict[str, Any]:
    data = {"tag": "out", "attributes": list(row), "elements": [list(row.values())]}
    return {
        "kind": "task",
        "dataflow": tag,
        "exec": f"{tag}-1",
        "transformation": step,
        "id": str(number),
        "status": "FINISHED",
        "sets": [data] if row else [],
    }


class Teller:
    """Says messages to a store, numbered as in a journal."""

    def __init__(self, store: MonetDBStore, journal: str) -> None:
        self._store, self._journal, self._last = store, journal, 0

    def __call__(self, *messages: dict[str, Any]) -> None:
        records = [Record(self._last + 1 + n, message) for n, message in enumerate(messages)]
        self._last += len(messages)
        self._store.write(self._journal, records)


def columns(admin: Connection, tag: str, name: str) -> list[str]:
    with admin.transaction():
        rows = admin.query(
            "SELECT c.name FROM sys.columns c JOIN sys.tables t ON t.id = c.table_id "
            "JOIN sys.schemas s ON s.id = t.schema_id WHERE s.name = %s AND t.name = %s "
            "ORDER BY c.number",
            [tag, name],
        )
    return [column for (column,) in rows]


def test_rows_of_a_set_that_grows_are_stored_and_seen_while_it_is_read(
    store: MonetDBStore,
    home: Path,
    tag: str,
    ask: Any,
    admin: Connection,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """All that asks sees them, the holder is named, and columns come once it lets go."""
    tell = Teller(store, tag)
    tell(dataflow(tag, "a"), task(tag, 1, {"a": 1}))
    tables = ("task_begun", "metrics", "hyperparameters", "attribute", "definition_lock")
    seen = [f'SELECT * FROM "{tag}"."out"', *(f'SELECT * FROM "public".{n}' for n in tables)]
    expected = [(1, None, None), (2, 0.1, None), (3, float("-inf"), "é%'"), (4, None, "x")]
    with reading(home, *seen), reading(home, seen[0]):
        tell(dataflow(tag, "a", "b"), task(tag, 2, {"a": 2, "b": 0.1}))
        row = {"a": 3, "b": float("-inf"), "t%s": "é%'"}
        tell(dataflow(tag, "t%s", reads=True), task(tag, 3, row))
        tell(task(tag, 4, {"a": 4, "t%s": "x"}), task(tag, 1, {"a": 4}, "next"))
        tell(dataflow(f"{tag}-new", "a"), task(f"{tag}-new", 1, {"a": 1}))
        assert columns(admin, tag, "ds_out") == ["id", "step_task_id", "a"]
        named = [each.getMessage() for each in caplog.records if "has grown" in each.message]
        assert all("of user 'keras_prov_reader'" in each for each in named)
        assert len(named) == 2
        assert store.apply_pending()
        finite = [(a, None if b == float("-inf") else b, t) for a, b, t in expected]
        assert ask.set(tag, "out", 'a, b, "t%s"')[:4] == finite
        assert ask.set(f"{tag}-new", "out", "a") == [(1,)]
        during = told(home, tag)
    store._pending_growth.due = 0
    assert store.apply_pending() is not None
    assert store.apply_pending() is None
    assert set(columns(admin, tag, "ds_out")) == {
        "id",
        "step_task_id",
        "next_task_id",
        "a",
        "b",
        "t%s",
    }
    assert ask.rows('SELECT * FROM "public".waiting_value') == []
    assert "waiting_value" not in ask.one(
        "SELECT t.query FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s AND t.name = 'out'",
        tag,
    )
    assert told(home, tag) == during
    assert during[:4] == expected
    tell(task(tag, 5, {"a": 5, "b": 5}))
    assert ask.set(tag, "out", "b")[-1] == (5,)


def told(home: Path, tag: str) -> list[tuple[Any, ...]]:
    """A set's rows as exports tell them, which are those that path queries find."""
    connection = Connection(PrivateServer(home).reader_url())
    try:
        summary = summaries.find_execution(connection, f"{tag}-1")
        (found,) = read_execution(connection, summary.dataflow, summary.id).sets
        rows = [row.values for row in found.rows]
        asked = query_with(connection, tag, source=["out"], target=["out"]).rows
    finally:
        connection.close()
    assert set(asked) == set(rows)
    return rows


def test_what_others_left_waiting_is_brought_forward_a_little_at_a_time(
    store: MonetDBStore, home: Path, tag: str, admin: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many dataflows as there are: between two of them, what was captured goes first."""
    tags = [f"{tag}-{number}" for number in range(3)]
    tellers = [Teller(store, each) for each in tags]
    for tell, each in zip(tellers, tags, strict=True):
        tell(dataflow(each, "a"), task(each, 1, {"a": 1}))
    with reading(home, f'SELECT * FROM "{tags[0]}"."out"'):
        for tell, each in zip(tellers, tags, strict=True):
            tell(dataflow(each, "b"), task(each, 2, {"b": 2}))
    monkeypatch.setattr(schedule, "STEP_SECONDS", 0.0)
    stale = MonetDBStore(PrivateServer(home).ensure, readers=(READER,))
    stale.write(f"{tag}-2", [Record(1, {"kind": "refused"})])

    def whole() -> int:
        admin.rollback()
        return sum("b" in columns(admin, each, "ds_out") for each in tags)

    for number in range(1, 4):
        rest = stale.apply_pending()
        assert (whole(), rest == 0.0) == (number, number < 3)
    assert stale.apply_pending() is None
    stale.close()


def test_another_process_brings_forward_what_nobody_has(
    store: MonetDBStore, home: Path, tag: str, ask: Any, admin: Connection
) -> None:
    """One that never heard of the dataflow, at its first look."""
    tell = Teller(store, tag)
    tell(dataflow(tag, "a"), task(tag, 1, {"a": 1}))
    with reading(home, f'SELECT * FROM "{tag}"."out"'):
        tell(dataflow(tag, "b"), task(tag, 2, {"b": 2}))
    stale = MonetDBStore(PrivateServer(home).ensure, readers=(READER,))
    stale.write(f"{tag}-2", [Record(1, {"kind": "refused"})])
    stale.apply_pending()
    stale.close()
    assert "b" in columns(admin, tag, "ds_out")
    tell(task(tag, 3, {"b": 3}))  # by the first one, whose layout is of before
    assert ask.set(tag, "out", "b") == [(None,), (2,), (3,)]
    assert ask.rows('SELECT * FROM "public".waiting_value') == []


def test_who_may_read_a_set_still_may_when_it_has_grown(
    store: MonetDBStore, tag: str, ask: Any, admin: Connection
) -> None:
    """Grants to users and to all, on single columns, to pass on, and comments."""
    tell = Teller(store, tag)
    tell(dataflow(tag, "a"), task(tag, 1, {"a": 1}))
    user = f"analyst-{tag}"
    with admin.transaction():
        admin.execute(f"CREATE USER \"{user}\" WITH PASSWORD 'p' NAME 'n' SCHEMA sys")
        admin.execute(f'GRANT SELECT ON "{tag}"."out" TO "{user}" WITH GRANT OPTION')
        admin.execute(f'GRANT SELECT (a) ON "{tag}"."out" TO PUBLIC')
        admin.execute(f'COMMENT ON VIEW "{tag}"."out" IS \'of mine; %\'')
    asked = (
        "SELECT a.name, c.name, p.grantable FROM sys.privileges p JOIN sys.auths a "
        "ON a.id = p.auth_id LEFT JOIN sys.columns c ON c.id = p.obj_id JOIN sys.tables t "
        "ON t.id IN (p.obj_id, c.table_id) JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s AND t.name = 'out'"
    )
    before = sorted(admin.query(asked, [tag]), key=str)
    admin.rollback()
    assert {name for name, *_ in before} >= {user, "public", "keras_prov_reader"}
    tell(dataflow(tag, "a", "b"))
    assert sorted(admin.query(asked, [tag]), key=str) == before
    assert ("of mine; %",) in admin.query("SELECT remark FROM sys.comments")
    admin.rollback()


def test_what_is_built_on_a_set_does_not_keep_it_from_growing(
    store: MonetDBStore, tag: str, ask: Any, admin: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """A user's own view on it: rows are stored, what is in the way is named, and it heals."""
    tell = Teller(store, tag)
    tell(dataflow(tag, "a"), task(tag, 1, {"a": 1}))
    with admin.transaction():
        admin.execute(f'CREATE VIEW "{tag}".mine AS SELECT a FROM "{tag}"."out"')
    tell(dataflow(tag, "a", "b"), task(tag, 2, {"a": 2, "b": 3}))
    assert f'"{tag}"."mine"' in caplog.text
    assert ask.set(tag, "mine".replace("mine", "ds_out"), "a, b") == [(1, None), (2, 3)]
    with admin.transaction():
        admin.execute(f'DROP VIEW "{tag}".mine')
    tell(dataflow(tag, "c"), task(tag, 3, {"c": 4}))
    assert ask.set(tag, "out", "a, b, c") == [(1, None, None), (2, 3, None), (None, None, 4)]


def test_a_server_that_keeps_views_too_keeps_up_no_rows(
    store: MonetDBStore,
    home: Path,
    tag: str,
    ask: Any,
    admin: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Newer servers refuse to drop a view that is read: its new columns come later, too."""
    tell = Teller(store, tag)
    tell(dataflow(tag, "a"), task(tag, 1, {"a": 1}))

    def refuse(*_: Any) -> None:
        admin.execute(f'SELECT * FROM "{tag}".nosuch')

    with reading(home, f'SELECT * FROM "{tag}"."out"'), monkeypatch.context() as patched:
        patched.setattr(apply_pending, "_recreate_view", refuse)
        tell(dataflow(tag, "a", "b"), task(tag, 2, {"a": 2, "b": 3}))
        admin.rollback()
        assert columns(admin, tag, "out") == ["id", "step_task_id", "a"]
        assert ask.set(tag, "out", "a") == [(1,), (2,)]
        with pytest.raises(RefusedError):
            ask.set(tag, "out", "b")
    store._pending_growth.due = 0
    store.apply_pending()
    assert ask.set(tag, "out", "a, b") == [(1, None), (2, 3)]
