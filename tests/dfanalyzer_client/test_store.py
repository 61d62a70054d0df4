"""The store: exactly once, many writers, whatever the names and values, and nothing dropped."""

from __future__ import annotations

import json
import math
import random
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.delivery.batches import store_batch
from dfanalyzer_client.delivery.exporter import Exporter
from dfanalyzer_client.errors import (
    ConflictError,
    RefusedError,
    StoreLoginError,
    StoreUnavailableError,
)
from dfanalyzer_client.executions.reader import read_execution
from dfanalyzer_client.executions.summaries import find_execution, find_executions
from dfanalyzer_client.journal import DeadLetters, Journal, JournalReader, Record
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import Connection, MonetDBStore
from dfanalyzer_client.store.bulk import insert_rows
from dfanalyzer_client.store.sql import identifier


@pytest.fixture
def store(home: Path) -> Iterator[MonetDBStore]:
    """A store of this test's own, on the worker's server."""
    result = MonetDBStore(PrivateServer(home).ensure, readers=(READER,))
    yield result
    result.close()


def dataflow(tag: str, *attributes: tuple[str, str], exec_: str = "run") -> dict[str, Any]:
    described = [{"name": name, "type": type_} for name, type_ in attributes]
    output = {"tag": "out", "type": "OUTPUT", "attributes": described}
    return {
        "kind": "dataflow",
        "tag": tag,
        "exec": exec_,
        "transformations": [{"tag": "step", "sets": [output]}],
    }


def task(tag: str, number: int, *rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    sets = [
        {"tag": "out", "attributes": list(row), "elements": [list(row.values())]} for row in rows
    ]
    return {
        "kind": "task",
        "dataflow": tag,
        "exec": "run",
        "transformation": "step",
        "id": str(number),
        "status": "RUNNING",
        "sets": sets,
        **more,
    }


def records(*messages: dict[str, Any], first: int = 1) -> list[Record]:
    return [Record(first + number, message) for number, message in enumerate(messages)]


def test_sending_again_changes_nothing(store: MonetDBStore, tag: str, ask: Any) -> None:
    """A batch sent twice, and a whole journal replayed by another writer, is stored once."""
    batch = records(
        dataflow(tag, ("a", "NUMERIC")),
        task(tag, 1, {"a": 1}),
        task(tag, 1, {"a": 2}, status="FINISHED"),
    )
    for _ in range(2):
        store.write(tag, batch)
    store.close()
    store.write(tag, batch)
    store.write(tag, [*batch, *records(task(tag, 2, {"a": 3}), first=4)])
    assert ask.set(tag, "out", "a") == [(1,), (2,), (3,)]
    assert store.position(tag) == 4


def test_a_refused_message_is_set_aside_and_the_rest_is_stored(
    store: MonetDBStore, tag: str, ask: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One message that cannot be stored, in mid-batch, costs itself alone, and is said once."""
    aside = DeadLetters(tmp_path / "journal.refused")
    bad = task(tag, 2, {"a": 2})
    bad["transformation"] = "nosuch"
    batch = records(
        dataflow(tag, ("a", "NUMERIC")), task(tag, 1, {"a": 1}), bad, task(tag, 3, {"a": 3})
    )
    store_batch(store, tag, batch, aside)
    store_batch(store, tag, batch, aside)
    assert ask.set(tag, "out", "a") == [(1,), (3,)]
    assert len(aside) == 1
    entry = json.loads(aside.path.read_text())
    assert "nosuch" in entry["error"]
    assert entry["message"] == bad
    assert len([each for each in caplog.records if "set aside" in each.message]) == 1


def test_messages_that_make_no_sense_hold_up_nothing(
    store: MonetDBStore, tag: str, ask: Any, tmp_path: Path
) -> None:
    """Whatever is wrong with a message, it is set aside and those after it are stored."""
    aside = DeadLetters(tmp_path / "journal.refused")
    good = task(tag, 9, {"a": 9})
    wrong = [
        task(tag, 1, {"nosuch": 1}),
        {"kind": "task"},
        {**good, "id": "nine"},
        {**good, "dependency": {"tags": [{"tag": "step"}], "ids": []}},
        {**good, "sets": [{"tag": "out", "attributes": ["a"], "elements": [[1, 2]]}]},
        {**good, "dataflow": "nobody declared this"},
        {"kind": "dataflow", "tag": "sys", "transformations": []},
    ]
    store_batch(store, tag, records(dataflow(tag, ("a", "NUMERIC")), *wrong, good), aside)
    assert ask.set(tag, "out", "a") == [(9,)]
    assert len(aside) == len(wrong)


def test_lacking_rights_are_no_fault_of_a_message(
    home: Path, tag: str, tmp_path: Path, store: MonetDBStore
) -> None:
    """A user who may not write sets nothing aside: it waits until somebody grants it."""
    store.write(tag, records(dataflow(tag, ("a", "NUMERIC"))))
    reader = MonetDBStore(PrivateServer(home).reader_url)
    aside = DeadLetters(tmp_path / "journal.refused")
    with pytest.raises(StoreLoginError, match="sysadmin"):
        store_batch(reader, f"{tag}-2", records(task(tag, 1, {"a": 1})), aside)
    assert len(aside) == 0
    reader.close()


def test_a_message_of_another_type_is_refused_with_the_cure(store: MonetDBStore, tag: str) -> None:
    """An attribute that is NUMERIC in the database cannot become TEXT; the error has the cure."""
    store.write("one" + tag, records(dataflow(tag, ("a", "NUMERIC"))))
    with pytest.raises(RefusedError, match="another name"):
        store.write("two" + tag, records(dataflow(tag, ("a", "TEXT"))))


def test_a_schema_grows_and_keeps_its_rows(store: MonetDBStore, tag: str, ask: Any) -> None:
    """New attributes are added columns; each growth is a version; unchanged ones are none."""
    store.write(
        tag,
        records(
            dataflow(tag, ("a", "NUMERIC")),
            task(tag, 1, {"a": 1}),
            dataflow(tag, ("index", "TEXT"), ("a", "NUMERIC")),
            dataflow(tag, ("a", "NUMERIC")),
            task(tag, 2, {"index": "i", "a": 2}),
        ),
    )
    assert ask.set(tag, "out", 'a, "index"') == [(1, None), (2, "i")]
    versions = ask.rows(
        'SELECT t.identifier, t.df_version FROM "public".task t '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s ORDER BY 1',
        tag,
    )
    assert versions == [(1, 1), (2, 2)]


def test_a_task_ends_once(store: MonetDBStore, tag: str, ask: Any) -> None:
    """The first end counts; what is said of the task later is stored, and its status stays."""
    store.write(
        tag,
        records(
            dataflow(tag, ("a", "NUMERIC")),
            task(tag, 1, status="FAILED", error="why"),
            task(tag, 1, {"a": 1}, status="FINISHED"),
        ),
    )
    store.close()
    store.write(tag, records(task(tag, 1, {"a": 2}, status="FINISHED"), first=4))
    rows = ask.rows(
        'SELECT t.status, t.error_msg FROM "public".task t '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s',
        tag,
    )
    assert rows == [("FAILED", "why")]
    assert ask.set(tag, "out", "a") == [(1,), (2,)]


def test_a_dependency_said_later_is_kept(store: MonetDBStore, tag: str, ask: Any) -> None:
    """A task that names its dependency only when it ends still depends on it, once."""
    message = dataflow(tag, ("a", "NUMERIC"))
    reader = {"tag": "next", "sets": [{"tag": "out", "type": "INPUT", "dependency": "step"}]}
    message["transformations"].append(reader)
    later = {
        **task(tag, 1, status="FINISHED"),
        "transformation": "next",
        "dependency": {"tags": [{"tag": "step"}], "ids": [{"id": "1"}]},
    }
    begun = {**task(tag, 1), "transformation": "next"}
    store.write(tag, records(message, task(tag, 1, {"a": 1}), begun))
    store.close()
    store.write(tag, records(later, later, first=4))
    ((writer, reader_id),) = ask.set(tag, "out", "step_task_id, next_task_id")
    edges = 'SELECT previous_task_id FROM "public".task_dependency WHERE task_id = %s'
    assert ask.rows(edges, reader_id) == [(writer,)]


# Neither surrogates nor NUL are text to a database. The C1 control characters are stored well, but
# pymonetdb 1.9.1 misreads the octal escapes in which MonetDB sends them (pythonize.strip).
CHARACTERS = st.characters(
    exclude_categories=("Cs",), exclude_characters=["\0", *map(chr, range(0x80, 0xA0))]
)
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(
    lambda name: name.strip() and not name.startswith("%")
)
TEXTS = st.none() | st.text(CHARACTERS)
NUMBERS = st.none() | st.floats() | st.integers(-(2**63), 2**63 - 1)


@pytest.mark.thorough
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@example(name="n", number=-7346801813017407.0, text=None)
@given(name=NAMES, number=NUMBERS, text=TEXTS)
def test_any_name_and_value_is_read_back_equal(
    store: MonetDBStore, home: Path, name: str, number: Any, text: Any
) -> None:
    """Tags, sets and attributes of any characters; every number and text; equal when read."""
    tag = "h" + name.lower()
    key = f"{name}-{number!r}-{text!r}"
    attributes = (("n" + name.lower(), "NUMERIC"), ("t" + name.lower(), "TEXT"))
    message = dataflow(tag, *attributes, exec_=key)
    row = {attributes[0][0]: number, attributes[1][0]: text}
    store.write(key, records(message, {**task(tag, 1, row), "exec": key}))
    connection = Connection(PrivateServer(home).reader_url())
    try:
        summary = find_execution(connection, key)
        (found,) = read_execution(connection, summary.dataflow, summary.id).sets
        stored_number, stored_text = found.rows[0].values
    finally:
        connection.close()
    assert stored_text == text
    assert repr(stored_number) == repr(number) or stored_number == number


@pytest.fixture
def table(home: Path) -> Iterator[Connection]:
    """A connection in whose open transaction there is a table of many types."""
    connection = Connection(PrivateServer(home).ensure())
    connection.execute("CREATE SCHEMA bulk")
    connection.execute(
        "CREATE TABLE bulk.t (id BIGINT, task BIGINT, n DOUBLE, s TEXT, w TIMESTAMP)"
    )
    yield connection
    connection.rollback()
    connection.close()


ODD_TEXTS = [
    *("", "NULL", "null", "\\N", '"', "'", "|", "a\nb", "\r\n", "\\n", "\t", "é😀", "\x01", "%s"),
    *("\\", '""', '\\"', " a ", None),
]


def test_very_many_rows_are_read_back_equal(table: Connection) -> None:
    """Rows that go by COPY: columns in any order, some missing, odd texts, doubles bit by bit."""
    rng = random.Random(1)
    rows = [
        [ODD_TEXTS[i % len(ODD_TEXTS)], struct.unpack("d", rng.randbytes(8))[0], i]
        for i in range(3000)
    ]
    rows = [row for row in rows if math.isfinite(row[1])]
    rows[0][1] = -7346801813017407.0
    insert_rows(table, "bulk.t", ["s", "n", "id"], rows)
    assert table.copies
    stored = table.query("SELECT s, n, id, task, w FROM bulk.t ORDER BY id")
    assert stored == [(*row, None, None) for row in rows]


def test_a_row_that_copy_refuses_is_tried_with_insert(table: Connection) -> None:
    """The refusal is a conflict first, so that the batch is tried again, and then for good."""
    table._connection.commit()
    rows = [[number, "2026-11-24 10:00:00"] for number in range(3000)]
    try:
        for error in (ConflictError, RefusedError):
            with pytest.raises(error):
                insert_rows(table, "bulk.t", ["id", "w"], [*rows, [1, "no time"]])
            table.rollback()
        insert_rows(table, "bulk.t", ["id", "w"], rows)
        assert table.query("SELECT count(*) FROM bulk.t") == [(3000,)]
    finally:
        table.rollback()
        table.execute("DROP TABLE bulk.t")
        table.execute("DROP SCHEMA bulk")
        table._connection.commit()


WRITER = """
import json, sys
from dfanalyzer_client.journal import Record
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import MonetDBStore

store = MonetDBStore(PrivateServer().ensure, readers=(READER,))
for number, message in enumerate(json.load(sys.stdin)):
    store.write(sys.argv[1], [Record(number + 1, message)])
store.close()
"""


def test_writers_at_once_lose_and_double_nothing(tag: str, ask: Any) -> None:
    """Eight processes declare one dataflow and write to it at once: every row is there once."""
    writers = []
    for writer in range(8):
        exec_ = f"run-{writer % 2}"  # four writers share each execution
        messages = [dataflow(tag, ("a", "NUMERIC"), exec_=exec_)]
        messages += [
            {**task(tag, writer * 1000 + number, {"a": number}), "exec": exec_}
            for number in range(1, 21)
        ]
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, f"{tag}{writer}"], stdin=subprocess.PIPE, text=True
        )
        writers.append((process, json.dumps(messages)))
    for process, said in writers:
        assert process.stdin is not None
        process.stdin.write(said)
        process.stdin.close()
    assert [process.wait() for process, _ in writers] == [0] * 8
    assert sorted(ask.set(tag, "out", "a")) == sorted([(float(n),) for n in range(1, 21)] * 8)
    for name, expected in (("dataflow_execution", 2), ("data_set", 1), ("dataflow_version", 1)):
        count = (
            f'SELECT count(*) FROM "public".{name} x JOIN "public".dataflow d ON d.id = x.df_id '
            "WHERE d.tag = %s"
        )
        assert ask.one(count, tag) == expected
    assert ask.one('SELECT count(*) FROM "public".dataflow WHERE tag = %s', tag) == 1


class UnreliableStore:
    """A real store behind a connection that fails as it is told."""

    def __init__(self, store: MonetDBStore, failures: int) -> None:
        self._store, self.failures = store, failures
        self.recovered = threading.Event()

    def position(self, journal: str) -> int:
        return self._store.position(journal)

    def write(self, journal: str, batch: list[Record]) -> None:
        self._store.write(journal, batch[:1])  # part of it arrives …
        if self.failures:
            self.failures -= 1
            self._store.close()
            raise StoreUnavailableError("gone")  # … and the answer does not
        self._store.write(journal, batch)

    def close(self) -> None:
        self._store.close()

    forget = close


def test_an_outage_in_mid_batch_loses_and_doubles_nothing(
    store: MonetDBStore, tag: str, ask: Any, tmp_path: Path
) -> None:
    """The exporter sends again after each failure; what had arrived is not stored twice."""
    journal = Journal(tmp_path)
    journal.append(dataflow(tag, ("a", "NUMERIC")))
    for number in range(1, 6):
        last = journal.append(task(tag, number, {"a": number}))
    unreliable = UnreliableStore(store, failures=3)
    exporter = Exporter(journal.path, journal.id, lambda: unreliable)
    exporter.wake()
    assert exporter.flush(last, 30)
    exporter.stop()
    assert ask.set(tag, "out", "a") == [(float(n),) for n in range(1, 6)]


class BusyStore:
    """A store during whose first transaction another message comes."""

    def __init__(self, store: MonetDBStore, more: Callable[[], object]) -> None:
        self._store, self._more = store, more
        self.batches: list[int] = []
        self.drained = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def write(self, journal: str, batch: list[Record]) -> None:
        if not self.batches:
            self._more()
        self.batches.append(len(batch))
        self._store.write(journal, batch)

    def apply_pending(self) -> float | None:
        self.drained.set()
        return self._store.apply_pending()


def test_what_comes_while_a_batch_is_stored_is_collected(
    store: MonetDBStore, tag: str, ask: Any, tmp_path: Path
) -> None:
    """It waits for others as any message does, so that fast epochs share transactions."""
    journal = Journal(tmp_path)
    journal.append(dataflow(tag, ("a", "NUMERIC")))
    first = journal.append(task(tag, 1, {"a": 1}))
    busy = BusyStore(store, lambda: journal.append(task(tag, 2, {"a": 2})))
    exporter = Exporter(journal.path, journal.id, lambda: busy, seconds=60.0)
    assert exporter.flush(first, 30)
    assert busy.drained.wait(30)
    last = journal.append(task(tag, 3, {"a": 3}))
    assert exporter.flush(last, 30)
    exporter.stop()

    assert busy.batches == [3, 2]  # the first begins with the journal's header
    assert ask.set(tag, "out", "a") == [(1.0,), (2.0,), (3.0,)]


def test_a_new_database_is_told_everything_again(tmp_path: Path, tag: str) -> None:
    """When the private database is made anew under a running process, its rows come back."""
    server = PrivateServer(tmp_path)
    journal = Journal(tmp_path / "journals")
    store = MonetDBStore(server.ensure, readers=(READER,))
    exporter = Exporter(journal.path, journal.id, lambda: store)
    journal.append(dataflow(tag, ("a", "NUMERIC")))
    first = journal.append(task(tag, 1, {"a": 1}))
    assert exporter.flush(first, 30)

    aside = server.set_database_aside()
    assert aside is not None
    assert aside.is_dir()

    second = journal.append(task(tag, 1, {"a": 2}))
    assert exporter.flush(second, 30)
    exporter.stop()
    connection = Connection(server.reader_url())
    assert connection.query(f'SELECT a FROM "{tag}"."out" ORDER BY id') == [(1,), (2,)]
    connection.close()
    server.stop()
    assert len(list(JournalReader(journal.path))) == 4


def test_the_reader_may_only_read(home: Path, tag: str, store: MonetDBStore) -> None:
    """The reader sees every table and view of ours, and can change none."""
    store.write(tag, records(dataflow(tag, ("a", "NUMERIC")), task(tag, 1, {"a": 1})))
    connection = Connection(PrivateServer(home).reader_url())
    tables = connection.query(
        "SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name IN ('public', %s) AND t.type IN (0, 1)",
        [tag],
    )
    assert len(tables) > 20
    for schema, name in tables:
        connection.query(f'SELECT count(*) FROM "{schema}"."{name}"')
    for statement in (
        f'INSERT INTO "{tag}".ds_out(a) VALUES (1)',
        f'DELETE FROM "{tag}".ds_out',
        'UPDATE "public".definition_lock SET changes = 0',
        f'DROP SCHEMA "{tag}" CASCADE',
        "CREATE SCHEMA mine",
        'CREATE TABLE "public".mine (a INT)',
    ):
        with pytest.raises(RefusedError):
            connection.execute(statement)
        connection.rollback()
    connection.close()


def test_executions_that_others_keep_to_themselves_are_listed(tmp_path: Path, tag: str) -> None:
    """Without their epochs, which the reader may not see; those of the others are as ever."""
    server = PrivateServer(tmp_path)
    names = (tag, f"{tag}-own")
    for name in names:
        training = dataflow(name, ("loss", "NUMERIC"), exec_=f"{name}-1")
        row = task(name, 1, {"loss": 0.5}) | {"exec": f"{name}-1"}
        training["transformations"][0]["tag"] = row["transformation"] = "trainingmodel"
        training["transformations"][0]["sets"][0]["tag"] = "otrainingmodel"
        row["sets"][0]["tag"] = "otrainingmodel"
        store = MonetDBStore(server.ensure, readers=(READER,))
        store.write(name, records(training, row))
        store.close()
    with Connection(server.ensure()) as admin, admin.transaction():
        for relation in ("otrainingmodel", "ds_otrainingmodel"):
            admin.execute(f'REVOKE SELECT ON "{tag}-own".{relation} FROM "{READER}"')
    connection = Connection(server.reader_url())
    try:
        ours, theirs = (find_execution(connection, f"{name}-1") for name in names)
        assert find_executions(connection, [f"{tag}-own-1", f"{tag}-1"]) == [theirs, ours]
    finally:
        connection.close()
        server.stop()
    assert (ours.status, ours.epochs, ours.metrics) == ("RUNNING", 1, {"loss": 0.5})
    assert (theirs.status, theirs.epochs, theirs.metrics) == ("RUNNING", 0, {})


@pytest.mark.parametrize("secret", ["päss%wort", "100%", "%41%zz", "日本 +/:@?#&='x"])
def test_any_login_connects(home: Path, tag: str, secret: str) -> None:
    """Users and passwords with %, beyond ASCII and with marks of URLs, rightly percent-encoded."""
    admin = PrivateServer(home).ensure()
    user = f"{tag}{secret}".replace(":", "")  # the protocol's own separator
    doubled, connection = secret.replace("'", "''"), Connection(admin)
    with connection.transaction():
        connection.execute(
            f"CREATE USER {identifier(user)} WITH PASSWORD R'{doubled}' NAME 'x' SCHEMA sys"
        )
    connection.close()
    login = f"{quote(user, safe='')}:{quote(secret, safe='')}"
    text = f"monetdb://{login}@127.0.0.1:{admin.port}/{admin.database}?connect_timeout=20"
    connection = Connection(StoreURL.parse(text))
    assert connection.query("SELECT current_user") == [(user,)]
    connection.close()
