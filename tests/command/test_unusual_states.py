"""Commands where little can be answered: nothing stored, no rights, an old catalogue, no extra."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dfanalyzer_client
from dfanalyzer_client import Dataflow, Transformation
from dfanalyzer_client.cli import main
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.sql import identifier
from predecessor.filled import EXECUTIONS, fill

ABOUT_ONE = (
    ("show", "last"),
    ("show", "last", "--json"),
    ("curve", "last", "loss"),
    ("compare", "last", "last"),
    ("diff", "last", "last"),
    ("follow", "last"),
    ("tag", "last"),
    ("tag", "last", "good"),
    ("tag", "last", "--remove", "good"),
    ("note", "last"),
    ("note", "last", "text"),
)
LISTS = (
    ("runs",),
    ("runs", "--json"),
    ("runs", "--columns", "id,execution"),
    ("runs", "--status", "failed"),
    ("runs", "--where", "loss < 1"),
    ("runs", "--sort", "metrics.loss DESC"),
)


def asked(store: StoreURL, *arguments: str, code: int = 0) -> Any:
    """What a command says of a database; it never ends with a traceback."""
    environment = {"KERAS_PROV_STORE": store.reveal()}
    result = CliRunner().invoke(main, list(arguments), env=environment, catch_exceptions=False)
    assert result.exit_code == code, (arguments, result.output)
    assert result.exception is None or isinstance(result.exception, SystemExit), arguments
    return result


def refused(store: StoreURL, *arguments: str) -> str:
    """The one line of a command that is refused."""
    lines = asked(store, *arguments, code=1).stderr.splitlines()
    assert len(lines) == 1, (arguments, lines)
    assert lines[0].startswith("Error: ")
    return str(lines[0])


@pytest.fixture
def _no_journals(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder without journals, in which executions that are not stored would be found."""
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path / "home"))


@pytest.fixture
def new_server(tmp_path: Path, _no_journals: None) -> Iterator[StoreURL]:
    """A server that has stored nothing."""
    server = PrivateServer(tmp_path / "new")
    yield server.ensure()
    server.stop()


def test_an_empty_database_says_that_it_is_empty(new_server: StoreURL, tmp_path: Path) -> None:
    """Lists are empty, and an execution that is named is not there."""
    file = tmp_path / "model.keras"
    file.write_bytes(b"x")
    for arguments in LISTS:
        if "--json" not in arguments:
            assert asked(new_server, *arguments).stderr == "No executions yet.\n", arguments
    assert asked(new_server, "runs", "--json").stdout == "[]\n"
    for arguments in ABOUT_ONE:
        assert "No execution 'last': none is stored yet" in refused(new_server, *arguments)
    assert "Nothing is stored yet" in refused(new_server, "runs", "--dataflow", "x")
    assert "Nothing is stored yet" in refused(new_server, "questions", "current_loss")
    assert "the database is empty" in asked(new_server, "origin", str(file)).stderr
    asked(new_server, "origin", "--check", str(file), code=1)
    assert "nothing to erase" in refused(new_server, "forget", "last", "--yes")


def test_an_account_without_rights_is_told_what_it_lacks(
    home: Path, tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, which says what the administrator can do."""
    Dataflow(tag, [Transformation("step")]).save()
    assert dfanalyzer_client.flush(30)
    admin = PrivateServer(home).ensure()
    with Connection(admin) as connection, connection.transaction():
        connection.execute(f"CREATE USER {identifier(tag)} WITH PASSWORD 'p' NAME 'x' SCHEMA sys")
    stranger = dataclasses.replace(admin, user=tag, password="p")
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path / "home"))  # without journals
    file = tmp_path / "some.file"
    file.write_bytes(b"x")
    questions = (("questions", "current_loss", "--dataflow", tag), ("origin", str(file)))
    for arguments in (*LISTS, *ABOUT_ONE, *questions, ("sql", "SELECT * FROM dataflow")):
        line = refused(stranger, *arguments)
        assert "can GRANT it SELECT" in line, (arguments, line)


@pytest.mark.thorough
def test_a_predecessors_catalogue_answers_what_it_can(new_server: StoreURL, tmp_path: Path) -> None:
    """Lists and epochs are there; what takes an upgrade is named with the command."""
    fill(new_server)
    first = EXECUTIONS[0]
    assert first in asked(new_server, "runs").stdout
    listed = asked(new_server, "runs", "--csv", "--sort", "id", "--columns", "id,loss").stdout
    assert listed == "id,loss\n1,0.25\n2,0.25\n"
    assert "2 epochs\n" in asked(new_server, "show", first).stdout
    assert "epoch 1: loss 0.25" in asked(new_server, "follow", first).stdout
    assert asked(new_server, "tag", first).stderr == "No tags.\n"
    assert asked(new_server, "note", first).stderr == "No note.\n"
    for arguments in (
        ("runs", "--where", "loss < 1"),
        ("runs", "--where", "note IS NULL"),
        ("runs", "--sort", "metrics.loss"),
        ("curve", first, "loss"),
    ):
        assert "`keras-prov db upgrade`" in refused(new_server, *arguments)
    file = tmp_path / "predecessor.backup"
    assert "msqldump" in refused(new_server, "db", "backup", str(file))
    asked(new_server, "db", "upgrade")
    assert "msqldump" in refused(new_server, "db", "backup", str(file))
    assert not file.exists()


def test_the_missing_extra_of_agents_is_named(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """The error has the line that installs it."""
    for name in [name for name in sys.modules if name.startswith("dfanalyzer_client.agents")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("mcp", "mcp.server", "mcp.types"):
        monkeypatch.setitem(sys.modules, name, None)
    result = CliRunner().invoke(main, ["mcp"])
    (line,) = result.stderr.splitlines()
    assert result.exit_code == 1
    assert "pip install" in line
    assert "[mcp]" in line
