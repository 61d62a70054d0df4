"""What depends on what has not come yet, what was refused, and what is odd."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dfanalyzer_client.cli import main
from dfanalyzer_client.delivery.batches import store_batch
from dfanalyzer_client.delivery.lookup import lookup_declaration
from dfanalyzer_client.delivery.open_tasks import OpenTasks
from dfanalyzer_client.delivery.recovery import drain_orphans
from dfanalyzer_client.delivery.sync import sync
from dfanalyzer_client.errors import DfAnalyzerError, JournalError
from dfanalyzer_client.journal import (
    DeadLetters,
    Journal,
    JournalReader,
    Record,
    _bounded_gzip,
    _reader,
    _search,
    declarations,
    read_header,
)
from dfanalyzer_client.journal._record import line_of
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import MonetDBStore


@pytest.fixture
def store(home: Path) -> Iterator[MonetDBStore]:
    """A store of this test's own, on the worker's server."""
    result = MonetDBStore(PrivateServer(home).ensure, readers=(READER,))
    yield result
    result.close()


def dataflow(tag: str, *attributes: str, exec_: str = "run") -> dict[str, Any]:
    """Step A writes a set that B reads."""
    described = [{"name": name, "type": "NUMERIC"} for name in attributes]
    one = {"tag": "oa", "type": "OUTPUT", "attributes": described}
    return {
        "kind": "dataflow",
        "tag": tag,
        "exec": exec_,
        "transformations": [
            {"tag": "a", "sets": [one]},
            {"tag": "b", "sets": [{"tag": "oa", "type": "INPUT", "dependency": "a"}]},
        ],
    }


def task(tag: str, step: str, number: int, *row: float, on: int | None = None) -> dict[str, Any]:
    """A task of step A with a row, or one of B that depends on one of A."""
    message: dict[str, Any] = {
        "kind": "task",
        "dataflow": tag,
        "exec": "run",
        "transformation": step,
        "id": str(number),
        "status": "FINISHED",
        "sets": [{"tag": "oa", "attributes": ["x"], "elements": [[each]]} for each in row],
    }
    if on is not None:
        message["dependency"] = {"tags": [{"tag": "a"}], "ids": [{"id": str(on)}]}
    return message


def left(home: Path, *messages: dict[str, Any]) -> Path:
    """The journal of a process that is gone."""
    journal = Journal(home / "journals")
    for each in messages:
        journal.append(each)
    journal.close()
    return journal.path


def synced(home: Path, **options: bool) -> int:
    """How many messages a `sync` stores; none may fail."""
    failures: list[Any] = []

    def report(_: Path, outcome: Any) -> None:
        failures.extend([outcome] * isinstance(outcome, DfAnalyzerError))

    count = sync(home, None, report, **options)
    assert failures == []
    return count


def test_a_task_is_linked_when_what_it_depends_on_comes(
    store: MonetDBStore, tag: str, ask: Any
) -> None:
    """Two of them, said twice, whichever batch and connection the other comes with, once each."""
    first = [dataflow(tag, "x"), *[task(tag, "b", n, on=n) for n in (1, 2, 1, 3)]]
    store.write(f"{tag}-b", [Record(n + 1, each) for n, each in enumerate(first)])
    store.close()
    store.write(f"{tag}-c", [Record(1, task(tag, "b", 1, on=1))])
    other = MonetDBStore(store._address, readers=(READER,))
    other.write(f"{tag}-a", [Record(1, task(tag, "a", 1, 7.0)), Record(2, task(tag, "a", 2, 8.0))])
    other.close()
    rows = ask.set(tag, "oa", "x, b_task_id IS NULL")
    assert rows == [(7.0, False), (8.0, False)]
    links = (
        'SELECT t.identifier, p.identifier FROM "public".task_dependency l '
        'JOIN "public".task_begun t ON t.id = l.task_id '
        'JOIN "public".task_begun p ON p.id = l.previous_task_id '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s ORDER BY 1'
    )
    assert ask.rows(links, tag) == [(1, 1), (2, 2)]
    waiting = 'SELECT previous_identifier FROM "public".waiting_dependency'
    assert (3,) in ask.rows(waiting)  # which never comes


@pytest.mark.thorough
def test_a_task_told_before_its_dataflow_is_stored_when_that_is_known(
    own: Path, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In whichever order journals are taken in, by whoever comes next, and in a new database."""
    monkeypatch.setenv("KERAS_PROV_HOME", str(own))
    left(own, task(tag, "a", 1, 7.0))
    orphan = left(own, task(f"{tag}-never", "a", 1, 7.0))
    assert synced(own) == 2  # which are done with: one is set aside for good, as it seems
    aside = DeadLetters.of_journal(orphan)
    assert len(aside) == 1
    left(own, dataflow(tag, "x"))
    store = MonetDBStore(PrivateServer(own).ensure, readers=(READER,))
    for _ in drain_orphans(own / "journals", None, store):
        pass
    asked = f'SELECT x FROM "{tag}"."oa"'
    assert store._connected().query(asked) == [(7.0,)]
    store.close()

    PrivateServer(own).set_database_aside()
    for _ in range(2):
        synced(own, again=True, refused=True)
        connection = store._connected()
        assert connection.query(asked) == [(7.0,)]
        store.close()
    assert len(aside) == 1


def test_what_was_refused_is_listed_and_tried_again_when_asked(
    own: Path, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its reason; it is stored once the cause is mended, once, and no more listed."""
    monkeypatch.setenv("KERAS_PROV_HOME", str(own))
    store = MonetDBStore(PrivateServer(own).ensure, readers=(READER,))
    store.write("text", [Record(1, dataflow(tag, "x"))])
    bad = {**task(tag, "a", 5, 6.0), "performances": [{"startTime": "no time"}]}
    left(own, bad, task(tag, "a", 6, 7.0))
    synced(own)
    listed = CliRunner().invoke(main, ["journal"])
    assert listed.exit_code == 0
    assert "no time" in listed.output.replace("\n", "")
    assert f"task 5 of a in dataflow {tag}, execution run" in listed.output
    assert "sync --refused" in listed.output
    asked = f'SELECT x FROM "{tag}"."oa" ORDER BY id'
    assert store._connected().query(asked) == [(7.0,)]
    again = CliRunner().invoke(main, ["sync", "--refused"])
    refusal = "1 message is still refused by the database: `keras-prov journal` says why.\n"
    assert (again.exit_code, again.output) == (1, f"Error: {refusal}")
    plain = CliRunner().invoke(main, ["sync"])
    assert (plain.exit_code, plain.output) == (0, refusal)

    with store._connected().transaction():  # the cause is mended
        store._connected().execute('DROP VIEW "public".task')
        store._connected().execute('ALTER TABLE "public".performance DROP COLUMN starttime')
        store._connected().execute('ALTER TABLE "public".performance ADD COLUMN starttime TEXT')
    for stored in ("1 messages stored.", "Nothing was left to store."):
        again = CliRunner().invoke(main, ["sync", "--refused"])
        assert stored in again.output
    synced(own, again=True, refused=True)
    assert store._connected().query(asked) == [(7.0,), (6.0,)]
    assert "Set aside" not in CliRunner().invoke(main, ["journal"]).output.replace("set aside", "")
    store.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda each: (
        st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=5), each, max_size=3)
    ),
    max_leaves=5,
)
PARTS = st.sampled_from(
    [
        "kind",
        "dataflow",
        "exec",
        "transformation",
        "id",
        "status",
        "sets",
        "dependency",
        "tag",
        "performances",
        "files",
        "derivedFrom",
        "transformations",
        "startTime",
        "error",
        "subid",
    ]
)


@pytest.mark.thorough
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(odd=st.dictionaries(PARTS, JSON, min_size=1), declares=st.booleans())
@example(odd={"exec": None}, declares=True)
@example(odd={"exec": None}, declares=False)
def test_any_odd_message_costs_itself_alone(
    store: MonetDBStore, tmp_path: Path, odd: dict[str, Any], declares: bool
) -> None:
    """Whatever a record of JSON says in place of a task or a dataflow, the next one is stored."""
    tag = os.urandom(6).hex()
    base = dataflow(tag, "x") if declares else task(tag, "a", 1, 1.0)
    message = json.loads(json.dumps({**base, **odd}))
    OpenTasks().ingest(message)
    batch = [Record(1, dataflow(tag, "x")), Record(2, message), Record(3, task(tag, "a", 9, 9.0))]
    store_batch(store, tag, batch, DeadLetters(tmp_path / f"{tag}.refused"))
    connection = store._connected()
    with connection.transaction():
        assert connection.query(f'SELECT 1 FROM "{tag}"."oa" WHERE x = 9') == [(1,)]
        nameless = 'SELECT id FROM "public".dataflow_execution WHERE tag IS NULL'
        assert connection.query(nameless) == []
    assert store.position(tag) == 3


def test_odd_records_and_headers_of_one_journal_hold_up_no_other(
    own: Path, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Journals that make no sense are named or passed over; the good one beside them is stored."""
    monkeypatch.setenv("KERAS_PROV_HOME", str(own))
    good = [dataflow(tag, "x"), task(tag, "a", 1, 1.0)]
    odd = left(own)
    bodies = [
        "[1, 2]",
        "3",
        "null",
        '"text"',
        "{}",
        '{"kind": "from tomorrow"}',
        '{"kind": []}',
        '{"kind": "task", "exec": [], "id": {}}',
        '{"exec": {}}',
        "[" * 900 + "]" * 900,
        '{"kind": "dataflow", "exec": 7, "tag": "' + tag + '", "transformations": 9}',
        '{"kind": "task", "id": 1' + "0" * 400 + "}",
        '{"a":' * 900 + "1" + "}" * 900,
    ]
    lines = [line_of(1 + n, body) for n, body in enumerate(bodies)]
    lines += [lines[-1], line_of(3, "{}"), line_of(10**30, "{}"), line_of(2**63 - 1, "{}")]
    with odd.open("ab") as file:
        file.write(b"".join(lines))
    headers: list[Any] = [7, {}, {"format": "x"}, {"format": 1}, {"format": 1, "journal": 3}]
    whole = {"journal": "j", "format": 1, "created": "?", "host": 1, "pid": "x", "store": {}}
    for number, header in enumerate([*headers, whole]):
        path = own / "journals" / f"0{number}.journal"
        path.write_bytes(line_of(0, json.dumps(header)) + line_of(1, "{}"))
        with pytest.raises(JournalError, match="no readable beginning"):
            read_header(path)
    (own / "journals" / "00.journal.gz").write_bytes(b"no gzip")
    left(own, *good)
    sync(own, None, lambda *_: None, again=True)
    store = MonetDBStore(PrivateServer(own).ensure, readers=(READER,))
    assert store._connected().query(f'SELECT x FROM "{tag}"."oa"') == [(1.0,)]
    store.close()
    assert "no readable beginning" in CliRunner().invoke(main, ["journal"]).output
    assert lookup_declaration(None, own, tag, "7") is not None


def test_a_compressed_journal_that_expands_without_end_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In time and memory, with newlines and without, wherever journals are read."""
    monkeypatch.setattr(_bounded_gzip, "ALLOWED_BYTES", 4 << 20)
    monkeypatch.setattr(_reader, "MAX_LINE_BYTES", 4 << 20)
    monkeypatch.setattr(_search, "MAX_LINE_BYTES", 4 << 20)
    for number, unit in enumerate((b"\0" * (1 << 20), b"{}\n" * (1 << 18))):
        path = tmp_path / f"2026-{number}.journal.gz"
        with gzip.open(path, "wb", compresslevel=9) as file:
            for _ in range(20):
                file.write(unit)
        tracemalloc.start()
        with pytest.raises(JournalError):
            read_header(path)
        reader = JournalReader(path)
        assert list(reader) == []
        assert reader.damaged
        assert declarations(tmp_path, "t", None) == []
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
        tracemalloc.stop()
