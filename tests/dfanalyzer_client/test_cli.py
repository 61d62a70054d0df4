"""The `keras-prov` command: rows to stdout, talk to stderr, expected errors in one line."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pexpect
import pytest
from click.testing import CliRunner, Result

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    TaskStatus,
    Transformation,
    flush,
)
from dfanalyzer_client.cli import main, passwords
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.support.sql_text import split_statements

ROOT = Path(__file__).parents[2]


def run(*arguments: str, code: int = 0, **options: Any) -> Result:
    """Run a command and check its exit code; an error is one line, never a traceback."""
    result = CliRunner().invoke(main, list(arguments), **options, catch_exceptions=False)
    assert result.exit_code == code, result.output
    if code == 1:
        assert result.stderr.splitlines()[-1].startswith("Error: ")
        assert "Traceback" not in result.stderr
    return result


@pytest.fixture
def trained(tag: str) -> Dataflow:
    """An execution of two epochs, the second of which diverged."""
    numeric = [Attribute(name, AttributeType.NUMERIC) for name in ("EPOCH_ID", "loss")]
    note = Attribute("note", AttributeType.TEXT)
    output = Set("oTrainingModel", SetType.OUTPUT, [*numeric, note])
    dataflow = Dataflow(tag, [Transformation("TrainingModel", [output])])
    task = Task(1, tag, dataflow.exec_tag, "TrainingModel")
    task.begin()
    for epoch, loss in enumerate((0.5, float("nan"))):
        task.add_dataset(DataSet("oTrainingModel", [Element([epoch, loss, "two\nlines"])]))
        task.save()
    task.end(TaskStatus.FAILED, "ValueError: diverged")
    assert flush(30)
    return dataflow


def test_sql_prints_a_table(trained: Dataflow) -> None:
    """Names and rows stand in a table on stdout, the count on stderr."""
    result = run("sql", f'SELECT epoch_id, loss, note FROM "{trained.tag}".otrainingmodel;')
    assert "| epoch_id | loss | note       |" in result.stdout
    assert "|      0.0 |  0.5 | two\\nlines |" in result.stdout
    assert "|      1.0 | null | two\\nlines |" in result.stdout
    assert result.stderr == "2 rows\n"


def test_sql_prints_csv_and_json(trained: Dataflow) -> None:
    """--csv and --json print what a program reads back equal."""
    statement = f'SELECT epoch_id, loss, note FROM "{trained.tag}".otrainingmodel ORDER BY id'
    rows = list(csv.DictReader(io.StringIO(run("sql", "--csv", statement).stdout)))
    assert rows[0] == {"epoch_id": "0.0", "loss": "0.5", "note": "two\nlines"}
    objects = json.loads(run("sql", "--json", statement).stdout)
    assert objects[1] == {"epoch_id": 1.0, "loss": None, "note": "two\nlines"}


@pytest.mark.parametrize("name", ["a#b", "a,b", 'a"b', "a\\b", "100%", "it's"])
def test_sql_reads_any_column_name(home: Path, name: str) -> None:
    """Column names with signs that the driver trips over come out as they are."""
    quoted = name.replace('"', '""')
    assert json.loads(run("sql", "--json", f'SELECT 1 AS "{quoted}", 2 AS b').stdout) == [
        {name: 1, "b": 2}
    ]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELEC 1", "syntax error"),
        ('SELECT * FROM "nosuch".t', "nosuch"),
        ("CREATE SCHEMA mine", "insufficient privileges"),
        ('DELETE FROM "public".definition_lock', "insufficient privileges"),
    ],
)
def test_sql_says_what_is_wrong_in_one_line(home: Path, statement: str, words: str) -> None:
    """MonetDB's own message, in one line and with exit code 1; the reader may only SELECT."""
    assert words in run("sql", statement, code=1).stderr


@pytest.mark.parametrize(
    ("text", "statements", "rest"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1"], " SELECT 2"),
        ("SELECT ';' AS \"a;b\"; -- 1; 2\nSELECT 2;", ["SELECT ';' AS \"a;b\"", "SELECT 2"], ""),
        (r"SELECT 'it\'s; so'; x", [r"SELECT 'it\'s; so'"], " x"),
        ("/* a; b */ SELECT 4/2-1; ", ["SELECT 4/2-1"], " "),
        ("SELECT 'open ", [], "SELECT 'open "),
        (";;", [], ""),
    ],
)
def test_a_semicolon_ends_a_statement_only_where_it_does(
    text: str, statements: list[str], rest: str
) -> None:
    """One inside a text, a quoted name or a comment ends nothing."""
    assert split_statements(text) == (statements, rest)


def test_statements_come_from_a_pipe(home: Path) -> None:
    """Without a statement they are read from stdin, each to its semicolon."""
    result = run("sql", input="SELECT 1 AS\n one;\n\nSELECT 3 AS three")
    assert "one" in result.stdout
    assert "three" in result.stdout


def test_an_error_in_a_pipe_ends_neither_it_nor_in_success(home: Path) -> None:
    """The statements after a wrong one are run; the exit code says that one failed."""
    result = CliRunner().invoke(main, ["sql"], input="SELEC 2;\nSELECT 3 AS three;\n")
    assert "syntax error" in result.stderr
    assert "three" in result.stdout
    assert result.exit_code == 1


def test_the_prompt_answers(home: Path) -> None:
    """On a terminal there is a prompt, statements may have several lines, and \\q leaves."""
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "dfanalyzer_client.cli", "sql"],
        encoding="utf-8",
        timeout=30,
        cwd=ROOT,
        env={**os.environ, "TERM": "dumb"},
    )
    terminal.expect_exact("sql> ")
    terminal.sendline("SELECT 40 +")
    terminal.expect_exact("-> ")
    terminal.sendline("2 AS answer;")
    terminal.expect(r"\| +42 \|")
    terminal.expect_exact("sql> ")
    terminal.sendline("\\q")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


def test_runs_lists_executions(trained: Dataflow) -> None:
    """Status, epochs and last metrics of each execution, NaN as what it was."""
    (line,) = [line for line in run("runs").stdout.splitlines() if f" {trained.exec_tag} " in line]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[1:6] == [trained.exec_tag, trained.tag, "FAILED", "2", "loss nan"]
    assert re.fullmatch(r"\d+\.\d s", cells[6])
    (only,) = json.loads(run("runs", "--json", "--dataflow", trained.tag).stdout)
    assert (only["status"], only["epochs"]) == ("FAILED", 2)
    unknown = run("runs", "--dataflow", "nosuch", code=1).stderr
    assert unknown.startswith("Error: There is no dataflow 'nosuch'.")


def test_an_execution_without_a_tag_hides_no_other(trained: Dataflow, home: Path) -> None:
    """As DfAnalyzer's tables take it: it is listed, and others are found beside it."""
    admin = Connection(PrivateServer(home).ensure())
    with admin.transaction():
        admin.execute(
            'INSERT INTO "public".dataflow_execution (id, tag, df_id) '
            'SELECT 100000000, CAST(NULL AS VARCHAR(9)), id FROM "public".dataflow WHERE tag = %s',
            [trained.tag],
        )
    try:
        assert trained.exec_tag in run("show", trained.exec_tag[:-3]).stdout
        assert "READY" in run("runs", "--dataflow", trained.tag).stdout
    finally:
        with admin.transaction():
            admin.execute('DELETE FROM "public".dataflow_execution WHERE tag IS NULL')
        admin.close()


def test_show_prints_an_execution(trained: Dataflow) -> None:
    """Its tasks with their errors, and each set row by row, named by tag or by its beginning."""
    whole = run("show", trained.exec_tag).stdout
    assert whole == run("show", trained.exec_tag[:-3]).stdout
    assert "ValueError: diverged" in whole
    assert "otrainingmodel (of trainingmodel)" in whole
    assert "nan" in whole
    assert "`keras-prov runs`" in run("show", "nosuch", code=1).stderr


def test_show_prints_the_rows_of_each_writer(home: Path, tag: str) -> None:
    """Of a set that two transformations write, and of one that two read and nobody writes."""
    x = Attribute("X", AttributeType.NUMERIC)
    names = ("Left", "Right")
    sets = [Set("iBoth", SetType.INPUT, [x]), Set("oBoth", SetType.OUTPUT, [x])]
    flow = Dataflow(tag, [Transformation(name, sets) for name in names])
    for number, name in enumerate(names):
        with flow.task(name) as task:
            task.used(x=number)
            task.generated(x=number + 10)
    assert flush(30)
    shown = run("show", flow.exec_tag).stdout
    for text in ("iboth (of left, right)", "oboth (of left, right)"):
        assert text in shown
    for value in ("0.0", "1.0", "10.0", "11.0"):
        assert re.search(rf"\| +{value} \|", shown)


@pytest.mark.parametrize("attributes", [[], [Attribute("loss", AttributeType.NUMERIC)]])
@pytest.mark.parametrize("transformation", ["Fit", "TrainingModel"])
def test_runs_takes_a_set_of_anybody_that_is_called_as_ours(
    home: Path, tag: str, transformation: str, attributes: list[Attribute]
) -> None:
    """Epochs are those of our transformation; whoever else writes such a set has none."""
    output = Set("oTrainingModel", SetType.OUTPUT, attributes)
    flow = Dataflow(tag, [Transformation(transformation, [output])])
    with flow.task(transformation) as task:
        task.generated([0.5] * len(attributes))
    assert flush(30)
    (only,) = json.loads(run("runs", "--json", "--dataflow", tag).stdout)
    assert only["status"] == "FINISHED"
    assert only["epochs"] == int(transformation == "TrainingModel")


def test_server_status_is_ready_to_paste(home: Path) -> None:
    """status prints state, URL, port and the mclient line; a stopped server is exit code 3."""
    PrivateServer(home).ensure()
    shown = run("server", "status").stdout
    status = PrivateServer(home).status()
    for part in ("running", str(status.url), str(status.port), str(status.mclient)):
        assert part in shown
    assert run("server", "start").stdout == shown


def test_show_prints_a_wide_row_as_lines(home: Path, tag: str) -> None:
    """One value to a line, without those that are NULL."""
    names = [f"A{number}" for number in range(9)]
    flow = Dataflow(tag)
    attributes = [Attribute(name, AttributeType.NUMERIC) for name in names]
    flow.add_transformation(Transformation("wide", [Set("iWide", SetType.INPUT, attributes)]))
    flow.save()
    task = Task(1, flow.tag, flow.exec_tag, "wide")
    task.add_dataset(DataSet("iWide", [Element([*range(8), None])]))
    task.end()
    assert flush(30)
    shown = run("show", flow.exec_tag).stdout
    assert re.search(r"\| a7 +\| +7.0 \|", shown)
    assert "| a8 " not in shown


def test_server_commands_on_a_fresh_home(tmp_path: Path) -> None:
    """start, log, stop and status do what they say, in a folder where there was nothing."""
    environment = {"KERAS_PROV_HOME": str(tmp_path / "fresh")}
    assert "stopped" in run("server", "status", code=3, env=environment).stdout
    assert run("server", "stop", env=environment).stdout == "It was not running.\n"
    assert "no log yet" in run("server", "log", env=environment).stderr
    assert "running" in run("server", "start", "--idle", "5", env=environment).stdout
    assert "Listening" in run("server", "log", env=environment).stdout
    assert run("server", "stop", env=environment).stdout == "Stopped.\n"
    assert "stopped" in run("server", "status", code=3, env=environment).stdout


def test_db_init_makes_the_catalogue_once(tmp_path: Path) -> None:
    """On a server named by URL, as on the private one, a second call finds it there."""
    server = PrivateServer(tmp_path)
    url = server.ensure().reveal()
    assert "was created" in run("db", "init", "--store", url).stdout
    shown = run("db", "init", env={"KERAS_PROV_STORE": url}).stdout
    assert "is there already" in shown
    assert "password" not in shown
    server.stop()


def test_a_password_is_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--store without a password asks for it, so that it stands in no process list."""
    url = PrivateServer(home).ensure()
    monkeypatch.setattr(passwords, "has_terminal", lambda: True)  # which is `input` here
    result = run("sql", "SELECT 41 + 1", "--store", str(url), input=f"{url.password}\n")
    assert "42" in result.stdout
    refused = run("sql", "SELECT 1", "--store", str(url), input="wrong\n", code=1)
    assert "refused the login" in refused.stderr
    assert "wrong" not in refused.stderr.replace("wrong user", "")


def test_a_wrong_url_is_said(home: Path) -> None:
    """A store that is no URL, or where nobody answers, is one line that says so."""
    assert "Expected monetdb://" in run("runs", "--store", "localhost", code=1).stderr
    nobody = "monetdb://ada:s3cret@127.0.0.1:9/prov"
    said = run("runs", env={"KERAS_PROV_STORE": nobody}, code=1).stderr
    assert "No MonetDB answers" in said
    assert "s3cret" not in said


def test_rebuild_makes_the_database_anew(tmp_path: Path, tag: str) -> None:
    """After `db rebuild` the rows of ended processes are there again, and the old one is aside."""
    environment = {"KERAS_PROV_HOME": str(tmp_path)}
    script = (
        "import sys; from dfanalyzer_client import *\n"
        "output = Set('out', SetType.OUTPUT, [Attribute('a', AttributeType.NUMERIC)])\n"
        "flow = Dataflow(sys.argv[1], [Transformation('step', [output])])\n"
        "task = Task(1, flow.tag, flow.exec_tag, 'step'); task.begin()\n"
        "task.add_dataset(DataSet('out', [Element([n]) for n in range(5)])); task.end()"
    )
    subprocess.run(
        [sys.executable, "-c", script, tag], cwd=ROOT, env={**os.environ, **environment}, check=True
    )
    statement = f'SELECT a, out.step_task_id FROM "{tag}"."out" ORDER BY id'
    before = run("sql", "--csv", statement, env=environment).stdout
    assert before.count("\n") == 6
    assert "aside" in run("db", "rebuild", "--yes", env=environment).stdout
    assert run("sql", "--csv", statement, env=environment).stdout == before
    listed = run("journal", env=environment).stdout
    assert "private server" in listed
    assert "Nothing was left" in run("sync", env=environment).stdout
    PrivateServer(tmp_path).stop()


def commands(group: click.Group, path: str = "") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += commands(command, f"{path}{name} ")
        else:
            found.append((f"{path}{name}", command))
    return found


@pytest.mark.parametrize(("name", "command"), commands(main))
def test_every_command_explains_itself(name: str, command: click.Command) -> None:
    """Each has help that ends with an example of itself, and is in docs/reference/command.md."""
    assert command.help is not None
    assert f"Example: keras-prov {name}" in command.help
    assert f"`keras-prov {name}`" in (ROOT / "docs" / "reference" / "command.md").read_text()


def test_the_command_does_not_import_keras(home: Path) -> None:
    """A question does not wait for Keras or TensorFlow to be imported."""
    script = (
        "import sys; from dfanalyzer_client.cli import main\n"
        "main(['runs'], standalone_mode=False)\n"
        "print({'keras', 'tensorflow', 'keras_prov'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "set()"


def test_sync_goes_on_after_a_journal_that_it_cannot_store(
    tmp_path: Path, home: Path, tag: str
) -> None:
    """A journal whose store is away is said, the others are stored, and the exit code is 1."""
    good = PrivateServer(home).ensure()
    away = "monetdb://a:b@127.0.0.1:9/x"
    script = (
        "import sys; from dfanalyzer_client import *\n"
        "flow = Dataflow(sys.argv[1], [Transformation('step', [])]); flow.save()"
    )
    environment = {"KERAS_PROV_HOME": str(tmp_path), "KERAS_PROV_EXIT_FLUSH": "0"}
    for store in (away, good.reveal()):
        subprocess.run(
            [sys.executable, "-c", script, tag],
            check=True,
            capture_output=True,
            env={**os.environ, **environment, "KERAS_PROV_STORE": store},
        )
    result = run("sync", "--store", good.reveal(), env=environment, code=1)
    assert "No MonetDB answers" in result.stderr
    assert "1 messages stored" in result.stdout
    assert "1 journals could not be stored" in result.stderr
