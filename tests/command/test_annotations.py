"""Tags and notes: from Python and from the shell, stored once, there again after a rebuild."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dfanalyzer_client
from conftest import Asker
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.cli import main
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.delivery.client import Client
from dfanalyzer_client.errors import DefinitionError, StoreLoginError, UnknownTagError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.sql import identifier
from dfanalyzer_client.store.writing.annotations import TABLES_OF_ANNOTATIONS

ROOT = Path(__file__).parents[2]
TRAINED = (
    "import sys; from dfanalyzer_client import *\n"
    "out = Set('out', SetType.OUTPUT, [Attribute('a', AttributeType.NUMERIC)])\n"
    "flow = Dataflow(sys.argv[1], [Transformation('step', [out])])\n"
    "with flow.task('step') as task: task.generated(a=1)\n"
    "print(flow.exec_tag)"
)


@pytest.fixture
def trained(home: Path, tag: str) -> Dataflow:
    """An execution of this process, which is stored."""
    out = Set("out", SetType.OUTPUT, [Attribute("a", AttributeType.NUMERIC)])
    flow = Dataflow(tag, [Transformation("step", [out])])
    with flow.task("step") as task:
        task.generated(a=1)
    assert dfanalyzer_client.flush(30)
    return flow


def command(*arguments: str, code: int = 0, **options: Any) -> Any:
    """What the command prints."""
    result = CliRunner().invoke(main, list(arguments), **options, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def tags_of(ask: Asker, execution: str) -> dict[str, str]:
    """The tags of an execution as the view shows them."""
    rows = ask.rows('SELECT "name", "value" FROM "public".tags WHERE execution = %s', execution)
    return dict(rows)


def test_an_execution_is_tagged_from_the_shell(trained: Dataflow, ask: Asker) -> None:
    """Tags have a value or none, a new value replaces the one before, and they can be removed."""
    run = trained.exec_tag
    command("tag", run, "baseline", "reviewed=no", "by=a=b")
    command("tag", run[:-2], "reviewed=yes")
    assert tags_of(ask, run) == {"baseline": "", "reviewed": "yes", "by": "a=b"}
    listed = command("tag", run).stdout
    assert "| reviewed | yes   |" in listed
    command("tag", run, "--remove", "baseline", "--remove", "by", "more")
    assert tags_of(ask, run) == {"more": "", "reviewed": "yes"}


def test_a_note_is_written_and_replaced(trained: Dataflow, ask: Asker) -> None:
    """The newest note counts, `--remove` removes it, and who wrote it is known."""
    run, find = trained.exec_tag, 'SELECT "text" FROM "public".notes WHERE execution = %s'
    assert command("note", run).stderr == "No note.\n"
    command("note", run, "first", env={"KERAS_PROV_AUTHOR": "Ada <ada@example.org>"})
    printed = command("note", run)
    assert printed.stdout == "first\n"
    assert printed.stderr.startswith("(Ada, 20")
    command("note", run, "it's the second\nof two lines")
    assert ask.rows(find, run) == [("it's the second\nof two lines",)]
    command("note", run, "--remove")
    assert ask.rows(find, run) == []
    assert "not both" in command("note", run, "a", "--remove", code=2).stderr


def test_an_execution_is_annotated_in_python(trained: Dataflow, ask: Asker) -> None:
    """Also one of this process, by the beginning of its tag or by its id."""
    run = trained.exec_tag
    dfanalyzer_client.tag(run[:-1], "good")
    id_ = ask.one('SELECT id FROM "public".dataflow_execution WHERE tag = %s', run)
    dfanalyzer_client.tag(id_, "size", "big")
    dfanalyzer_client.note(run, "Robert'); DROP TABLE --")
    assert tags_of(ask, run) == {"good": "", "size": "big"}
    dfanalyzer_client.untag(run, "good")
    assert tags_of(ask, run) == {"size": "big"}
    assert ask.rows('SELECT "text" FROM "public".notes WHERE execution = %s', run) == [
        ("Robert'); DROP TABLE --",)
    ]


@pytest.mark.parametrize("name", ["", " ", "a=b", "a\nb", "\x1b[31m", "x" * 251])
def test_a_tag_needs_a_name(trained: Dataflow, name: str) -> None:
    """One that can be typed after `tags.` and before `=`; nothing is sent otherwise."""
    with pytest.raises(DefinitionError, match="A tag's name is"):
        dfanalyzer_client.tag(trained.exec_tag, name)


def test_only_texts_are_tags_and_notes(trained: Dataflow, home: Path) -> None:
    """Another type is an error of the call, before the journal has it."""
    run: Any = trained.exec_tag
    number: Any = 5
    before = trained.client.sent()
    with pytest.raises(TypeError, match=r"value of the tag 'score' must be a text\. Received: 5\."):
        dfanalyzer_client.tag(run, "score", number)
    for call in (dfanalyzer_client.tag, dfanalyzer_client.untag):
        with pytest.raises(TypeError, match=r"A tag's name must be a text\. Received: 5\."):
            call(run, number)
    with pytest.raises(TypeError, match=r"A note must be a text\. Received: 5\."):
        dfanalyzer_client.note(run, number)
    assert trained.client.sent() == before


def test_who_may_not_write_is_told_so_before_anything_is_sent(
    trained: Dataflow, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line names the rights, exit code 1, and no journal keeps what will never be stored."""
    reader = PrivateServer(home).reader_url().reveal()
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path / "other"))
    for arguments in (("tag", "r=1"), ("tag", "--remove", "r"), ("note", "text")):
        name, *rest = arguments
        (line,) = command(
            name, trained.exec_tag, *rest, "--store", reader, code=1
        ).stderr.splitlines()
        assert "may not tag or note executions" in line, line
        assert "GRANT INSERT on execution_tag, execution_note, journal_mark" in line
        assert "sysadmin" not in line
    with pytest.raises(StoreLoginError, match="nothing was changed"):
        dfanalyzer_client.note(trained.exec_tag, "text", store=reader)
    assert not list(tmp_path.glob("other/journals/*.journal"))


def test_the_rights_that_are_named_suffice(
    trained: Dataflow, home: Path, tmp_path: Path, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An account that may read, and INSERT into the tables of the message, can tag."""
    admin, names = PrivateServer(home).ensure(), list[str]()
    with Connection(admin) as connection, connection.transaction():
        connection.execute(f"CREATE USER {identifier(tag)} WITH PASSWORD 'p' NAME 'x' SCHEMA sys")
        rows = connection.query(
            "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
            "WHERE s.name = 'public' AND NOT t.system"
        )
        names += [f'SELECT ON "public".{identifier(name)}' for (name,) in rows]
        names += [f'INSERT ON "public".{name}' for name in TABLES_OF_ANNOTATIONS]
        for right in names:
            connection.execute(f"GRANT {right} TO {identifier(tag)}")
    account = dataclasses.replace(admin, user=tag, password="p")
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path / "other"))
    done = command("tag", trained.exec_tag, "by=account", "--store", account.reveal())
    assert done.stderr == ""
    listed = command("tag", trained.exec_tag, "--store", account.reveal()).stdout
    assert "| by   | account |" in listed


def test_a_tag_that_is_not_there_cannot_be_removed(trained: Dataflow) -> None:
    """The error has those that are; nothing else of the command is done."""
    run = trained.exec_tag
    assert "It has no tags." in command("tag", run, "--remove", "good", code=1).stderr
    command("tag", run, "good", "seen")
    (line,) = command("tag", run, "new", "--remove", "god", code=1).stderr.splitlines()
    assert line == f"Error: Execution {run} has no tag 'god'. Its tags are 'good', 'seen'."
    with pytest.raises(UnknownTagError, match="no tag 'new'"):
        dfanalyzer_client.untag(run, "new")


def test_an_unknown_execution_is_refused(trained: Dataflow) -> None:
    """At once, in one line that helps, and nothing is sent."""
    with pytest.raises(UnknownTagError, match="keras-prov runs"):
        dfanalyzer_client.tag("nosuch", "good")
    for arguments in (("tag", "nosuch", "good"), ("note", "nosuch", "text"), ("tag", "nosuch")):
        (line,) = command(*arguments, code=1).stderr.splitlines()
        assert line.startswith("Error: No execution 'nosuch'")


def test_annotations_come_back_with_the_database(tmp_path: Path, tag: str) -> None:
    """After `db rebuild` each is there once, as after a second `sync --again`."""
    environment = {"KERAS_PROV_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", TRAINED, tag],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    run = done.stdout.strip()
    command("tag", run, "good=1", env=environment)
    command("tag", run, "good=2", env=environment)
    command("note", run, "kept", env=environment)
    count = 'SELECT count(*) AS n FROM "public".execution_tag'
    shown = command("tag", run, env=environment).stdout
    command("db", "rebuild", "--yes", env=environment)
    command("sync", "--again", env=environment)
    assert command("tag", run, env=environment).stdout == shown
    assert command("note", run, env=environment).stdout == "kept\n"
    assert command("sql", "--csv", count, env=environment).stdout == "n\n2\n"
    PrivateServer(tmp_path).stop()


@pytest.mark.thorough
def test_an_execution_is_annotated_while_the_server_is_away(tmp_path: Path, tag: str) -> None:
    """It is found in the journal by its tag, and the annotation waits there."""
    away = StoreURL.parse("monetdb://a:b@127.0.0.1:9/x")
    client = Client(away, tmp_path)
    flow = Dataflow(tag, [Transformation("step")], client=client)
    flow.save()
    client.close(0)
    environment = {"KERAS_PROV_HOME": str(tmp_path), "KERAS_PROV_STORE": away.reveal()}
    result = command("tag", flow.exec_tag[:-1], "later", env=environment)
    assert "It is in the journal" in result.stderr
    assert "No MonetDB answers" in command("tag", "nosuch", "a", env=environment, code=1).stderr
    written = "".join(path.read_text() for path in (tmp_path / "journals").glob("*.journal"))
    assert '"kind":"annotation"' in written
    assert '"tags":{"later":""}' in written


def test_an_annotation_waits_for_its_execution(home: Path, tag: str, ask: Asker) -> None:
    """If another machine's journal brings that later, the annotation is stored then."""
    client = dfanalyzer_client.client_for()
    message = {"dataflow": tag, "exec": f"{tag}-1", "changed": "2026-11-27 10:00:00"}
    client.save_annotation({**message, "changedBy": "ada", "tags": {"early": ""}})  # type: ignore[typeddict-item]
    assert dfanalyzer_client.flush(30)
    assert client.close(30)
    Dataflow(tag, [Transformation("step")]).save()
    client = dfanalyzer_client.client_for()
    client.save_dataflow({"tag": tag, "transformations": [{"tag": "step"}], "exec": f"{tag}-1"})
    assert dfanalyzer_client.flush(30)
    dfanalyzer_client.shutdown()
    command("sync")
    assert tags_of(ask, f"{tag}-1") == {"early": ""}
