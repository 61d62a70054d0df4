"""`keras-prov forget`: what is erased is gone everywhere, and does not come back."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dfanalyzer_client.cli import main
from dfanalyzer_client.journal import read_header
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

SAYS = """
import sys
from pathlib import Path
from dfanalyzer_client import *
from dfanalyzer_client.delivery.clients import default_client

flow, *executions = sys.argv[1:]
output = Set("out", SetType.OUTPUT, [Attribute("n", AttributeType.NUMERIC)])
for execution in executions:
    execution, _, after = execution.partition("<")
    read = Set("out", SetType.INPUT, [Attribute("n", AttributeType.NUMERIC)])
    steps = [Transformation("step", [output]), Transformation("next", [read])]
    dataflow = Dataflow(flow, steps)
    dataflow.exec_tag = execution
    dataflow.save()
    task = Task(1, flow, execution, "step")
    if after:
        task.derive_from(after)
    task.begin()
    task.add_dataset(DataSet("out", [Element([n]) for n in (1, 2, float("nan"))]))
    task.end()
flush(30)
if "--wait" in executions:
    input()
"""
EVERY_TABLE = (
    "SELECT s.name, t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
    "WHERE t.type = 0 AND NOT t.system"
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder of these tests, none of whose processes runs."""
    folder = tmp_path_factory.mktemp("own")
    yield folder
    PrivateServer(folder).stop()


def say(home: Path, *arguments: str, **environment: str) -> None:
    """Let a process store executions of a dataflow: `name`, or `name<` what it is derived from."""
    subprocess.run(
        [sys.executable, "-c", SAYS, *arguments],
        check=True,
        env={**os.environ, "KERAS_PROV_HOME": str(home), **environment},
    )


def run(home: Path, *arguments: str, code: int = 0, **options: Any) -> Result:
    """Run a command; an expected error is one line."""
    result = CliRunner().invoke(
        main, list(arguments), env={"KERAS_PROV_HOME": str(home)}, **options
    )
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    return result


def ask(home: Path, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    with Connection(PrivateServer(home).ensure()) as connection:
        return connection.query(statement, parameters)


def executions(home: Path, tag: str) -> list[str]:
    """The executions of a dataflow, as `keras-prov` finds them."""
    rows = ask(
        home,
        'SELECT e.tag FROM "public".dataflow_execution e JOIN "public".dataflow d '
        "ON d.id = e.df_id WHERE d.tag = %s ORDER BY e.id",
        tag,
    )
    return [name for (name,) in rows]


def traces(home: Path, text: str) -> list[str]:
    """Where a text still stands: tables of the database, and files of the journals."""
    found = []
    for schema, name in ask(home, EVERY_TABLE):
        rows = ask(home, f'SELECT * FROM "{schema}"."{name}"')
        found += [f"{schema}.{name}"] if any(text in map(str, row) for row in rows) else []
    for path in (home / "journals").iterdir():
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        found += [path.name] if text.encode() in content else []
    return found


def journal_of(home: Path, text: str) -> Path:
    """The journal in which a text stands, once it is completely stored."""
    run(home, "sync")
    found = traces(home, text)
    (journal,) = (path for path in (home / "journals").iterdir() if path.name in found)
    return journal


def test_an_execution_is_erased_from_tables_and_journals(own: Path, tag: str) -> None:
    """No row and no message of it is left; the other execution of its process is untouched."""
    say(own, tag, f"{tag}-a", f"{tag}-b")
    assert len(traces(own, f"{tag}-a")) > 1
    before = ask(own, f'SELECT n FROM "{tag}"."out"')
    said = run(own, "forget", f"{tag}-a", "--yes").stdout
    assert "Erased: 1 execution," in said
    assert traces(own, f"{tag}-a") == []
    assert executions(own, tag) == [f"{tag}-b"]
    assert len(ask(own, f'SELECT n FROM "{tag}"."out"')) == len(before) / 2
    orphans = (
        'SELECT count(*) FROM "public".exact_number WHERE attribute_id IN (SELECT a.id FROM '
        '"public".attribute a JOIN "public".data_set s ON s.id = a.ds_id '
        'JOIN "public".dataflow d ON d.id = s.df_id WHERE d.tag = %s)'
    )
    assert ask(own, orphans, tag) == [(1,)]
    ((kind, by),) = ask(
        own,
        "SELECT kind, erased_by FROM \"public\".erasure WHERE kind = 'execution' "
        "ORDER BY erased DESC LIMIT 1",
    )
    assert (kind, bool(by)) == ("execution", True)


def test_erasing_again_leaves_the_rows_of_others(own: Path, tag: str) -> None:
    """Rows of a set that tasks write and others read: each call erases those that it names."""
    say(own, tag, *(f"{tag}-{name}" for name in "abcde"))
    for name in "ac":
        run(own, "forget", f"{tag}-{name}", "--yes")
    left = ask(
        own,
        f'SELECT e.tag, count(*) FROM "{tag}"."out" o '
        'JOIN "public".task t ON t.id = o.step_task_id '
        'JOIN "public".dataflow_execution e ON e.id = t.df_exec GROUP BY e.tag ORDER BY e.tag',
    )
    assert left == [(f"{tag}-{name}", 3) for name in "bde"]
    assert ask(own, f'SELECT count(*) FROM "{tag}"."out"') == [(9,)]


def test_every_table_of_the_catalogue_is_cleaned(own: Path, tag: str) -> None:
    """No table with the id of an execution or of a task keeps a row of the erased one."""
    say(own, tag, f"{tag}-a")
    ((id_,),) = ask(own, 'SELECT id FROM "public".dataflow_execution WHERE tag = %s', f"{tag}-a")
    tasks = ask(own, 'SELECT id FROM "public".task_begun WHERE df_exec = %s', id_)
    with Connection(PrivateServer(own).ensure()) as connection, connection.transaction():
        connection.execute(
            'INSERT INTO "public".execution_tag VALUES (%s, %s, %s, now, %s)', [id_, "a", "b", "me"]
        )
        connection.execute(
            'INSERT INTO "public".execution_note VALUES (%s, %s, now, %s)', [id_, "x", "me"]
        )
        for name in ("steering_offer", "steering_request", "steering_outcome"):
            connection.execute(f'INSERT INTO "public".{name} (df_exec) VALUES (%s)', [id_])
    run(own, "forget", f"{tag}-a", "--yes")
    with Connection(PrivateServer(own).ensure()) as connection:
        columns = connection.query(
            "SELECT t.name, c.name FROM sys.columns c JOIN sys.tables t ON t.id = c.table_id "
            "JOIN sys.schemas s ON s.id = t.schema_id WHERE s.name = 'public' AND t.type = 0 "
            "AND c.name IN ('df_exec', 'task_id', 'previous_task_id')"
        )
        for name, column in columns:
            ids = [id_] if column == "df_exec" else [task for (task,) in tasks]
            for each in ids:
                left = f'SELECT count(*) FROM "public"."{name}" WHERE "{column}" = %s'
                assert connection.query(left, [each]) == [(0,)], name
    assert len(columns) > 10


def test_a_dry_run_changes_nothing(own: Path, tag: str) -> None:
    """It lists executions, rows by table, journals, and says that nothing was erased."""
    say(own, tag, f"{tag}-a")
    journal_of(own, f"{tag}-a")
    before = traces(own, f"{tag}-a")
    said = run(own, "forget", f"{tag}-a", "--dry-run").stdout
    assert f"{tag}.out" in said
    assert "task_begun" in said
    assert "Journal " in said
    assert said.endswith("Nothing was erased.\n")
    assert traces(own, f"{tag}-a") == before


def test_nothing_comes_back_from_another_machine(own: Path, tag: str, tmp_path: Path) -> None:
    """A copy of the journal, as another machine has it, is stored without the erased execution."""
    say(own, tag, f"{tag}-a", f"{tag}-b")
    journal = journal_of(own, f"{tag}-a")
    copy = tmp_path / journal.name
    shutil.copy2(journal, copy)
    run(own, "forget", f"{tag}-a", "--yes")
    shutil.copy2(copy, journal.with_name(f"20200101T000000-1-{tag}.journal.gz"))
    header = read_header(copy)
    assert header is not None
    with Connection(PrivateServer(own).ensure()) as connection, connection.transaction():
        connection.execute(
            'DELETE FROM "public".journal_mark WHERE journal = %s', [header.journal]
        )  # as of a journal that nobody has stored
    said = run(own, "sync", "--again").stdout
    assert "messages of erased executions were left out." in said
    assert executions(own, tag) == [f"{tag}-b"]
    assert traces(own, f"{tag}-a") == []


def test_nothing_comes_back_when_the_database_is_made_anew(own: Path, tag: str) -> None:
    """The tombstones are in a journal, too; a kept copy of the old journal brings nothing back."""
    say(own, tag, f"{tag}-a", f"{tag}-b")
    journal = journal_of(own, f"{tag}-a")
    content = journal.read_bytes()
    run(own, "forget", f"{tag}-a", "--yes")
    journal.write_bytes(content)  # restored from a backup, and older than the tombstones' journal
    run(own, "db", "rebuild", "--yes")
    assert executions(own, tag) == [f"{tag}-b"]
    tombstones = ask(own, 'SELECT DISTINCT digest FROM "public".erasure')
    assert tombstones
    run(own, "sync", "--again")
    assert traces(own, f"{tag}-a") == []


def test_a_dataflow_goes_with_all_its_executions(own: Path, tag: str) -> None:
    """Its schema and its rows in the catalogue are gone; under its tag one can begin anew."""
    say(own, tag, f"{tag}-a", f"{tag}-b")
    said = run(own, "forget", "--dataflow", tag, "--yes").stdout
    assert "Erased: 2 executions" in said
    assert traces(own, tag) == []
    assert ask(own, "SELECT count(*) FROM sys.schemas WHERE name = %s", tag) == [(0,)]
    run(own, "sync", "--again")
    assert traces(own, tag) == []
    say(own, tag, f"{tag}-c")
    assert executions(own, tag) == [f"{tag}-c"]


def test_links_of_others_say_that_it_was_erased(own: Path, tag: str) -> None:
    """An execution that was derived from the erased one stays, as does that it was derived."""
    say(own, tag, f"{tag}-a", f"{tag}-b<{tag}-a")
    run(own, "forget", f"{tag}-a", "--yes")
    links = 'SELECT l.previous_execution FROM "public".lineage l WHERE l.execution = %s'
    assert ask(own, links, f"{tag}-b") == [("(erased)",)]
    assert traces(own, f"{tag}-a") == []
    assert "(erased)" in run(own, "export", f"{tag}-b", "--format", "provn").stdout


@pytest.mark.parametrize("moment", ["artifacts", "journals", "message"])
def test_a_second_call_completes_what_a_kill_has_cut_off(own: Path, tag: str, moment: str) -> None:
    """Killed after the tombstones, after the artifacts, or while the journals are written."""
    say(own, tag, f"{tag}-a")
    killed = {
        "artifacts": "_remove_artifacts",
        "journals": "_purge_journals",
        "message": "_erase_rows",
    }[moment]
    script = (
        "import os, sys\nfrom dfanalyzer_client.erasure import forgetting\n"
        f"forgetting.{killed} = lambda *_: os.kill(os.getpid(), 9)\n"
        "from dfanalyzer_client.cli import main\nmain(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "forget", f"{tag}-a", "--yes"],
        env={**os.environ, "KERAS_PROV_HOME": str(own)},
        check=False,
        capture_output=True,
    )
    assert done.returncode == -9
    assert executions(own, tag) == [f"{tag}-a"]
    run(own, "forget", f"{tag}-a", "--yes")
    assert traces(own, f"{tag}-a") == []


def test_a_running_execution_is_refused(own: Path, tag: str) -> None:
    """One line says so, and nothing is changed; --abandoned is for those who know better."""
    script = SAYS.replace("    task.end()\n", "")
    speaker = subprocess.Popen(
        [sys.executable, "-c", script, tag, f"{tag}-a", "--wait"],
        stdin=subprocess.PIPE,
        env={**os.environ, "KERAS_PROV_HOME": str(own)},
    )
    try:
        while f"{tag}-a" not in executions(own, tag) or not ask(
            own,
            'SELECT 1 FROM "public".task_begun b JOIN "public".dataflow_execution e '
            "ON e.id = b.df_exec WHERE e.tag = %s",
            f"{tag}-a",
        ):
            pass
        said = run(own, "forget", f"{tag}-a", "--yes", code=1).stderr
        assert "is still running: stop it first." in said
        assert executions(own, tag)[0] == f"{tag}-a"
        said = run(own, "forget", f"{tag}-a", "--yes", "--abandoned").stderr
        assert "is in use" in said
        assert f"{tag}-a" not in executions(own, tag)
    finally:
        speaker.communicate(b"\n")
    run(own, "sync")
    assert traces(own, f"{tag}-a") == []


def test_before_a_date(own: Path, tag: str) -> None:
    """Only what began before it is meant; the dataflow stays."""
    say(own, tag, f"{tag}-a")
    flow = ("--dataflow", tag, "--yes")
    said = run(own, "forget", "--before", "2020-01-31", *flow).stderr
    assert "nothing is erased" in said
    assert executions(own, tag) == [f"{tag}-a"]
    run(own, "forget", "--before", "2999-01-31T12:00", *flow)
    assert executions(own, tag) == []
    assert ask(own, 'SELECT tag FROM "public".dataflow WHERE tag = %s', tag) == [(tag,)]


def test_an_execution_of_a_dataflow(own: Path, tag: str) -> None:
    """With both, only an execution of the dataflow is meant, `last` is its newest, and it stays."""
    say(own, tag, f"{tag}-a")
    say(own, tag, f"{tag}-b")
    say(own, f"{tag}-2", f"{tag}-c")
    said = run(own, "forget", f"{tag}-a", "--dataflow", f"{tag}-2", "--yes", code=1).stderr
    assert f"No execution '{tag}-a' of the dataflow '{tag}-2'" in said
    run(own, "forget", "last", "--dataflow", tag.upper(), "--yes")
    assert executions(own, tag) == [f"{tag}-a"]
    run(own, "forget", f"{tag}-a", "--dataflow", tag, "--yes")
    assert executions(own, f"{tag}-2") == [f"{tag}-c"]
    assert ask(own, 'SELECT tag FROM "public".dataflow WHERE tag = %s', tag) == [(tag,)]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nobody", "--yes"], 1, "No execution 'nobody'"),
        (["--dataflow", "nobody", "--yes"], 1, "No dataflow 'nobody'. There are: "),
        (["--before", "yesterday"], 2, "A date is as 2026-01-31"),
        ([], 2, "Name an EXECUTION, a --dataflow, or a date"),
        (["1", "--before", "2020-01-01"], 2, "Name either an EXECUTION or a date"),
    ],
)
def test_mistakes_are_said(own: Path, arguments: list[str], code: int, words: str) -> None:
    """A wrong name, a wrong date, none or too many."""
    assert words in run(own, "forget", *arguments, code=code).stderr


def test_without_a_terminal_it_needs_yes(own: Path, tag: str) -> None:
    """It neither erases nor waits for an answer."""
    say(own, tag, f"{tag}-a")
    assert "add --yes" in run(own, "forget", f"{tag}-a", code=1).stderr
    assert executions(own, tag) == [f"{tag}-a"]


def test_an_account_without_the_right_changes_nothing(own: Path, tag: str) -> None:
    """One line names the account; no tombstone, no journal and no row is changed."""
    say(own, tag, f"{tag}-a")
    url = PrivateServer(own).reader_url().reveal()
    before = traces(own, f"{tag}-a"), ask(own, 'SELECT count(*) FROM "public".erasure')
    said = run(own, "forget", f"{tag}-a", "--yes", "--store", url, code=1).stderr
    assert "may not erase rows in" in said
    assert len(said.splitlines()) == 1
    assert (traces(own, f"{tag}-a"), ask(own, 'SELECT count(*) FROM "public".erasure')) == before


def test_an_empty_database_is_said(tmp_path: Path) -> None:
    """One line, and no catalogue is made."""
    assert "The database is empty" in run(tmp_path, "forget", "1", "--yes", code=1).stderr
    PrivateServer(tmp_path).stop()


def test_artifacts_go_unless_another_execution_has_the_same(own: Path, tag: str) -> None:
    """One of two executions: the content that both wrote stays, its own goes."""
    script = """
import hashlib, sys
from pathlib import Path
from dfanalyzer_client import *

home, flow = Path(sys.argv[1]), sys.argv[2]
for execution in ("a", "b"):
    dataflow = Dataflow(flow, [Transformation("step", [])])
    dataflow.exec_tag = f"{flow}-{execution}"
    dataflow.save()
    task = Task(1, flow, dataflow.exec_tag, "step")
    task.begin()
    for text in ("of both", f"of {execution} in {flow}"):
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        path = home / "artifacts" / sha256[:2] / f"{sha256}.keras"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        task.add_file(File(str(path), "model.keras", mode="written", size=len(text), sha256=sha256))
    outside = home / sha256[:2] / f"{sha256}.keras"
    outside.parent.mkdir(exist_ok=True)
    outside.write_text("not in the artifact store")
    task.add_file(File(str(outside), "model.keras", mode="written", size=1, sha256=sha256))
    task.end()
"""
    subprocess.run(
        [sys.executable, "-c", script, str(own), tag],
        check=True,
        env={**os.environ, "KERAS_PROV_HOME": str(own)},
    )
    stored = [path for path in (own / "artifacts").rglob("*") if path.is_file()]
    assert len(stored) == 3
    said = run(own, "forget", f"{tag}-a", "--yes").stdout
    assert "1 artifact (" in said
    left = {path.read_text() for path in (own / "artifacts").rglob("*") if path.is_file()}
    assert left == {"of both", f"of b in {tag}"}
    assert len(list(own.glob("??/*.keras"))) == 2


@pytest.mark.thorough
def test_another_execution_goes_on_while_one_is_erased(own: Path, tag: str) -> None:
    """A process that stores all the time loses none of its rows, and none is left of the other."""
    say(own, tag, f"{tag}-a")
    script = SAYS.replace("    task.end()\n", "").replace(
        "input()",
        "dataflow.save()\n"
        "    for n in range(300):\n"
        '        task.add_dataset(DataSet("out", [Element([n])])); task.save()\n'
        "        flush(30) if n % 10 == 0 else None\n"
        "        print(n, flush=True)\n"
        "    task.end(); flush(30)",
    )
    script = script.replace("executions:", "executions[:1]:", 1)
    writer = subprocess.Popen(
        [sys.executable, "-c", script, tag, f"{tag}-b", "--wait"],
        stdout=subprocess.PIPE,
        env={**os.environ, "KERAS_PROV_HOME": str(own)},
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    run(own, "forget", f"{tag}-a", "--yes")
    writer.communicate()
    assert writer.returncode == 0
    assert executions(own, tag) == [f"{tag}-b"]
    ((rows,),) = ask(own, f'SELECT count(*) FROM "{tag}"."out"')
    assert rows == 303
    assert traces(own, f"{tag}-a") == []


def test_a_process_that_knew_the_dataflow_begins_anew(own: Path, tag: str) -> None:
    """Its next execution is stored, although another process erased the dataflow meanwhile."""
    script = SAYS.replace(
        "input()",
        "print(flush=True); input()\n"
        "    again = Dataflow(flow, [Transformation('step', [output])])\n"
        "    again.exec_tag = f'{flow}-new'; again.save()\n"
        "    task = Task(1, flow, again.exec_tag, 'step'); task.begin()\n"
        "    task.add_dataset(DataSet('out', [Element([7])])); task.end()\n"
        "    sys.exit(not flush(30))",
    ).replace("executions:", "executions[:1]:", 1)
    process = subprocess.Popen(
        [sys.executable, "-c", script, tag, f"{tag}-a", "--wait"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "KERAS_PROV_HOME": str(own)},
    )
    assert process.stdout is not None
    process.stdout.readline()
    run(own, "forget", "--dataflow", tag, "--yes")
    assert executions(own, tag) == []
    process.communicate(b"\n")
    assert process.returncode == 0
    assert executions(own, tag) == [f"{tag}-new"]
    assert ask(own, f'SELECT n FROM "{tag}"."out"') == [(7.0,)]
    run(own, "sync")
    assert traces(own, f"{tag}-a") == []
