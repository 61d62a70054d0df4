"""Who may steer: the database's rights decide."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from click.testing import CliRunner

import dfanalyzer_client
from dfanalyzer_client.cli import main
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import RefusedError, StoreLoginError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.schema import names_in
from dfanalyzer_client.store.sql import identifier, qualified
from dfanalyzer_client.store.writing.steering import TABLES_OF_REQUESTS
from steering.training_process import FakeTraining


def test_a_reader_may_not_steer(home: Path, tag: str, tmp_path: Path) -> None:
    """The error names what to grant, nothing is written, and the database itself refuses it."""
    training = FakeTraining(tag)
    reader = PrivateServer(home).reader_url()
    with pytest.raises(StoreLoginError, match="GRANT INSERT on steering_request, journal_mark"):
        dfanalyzer_client.steer(
            training.flow.exec_tag, stop=True, store=reader, home=tmp_path / "other"
        )
    assert not list(tmp_path.glob("other/journals/*.journal"))
    with Connection(reader) as connection, pytest.raises(RefusedError):
        connection.execute('INSERT INTO "public".steering_request (id) VALUES (%s)', ["x"])


def account(home: Path, tag: str, without: str | None = None) -> StoreURL:
    """A new account that may read all of the catalogue but one table or view of it."""
    admin = PrivateServer(home).ensure()
    with Connection(admin) as connection, connection.transaction():
        connection.execute(f"CREATE USER {identifier(tag)} WITH PASSWORD 'p' NAME 'x' SCHEMA sys")
        rows = connection.query(
            "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
            "WHERE s.name = 'public' AND NOT t.system"
        )
        for (name,) in rows:
            if name != without:
                connection.execute(f'GRANT SELECT ON "public".{identifier(name)} TO "{tag}"')
    return dataclasses.replace(admin, user=tag, password="p")


def grant(home: Path, tag: str, *rights: str) -> None:
    """Give rights to an account."""
    with Connection(PrivateServer(home).ensure()) as connection, connection.transaction():
        for right in rights:
            connection.execute(f"GRANT {right} TO {identifier(tag)}")


def test_the_rights_that_are_named_suffice(home: Path, tag: str, tmp_path: Path) -> None:
    """An account that may read, and INSERT into these tables, is heard."""
    training = FakeTraining(tag)
    steerer = account(home, tag)
    grant(home, tag, *(f'INSERT ON "public".{name}' for name in TABLES_OF_REQUESTS))
    asked = dfanalyzer_client.steer(
        training.flow.exec_tag, stop=True, store=steerer, home=tmp_path / "other"
    )
    assert [each.id for each in training.taken()] == asked.column("request")


def test_without_the_right_to_read_requests_the_rest_is_shown(home: Path, tag: str) -> None:
    """`show` leaves them out and says on stderr what to grant; `--list` has nothing else to say."""
    training = FakeTraining(tag)
    run = training.flow.exec_tag
    dfanalyzer_client.steer(run, stop=True, person="Ada")
    reader = account(home, tag, without="steering").reveal()
    with Connection(PrivateServer(home).ensure()) as connection:
        own = [f"SELECT ON {qualified(tag, name)}" for name in names_in(connection, tag)]
    grant(home, tag, *own)
    shown = CliRunner().invoke(main, ["show", run, "--store", reader])
    assert shown.exit_code == 0, shown.stderr
    assert "trainingmodel" in shown.stdout
    assert "Ada" not in shown.stdout
    assert 'GRANT SELECT ON "public".steering' in shown.stderr
    listed = CliRunner().invoke(main, ["steer", run, "--list", "--store", reader])
    assert (listed.exit_code, listed.stdout) == (1, "")
    grant(home, tag, 'SELECT ON "public".steering')
    listed = CliRunner().invoke(main, ["steer", run, "--list", "--store", reader])
    assert (listed.exit_code, listed.stderr) == (0, "")
    assert "Ada" in listed.stdout
