"""Who may steer: the database's rights decide."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

import dfanalyzer_client
from dfanalyzer_client.errors import RefusedError, StoreLoginError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.sql import identifier
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


def test_the_rights_that_are_named_suffice(home: Path, tag: str, tmp_path: Path) -> None:
    """An account that may read, and INSERT into these tables, is heard."""
    training = FakeTraining(tag)
    admin = PrivateServer(home).ensure()
    with Connection(admin) as connection, connection.transaction():
        connection.execute(f"CREATE USER {identifier(tag)} WITH PASSWORD 'p' NAME 'x' SCHEMA sys")
        rows = connection.query(
            "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
            "WHERE s.name = 'public' AND NOT t.system"
        )
        rights = [f'SELECT ON "public".{identifier(name)}' for (name,) in rows]
        rights += [f'INSERT ON "public".{name}' for name in TABLES_OF_REQUESTS]
        for right in rights:
            connection.execute(f"GRANT {right} TO {identifier(tag)}")
    account = dataclasses.replace(admin, user=tag, password="p")
    asked = dfanalyzer_client.steer(
        training.flow.exec_tag, stop=True, store=account, home=tmp_path / "other"
    )
    assert [each.id for each in training.taken()] == asked.column("request")
