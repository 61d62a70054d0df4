"""`keras-prov db backup` and `db restore`: a database in a file, and the same database again."""

from __future__ import annotations

import dataclasses
import gzip
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
    client_for,
)
from dfanalyzer_client.cli import main
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.sql import qualified
from older_catalogue import TO_VERSION_6
from tools.examples import ROOT
from warm import warm_python

ODD = ("NULL", "", "a\n\r\tb\\", "\"'|%s;--", "é 日本 😀", "\x01", None)
NUMBERS = (0.1, 1e300, 5e-324, -7346801813017407.0, 2.0**53 + 1, 0.0, None)
SECRET = "readers-secret"

Place = Callable[[], Path]


def run(home: Path, *arguments: str, code: int = 0, store: StoreURL | None = None) -> Result:
    """The command with a data folder; it never ends with a traceback."""
    environment = {
        "KERAS_PROV_HOME": str(home),
        "KERAS_PROV_STORE": None if store is None else store.reveal(),
    }
    result = CliRunner().invoke(main, list(arguments), env=environment, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Place]:
    """Data folders, whose servers are stopped at the end."""
    homes: list[Path] = []

    def create() -> Path:
        homes.append(tmp_path / f"home{len(homes)}")
        return homes[-1]

    yield create
    for home in homes:
        PrivateServer(home).stop()


def measured(tag: str, *names: str, **options: Any) -> Dataflow:
    """A dataflow of one set, of a number, a text, and numbers with other names."""
    attributes = [Attribute("VALUE", AttributeType.NUMERIC), Attribute("NAME", AttributeType.TEXT)]
    attributes += [Attribute(name, AttributeType.NUMERIC) for name in names]
    output = Set("oRow", SetType.OUTPUT, attributes)
    return Dataflow(tag, [Transformation("Step", [output])], **options)


def everything(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables and views with their ids, and the next values of sequences."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    with Connection(PrivateServer(home).ensure()) as connection:
        relations = connection.query(
            "SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
            "WHERE NOT t.system"
        )
        for schema, name in relations:
            rows = connection.query(f"SELECT * FROM {qualified(schema, name)}")
            found[qualified(schema, name)] = sorted(rows, key=repr)
        found["sequences"] = sorted(
            connection.query(
                "SELECT s.name, q.name, get_value_for(s.name, q.name) FROM sys.sequences q "
                "JOIN sys.schemas s ON s.id = q.schema_id"
            )
        )
    return found


def rows_of(home: Path, tag: str) -> list[tuple[Any, ...]]:
    """What was measured, by execution; each row once, if nothing was stored twice."""
    with Connection(PrivateServer(home).reader_url()) as connection:
        return connection.query(
            f"SELECT e.tag, t.identifier, r.value, r.name FROM {qualified(tag, 'orow')} r "
            "JOIN task t ON t.id = r.step_task_id JOIN dataflow_execution e ON e.id = t.df_exec "
            "ORDER BY e.tag, t.identifier"
        )


def test_a_restored_database_is_the_same_row_for_row(new_home: Place, tmp_path: Path) -> None:
    """Odd texts and numbers, all ids, and the next ones; private or by a URL, as its readers'."""
    home, tag = new_home(), 'odd "tag" % 1'
    client = client_for(home=home)
    dataflow = measured(tag, client=client)
    dataflow.save()
    for value, name in zip(NUMBERS, ODD, strict=True):
        with dataflow.task("Step") as task:
            task.generated(value=value, name=name)
    with dataflow.task("Step") as task:
        for number in range(2500):
            task.generated(value=number, name=str(number))
    assert client.close(60)
    file = tmp_path / "odd.backup"
    assert " rows of monetdb://" in run(home, "db", "backup", str(file)).stdout
    before = everything(home)  # it has also tidied up after the client
    assert file.stat().st_mode & 0o777 == 0o600

    there = new_home()
    url = PrivateServer(there).ensure()
    accounts = CliRunner().invoke(
        main,
        ["db", "init", "--reader", "ann", "--writer", "lab", "--passwords", "-"],
        input=f"{SECRET}\nlabs-secret\n",
        env={"KERAS_PROV_STORE": url.reveal()},
    )
    assert accounts.output.count("was created") == 3, accounts.output
    writer = dataclasses.replace(url, user="lab", password="labs-secret")
    run(home, "db", "restore", str(file), store=writer)
    assert everything(there) == before
    reader = dataclasses.replace(url, user="ann", password=SECRET)
    with Connection(reader) as connection:
        assert connection.query(f"SELECT count(*) FROM {qualified(tag, 'orow')}") == [(2507,)]
    assert "as it should be" in run(home, "db", "check", store=reader).stdout
    again = tmp_path / "again.backup"
    run(home, "db", "backup", str(again), store=reader)
    assert again.read_bytes() == file.read_bytes()
    assert "already a file" in run(home, "db", "backup", str(again), code=1).stderr
    assert "has dataflows" in run(home, "db", "restore", str(file), store=writer, code=1).stderr
    aside = run(home, "db", "restore", str(file), "--set-aside", store=url, code=1).stderr
    assert "for the private database" in aside


class Training(threading.Thread):
    """Writes a row after the other, as a training does, and lets its set grow, until it is told."""

    def __init__(self, home: Path, tag: str) -> None:
        super().__init__()
        self._home, self._tag = home, tag
        self.has_begun, self.is_to_end = threading.Event(), threading.Event()
        self.count = 0

    def run(self) -> None:
        client = client_for(home=self._home)
        dataflow = measured(self._tag, client=client)
        dataflow.save()
        while not self.is_to_end.is_set() or self.count < 30:
            if self.count % 10 == 9:
                dataflow = measured(self._tag, f"MORE{self.count}", client=client)
                dataflow.save()
            with dataflow.task("Step") as task:
                task.generated(value=self.count, name=f"row {self.count}")
            assert client.flush(60)
            self.count += 1
            if self.count == 5:
                self.has_begun.set()
        assert client.close(60)


def test_what_came_after_a_backup_comes_back_from_the_journals(
    new_home: Place, tmp_path: Path, tag: str
) -> None:
    """A backup is made while a training writes; what was erased since is erased again."""
    home, file = new_home(), tmp_path / "some.backup"
    client = client_for(home=home)
    secret = measured(f"{tag}-secret", client=client)
    secret.save()
    with secret.task("Step") as task:
        task.generated(value=1, name="secret")
    assert client.close(60)
    training = Training(home, tag)
    training.start()
    assert training.has_begun.wait(60)
    run(home, "db", "backup", str(file))
    training.is_to_end.set()
    training.join()
    run(home, "forget", secret.exec_tag, "--yes")
    all_rows = rows_of(home, tag)
    assert len(all_rows) == training.count

    said = run(home, "db", "restore", str(file), "--set-aside").stdout
    assert "The old database is in" in said
    restored = rows_of(home, tag)
    assert 5 <= len(restored) <= training.count
    assert set(restored) <= set(all_rows)
    assert len(rows_of(home, f"{tag}-secret")) == 1
    run(home, "sync", "--again")
    assert rows_of(home, tag) == all_rows
    assert "secret" not in run(home, "runs", "--csv").stdout
    run(home, "sync", "--again")
    assert rows_of(home, tag) == all_rows


def changed(data: bytes, old: bytes, new: bytes) -> bytes:
    text = gzip.decompress(data)
    assert old in text
    return gzip.compress(text.replace(old, new, 1))


def test_a_damaged_file_changes_nothing(new_home: Place, tmp_path: Path) -> None:
    """One that was cut off, is no backup, of a newer version, or names what is not ours."""
    home, file = new_home(), tmp_path / "whole.backup"
    nothing = tmp_path / "none.backup"
    PrivateServer(home).ensure()
    assert "has no catalogue" in run(home, "db", "backup", str(nothing), code=1).stderr
    run(home, "db", "init")
    run(home, "db", "backup", str(file))
    whole = file.read_bytes()
    head = b'"catalogue_version":'
    damaged = {
        "cut off": (whole[:-30], "cannot be read as a backup"),
        "shorter": (gzip.compress(gzip.decompress(whole)[:-20]), "cannot be read as a backup"),
        "text": (b"no backup", "cannot be read as a backup"),
        "other": (gzip.compress(b"[1]\n"), "is no backup that this version reads"),
        "no version": (changed(whole, head, b'"x":'), "is no backup that this version reads"),
        "newer": (changed(whole, head, head + b"9"), "update this one"),
        "type": (changed(whole, b'"TEXT"', b'"TEXT); DROP"'), "a line names no table"),
        "place": (changed(whole, b'["public","file"]', b'["sys","x"]'), "is no part of a"),
    }
    before = everything(home)
    for name, (data, said) in damaged.items():
        file.write_bytes(data)
        refused = run(home, "db", "restore", str(file), code=1).stderr
        assert said in refused, (name, refused)
        assert len(refused.splitlines()) == 1
    assert everything(home) == before
    assert not list(tmp_path.glob("*.new"))


def test_a_backup_of_an_older_version_is_upgraded(new_home: Place, tmp_path: Path) -> None:
    """What is restored has the tables and views of this version."""
    home, file = new_home(), tmp_path / "old.backup"
    run(home, "db", "init")
    with Connection(PrivateServer(home).ensure()) as connection, connection.transaction():
        for statement in TO_VERSION_6:
            connection.execute(statement)
    run(home, "db", "backup", str(file))
    assert "version 7\n" in run(home, "db", "restore", str(file)).stdout
    assert "as it should be" in run(home, "db", "check").stdout


TRAINING = """
import sys
import keras_prov as keras
from small_models import data, small_model

class Waits(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2:
            keras.flush(60)
            print("half", flush=True)
            sys.stdin.readline()

model = small_model()
model.provenance(sys.argv[1], hyps={"LEARNING_RATE": True})
model.fit(*data(), epochs=4, verbose=0, callbacks=[Waits()])
model.fit(*data(), epochs=2, verbose=0, validation_data=data())
"""


@pytest.mark.thorough
def test_a_training_is_backed_up_in_its_midst(new_home: Place, tmp_path: Path, tag: str) -> None:
    """The epochs and the metric that came later are there again after a restore and a sync."""
    home, file = new_home(), tmp_path / "half.backup"
    with subprocess.Popen(
        [*warm_python(), "-c", TRAINING, tag],
        env={**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONPATH": str(ROOT / "tests")},
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "half\n"
        run(home, "db", "backup", str(file))
        program.communicate("go on\n")
    assert program.returncode == 0
    columns = "--columns", "execution,status,epochs,loss,val_loss,learning_rate"
    run(home, "sync")
    whole = run(home, "runs", *columns, "--csv").stdout
    assert ",FINISHED,6," in whole
    run(home, "db", "restore", str(file), "--set-aside")
    half = run(home, "runs", "--columns", "status,epochs", "--csv").stdout
    assert half == "status,epochs\nRUNNING,2\n"  # the user's callbacks come before the row
    run(home, "sync", "--again")
    assert run(home, "runs", *columns, "--csv").stdout == whole
