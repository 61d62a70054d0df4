"""`keras-prov db init --reader --writer`: accounts of a shared server, and what they may do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from command.terminal import in_terminal
from dfanalyzer_client.cli import main
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import DfAnalyzerError, StoreLoginError
from dfanalyzer_client.journal import Record
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection, MonetDBStore, create_catalogue
from dfanalyzer_client.store.rights.permissions import all_readers
from dfanalyzer_client.store.schema import TABLES, VIEWS
from older_catalogue import TO_VERSION_6

SECRET = "gehéim 'n\\\" %s;--"
"""A password with everything that ends a text in SQL."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreURL]:
    """A server of these tests' own, as its administrator reaches it."""
    server = PrivateServer(tmp_path_factory.mktemp("shared"))
    yield server.ensure()
    server.stop()


def init(url: StoreURL, *arguments: str, code: int = 0, **options: Any) -> Result:
    """`keras-prov db init` at a server; it never ends with a traceback."""
    result = CliRunner().invoke(
        main,
        ["db", "init", *arguments],
        env={"KERAS_PROV_STORE": url.reveal()},
        catch_exceptions=False,
        **options,
    )
    assert result.exit_code == code, result.output
    return result


def as_user(url: StoreURL, name: str, password: str = SECRET) -> StoreURL:
    return dataclasses.replace(url, user=name, password=password)


def dataflow(tag: str, *columns: str, name: str = "out") -> Record:
    described = [{"name": column, "type": "NUMERIC"} for column in columns]
    sets = [{"tag": name, "type": "OUTPUT", "attributes": described}]
    steps = [{"tag": "step", "sets": sets}]
    return Record(1, {"kind": "dataflow", "tag": tag, "exec": f"{tag}-1", "transformations": steps})


def task(tag: str, **values: float) -> Record:
    data = {"tag": "out", "attributes": list(values), "elements": [list(values.values())]}
    message = {
        "kind": "task",
        "dataflow": tag,
        "exec": f"{tag}-1",
        "transformation": "step",
        "id": "1",
        "status": "FINISHED",
        "sets": [data],
    }
    return Record(2, message)


@pytest.fixture
def write(server: StoreURL) -> Iterator[Callable[..., None]]:
    """Stores messages as an account, over one connection as a training's exporter does."""
    stores: dict[str, MonetDBStore] = {}

    def write(*messages: Record, url: StoreURL = server, journal: str) -> None:
        if url.user not in stores:
            stores[url.user] = MonetDBStore(lambda: url)
        stores[url.user].forget_position(journal)
        stores[url.user].write(journal, messages)

    yield write
    for store in stores.values():
        store.close()


def test_a_reader_reads_what_is_there_and_what_comes(
    server: StoreURL, write: Callable[..., None], tag: str
) -> None:
    """A new metric, set or dataflow is readable at once, also by the names that people write."""
    write(dataflow(tag, "loss"), task(tag, loss=0.5), journal=f"{tag}-a")
    said = init(server, "--reader", f"r {tag}", "--passwords", "-", input=f"{SECRET}\n").stdout
    assert f"The account r {tag} was created: it may read " in said
    with Connection(as_user(server, f"r {tag}")) as reader:
        assert reader.query(f'SELECT loss FROM "{tag}".out') == [(0.5,)]
        reader.rollback()
        write(dataflow(tag, "loss", "mae"), task(tag, loss=1, mae=2), journal=f"{tag}-b")
        assert reader.query(f'SELECT mae FROM "{tag}".out') == [(None,), (2.0,)]
        reader.rollback()
        write(dataflow(tag, "more", name="another"), journal=f"{tag}-c")
        write(dataflow(f"{tag}-2", "loss"), task(f"{tag}-2", loss=3), journal=f"{tag}-d")
        assert reader.query(f'SELECT count(*) FROM "{tag}".another, "{tag}".ds_another') == [(0,)]
        reader.execute(f'SET SCHEMA "{tag}-2"')
        assert reader.query("SELECT loss FROM out JOIN task ON task.id = step_task_id") == [(3.0,)]
        reader.rollback()
    assert "is there already: it may read 0 more" in init(server, "--reader", f"r {tag}").stdout


def test_a_reader_changes_nothing(server: StoreURL, write: Callable[..., None], tag: str) -> None:
    """Neither rows nor definitions nor accounts."""
    write(dataflow(tag, "loss"), task(tag, loss=0.5), journal=tag)
    init(server, "--reader", f"r-{tag}", "--passwords", "-", input=SECRET)
    url = as_user(server, f"r-{tag}")
    statements = (
        "INSERT INTO \"public\".dataflow VALUES (1, 'x')",
        "UPDATE \"public\".dataflow SET tag = 'x'",
        f'DELETE FROM "{tag}".ds_out',
        f'DROP VIEW "{tag}".out',
        f'DROP TABLE "{tag}".ds_out',
        f'ALTER TABLE "{tag}".ds_out ADD COLUMN x INT',
        "CREATE SCHEMA x",
        "CREATE USER x WITH PASSWORD 'x' NAME 'x' SCHEMA sys",
        f'GRANT SELECT ON "{tag}".out TO PUBLIC',
        "SET ROLE sysadmin",
    )
    with Connection(url) as reader:
        for statement in statements:
            with pytest.raises(DfAnalyzerError), reader.transaction():
                reader.execute(statement)
        assert reader.query(f'SELECT loss FROM "{tag}".out') == [(0.5,)]
    refused = init(url, "--reader", f"other-{tag}", "--passwords", "-", input="x", code=1)
    assert "run this as monetdb" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_writer_captures_and_its_readers_read(
    server: StoreURL, write: Callable[..., None], tag: str
) -> None:
    """A writer defines dataflows and lets them grow; what it creates is the readers' to read."""
    names = [f"{kind}-{tag}" for kind in ("r", "w")]
    arguments = ["--reader", names[0], "--writer", names[1], "--passwords", "-"]
    said = init(server, *arguments, input="one\ntwo\n").stdout
    assert f"{names[1]} was created: it may write." in said
    writer = as_user(server, names[1], "two")
    write(dataflow(tag, "loss"), task(tag, loss=1), url=writer, journal=f"{tag}-a")
    write(dataflow(tag, "loss", "mae"), task(tag, mae=2), url=writer, journal=f"{tag}-b")
    with Connection(as_user(server, names[0], "one")) as reader:
        assert reader.query(f'SELECT loss, mae FROM "{tag}".out') == [(1.0, None), (None, 2.0)]
    with Connection(writer) as connection:
        assert connection.query(f'SELECT loss FROM "{tag}".out') == [(1.0,), (None,)]
    again = init(server, "--writer", names[1]).stdout
    assert f"{names[1]} is there already: it may write." in again


def test_who_reads_a_part_gets_no_more(
    server: StoreURL, write: Callable[..., None], tag: str
) -> None:
    """An account with rights on some tables of the catalogue is not taken for a reader of it."""
    init(server, "--reader", f"all-{tag}", "--passwords", "-", input="x")
    with Connection(server) as admin:
        with admin.transaction():
            admin.execute(f"CREATE USER \"some-{tag}\" WITH PASSWORD 'x' NAME 'x' SCHEMA sys")
            admin.execute(f'GRANT SELECT ON "public".dataflow TO "some-{tag}"')
        readers = all_readers(admin, ["known"])
    assert readers[0] == "known"
    assert f"all-{tag}" in readers
    assert f"some-{tag}" not in readers


def test_a_reader_still_reads_all_after_an_upgrade(tmp_path: Path) -> None:
    """Tables and views of a newer catalogue are granted to who could read the older one."""
    server = PrivateServer(tmp_path)
    try:
        url = server.ensure()
        init(url, "--reader", "r", "--passwords", "-", input=SECRET)
        with Connection(url) as admin:
            with admin.transaction():
                for statement in TO_VERSION_6:
                    admin.execute(statement)
            create_catalogue(admin)
        with Connection(as_user(url, "r")) as reader:
            for name in (*TABLES, *VIEWS):
                reader.query(f'SELECT count(*) FROM "public"."{name}"')
    finally:
        server.stop()


def test_a_password_is_typed_twice_and_shown_nowhere(server: StoreURL, tag: str) -> None:
    """On a terminal it is asked for; neither it nor its hash is in the list of statements."""
    command = in_terminal("db", "init", "--reader", tag, KERAS_PROV_STORE=server.reveal())
    command.expect(f"Password of the new account {tag} at 127.0.0.1:")
    command.sendline("first-try")
    command.expect("Repeat for confirmation:")
    command.sendline("mistyped")
    command.expect(f"Password of the new account {tag} at 127.0.0.1:")
    command.sendline("hunter-2")
    command.expect("Repeat for confirmation:")
    command.sendline("hunter-2")
    command.expect("was created")
    command.wait()
    with Connection(as_user(server, tag, "hunter-2")) as reader:
        assert reader.query("SELECT current_user") == [(tag,)]
    with pytest.raises(StoreLoginError):
        Connection(as_user(server, tag, "mistyped"))
    with Connection(server) as admin:
        ((seen,),) = admin.query("SELECT count(*) FROM sys.queue WHERE query LIKE '%hunter-2%'")
    assert seen <= 1  # that question itself


@pytest.mark.parametrize(
    ("arguments", "typed", "said"),
    [
        (("--reader", "a:b"), "x", "printable text without colons. Received: 'a:b'"),
        (("--reader", ""), "x", "printable text without colons. Received: ''"),
        (("--reader", "a", "--writer", "a"), "x\nx", "either reads or writes"),
        (("--reader", "a", "--reader", "b"), "x", "Received: 1 for 2 accounts"),
        (("--reader", "monetdb-2"), "", "Received: 0 for 1 accounts"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    server: StoreURL, arguments: tuple[str, ...], typed: str, said: str
) -> None:
    """Names without a login, an account that is both, and too few passwords."""
    refused = init(server, *arguments, "--passwords", "-", input=typed, code=1)
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
