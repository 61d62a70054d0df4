"""Runs of MLflow become executions: those of real stores, made by several versions of MLflow."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import dfanalyzer_client
from dfanalyzer_client import prov_document
from tests.conftest import Asker

from .command import imported
from .mlflow_stores import DATABASE, FOLDER, PLACES, copied, with_two_experiments

FIVE = "5 runs imported, 0 continued, 0 there already."
FIVE_THERE = "0 runs imported, 0 continued, 5 there already."
SKIPPED = "1 deleted run skipped: --deleted imports them, too."


class Runs:
    """The executions of a dataflow, asked by the names that their runs had in MLflow."""

    def __init__(self, ask: Asker, tag: str) -> None:
        self._ask, self.tag = ask, tag
        self.executions = dict(
            ask.rows(
                f'SELECT s.value, e.tag FROM "{tag}".ienvironment s '
                "JOIN task t ON t.id = s.trainingmodel_task_id "
                "JOIN dataflow_execution e ON e.id = t.df_exec WHERE s.name = 'run_name'"
            )
        )

    def values(self, view: str, run: str, columns: str) -> list[tuple[Any, ...]]:
        """Rows of ``hyperparameters`` or ``metrics`` of a run, in order."""
        return sorted(
            self._ask.rows(
                f"SELECT {columns} FROM {view} WHERE execution = %s", self.executions[run]
            ),
            key=repr,
        )

    def of_set(self, name: str, run: str, columns: str) -> list[tuple[Any, ...]]:
        """Rows of a set that the training of a run read or wrote."""
        return self._ask.rows(
            f'SELECT {columns} FROM "{self.tag}"."{name}" s '
            "JOIN task t ON t.id = s.trainingmodel_task_id "
            "JOIN dataflow_execution e ON e.id = t.df_exec WHERE e.tag = %s ORDER BY s.id",
            self.executions[run],
        )


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    """Each store."""
    return str(request.param)


def test_runs_become_executions(place: str, tmp_path: Path, tag: str, ask: Asker) -> None:
    """Parameters, metrics, states, times, parents and files are those that MLflow has."""
    store = copied(place, tmp_path)
    assert imported("mlflow", store, "--dataflow", tag) == (FIVE, SKIPPED)
    runs = Runs(ask, tag)
    assert set(runs.executions) == {"search", "first", "second", "failed", "running"}
    assert runs.values("hyperparameters", "first", "name, value, number") == [
        ("batch_size", "32", 32.0),
        ("learning_rate", "0.01", 0.01),
        ("optimizer", "adam", None),
    ]
    measured = runs.values("metrics", "first", "name, epoch, value")
    losses = [row for row in measured if row[0] == "loss"]
    assert losses == [
        ("loss", 0, 0.01),
        ("loss", 1, 0.005),
        ("loss", 2, 0.01 / 3),
        ("loss", 2, 0.25),
    ]
    assert runs.values("metrics", "failed", "epoch, value, exact") == [
        (0.0, None, "NaN"),
        (1.0, None, "Infinity"),
        (2.0, 2.5, None),
    ]
    tasks = ask.rows(
        "SELECT t.status, CAST(b.began AS TEXT), CAST(e.ended AS TEXT) FROM task t "
        "JOIN task_begun b ON b.id = t.id LEFT JOIN task_ended e ON e.task_id = t.id "
        "JOIN dataflow_execution x ON x.id = t.df_exec WHERE x.tag IN (%s, %s) ORDER BY t.id",
        runs.executions["failed"],
        runs.executions["running"],
    )
    assert tasks == [
        ("FAILED", "2023-11-14 22:18:20.000000", "2023-11-14 22:18:30.000000"),
        ("RUNNING", "2023-11-14 22:20:00.000000", None),
    ]
    parents = ask.rows(
        "SELECT previous_execution FROM lineage WHERE execution = %s AND path IS NULL",
        runs.executions["second"],
    )
    assert parents == [(runs.executions["search"],)]
    (file,) = ask.rows(f'SELECT path, kind, sha256 FROM "{tag}".omodelfile')
    assert Path(file[0]).read_bytes() == b"not really weights"
    assert file[1:] == ("model", hashlib.sha256(b"not really weights").hexdigest())


def test_the_origin_is_recorded(place: str, tmp_path: Path, tag: str, ask: Asker) -> None:
    """The tool, the run's id, its user, commit and data are facts of the execution."""
    imported("mlflow", copied(place, tmp_path), "--dataflow", tag)
    runs = Runs(ask, tag)
    facts = {
        (kind, name): value
        for kind, name, value in runs.of_set("ienvironment", "first", "s.kind, s.name, s.value")
    }
    assert facts["import", "tool"] == "MLflow"
    assert f"mlflow-{facts['import', 'run_id']}" == runs.executions["first"]
    assert facts["process", "user"] == "ada"
    assert facts["git", "commit"] == "0123456789abcdef0123456789abcdef01234567"
    assert runs.of_set("idataset", "first", "s.role, s.name, s.hash, s.samples") == [
        ("training", "digits", "abc123", 90.0)
    ]


def test_tags_and_notes(place: str, tmp_path: Path, tag: str, ask: Asker) -> None:
    """They are those of the run; one that is changed here stays so when it is imported again."""
    store = copied(place, tmp_path)
    imported("mlflow", store, "--dataflow", tag)
    runs = Runs(ask, tag)
    tags = 'SELECT "name", "value" FROM tags WHERE execution = %s'
    assert ask.rows(tags, runs.executions["first"]) == [("team", "vision")]
    noted = 'SELECT "text" FROM notes WHERE execution = %s'
    assert ask.rows(noted, runs.executions["search"]) == [("Fine.",)]
    dfanalyzer_client.tag(runs.executions["first"], "team", "audio")
    imported("mlflow", store, "--dataflow", tag)
    assert ask.rows(tags, runs.executions["first"]) == [("team", "audio")]


def test_rows_are_those_of_steps(tmp_path: Path, tag: str, ask: Asker) -> None:
    """The metrics of one step are one row, a second value is a second one; others are apart."""
    imported("mlflow", copied(DATABASE, tmp_path), "--dataflow", tag)
    runs = Runs(ask, tag)
    names = {
        (name, of): attribute
        for of, attribute, name in runs.of_set(
            "ometricnames", "first", "s.of_set, s.attribute, s.metric"
        )
    }
    assert names["id", "oTrainingModel"] == "id_2"
    assert runs.of_set("otrainingmodel", "first", 's.epoch_id, s.id_2, s.loss, s."val/loss"') == [
        (0.0, 0.0, 0.01, 0.02),
        (1.0, 1.0, 0.005, 0.01),
        (2.0, 2.0, 0.01 / 3, 0.02 / 3),
        (2.0, None, 0.25, None),
    ]
    columns = "s.device, s.system_cpu_percent, s.gpu_memory_bytes, s.disk_usage_megabytes"
    assert runs.of_set("osystemmetrics", "first", columns)[:2] == [
        ("cpu", 50.0, None, 1000.0),
        ("gpu:0", None, 1e8, None),
    ]


def test_numbers_and_texts_of_a_parameter(tmp_path: Path, tag: str, ask: Asker) -> None:
    """Where one run has a number and another one a text, they are two; no secret is stored."""
    imported("mlflow", copied(FOLDER, tmp_path), "--dataflow", tag)
    runs = Runs(ask, tag)
    second = runs.values("hyperparameters", "second", "name, value, number")
    assert ("batch_size_text", "auto", None) in second
    assert runs.values("hyperparameters", "failed", "name, value") == [
        ("note", "ünïcode ☃"),
        ("password", "…"),
    ]


def test_a_second_import_adds_nothing(place: str, tmp_path: Path, tag: str, ask: Asker) -> None:
    """What is there already stays as it is; a second dataflow for it is refused."""
    store = copied(place, tmp_path)
    imported("mlflow", store, "--dataflow", tag)
    counted = f'SELECT count(*) FROM "{tag}".otrainingmodel'
    before = ask.one(counted), ask.one("SELECT count(*) FROM task")
    assert imported("mlflow", store) == (FIVE_THERE, SKIPPED)
    output, error = imported("mlflow", store, "--dataflow", f"{tag}-2", code=1)
    assert output == ""
    assert f"5 of these runs are in the database already, in {tag}, and" in error
    assert (ask.one(counted), ask.one("SELECT count(*) FROM task")) == before


def test_a_run_that_went_on_is_continued(tmp_path: Path, tag: str, ask: Asker) -> None:
    """Only its new points, parameters and its end are added: to its task, or to a further one."""
    store = copied(DATABASE, tmp_path)
    imported("mlflow", store, "--dataflow", tag)
    runs = Runs(ask, tag)
    running, first = (
        runs.executions[name].removeprefix("mlflow-") for name in ("running", "first")
    )
    database = sqlite3.connect(store)
    statement = "INSERT INTO metrics VALUES (?, ?, 1700000500000, ?, ?, 0)"
    points = [
        ("val_loss", 0.6, running, 0),  # logged late
        ("loss", 0.4, running, 1),
        ("loss", 0.001, first, 3),
    ]
    database.executemany(statement, points)
    database.execute("INSERT INTO params VALUES ('late', '5', ?)", (running,))
    database.execute(
        "UPDATE runs SET status = 'FINISHED', end_time = 1700000500000 WHERE run_uuid = ?",
        (running,),
    )
    database.commit()
    database.close()
    assert imported("mlflow", store)[0] == "0 runs imported, 2 continued, 3 there already."
    assert imported("mlflow", store)[0] == "0 runs imported, 0 continued, 5 there already."
    assert runs.values("metrics", "running", "epoch, name, value") == [
        (0.0, "loss", 0.5),
        (0.0, "val_loss", 0.6),
        (1.0, "loss", 0.4),
    ]
    assert runs.values("hyperparameters", "running", "name, number") == [("late", 5.0)]
    tasks = ask.rows(
        "SELECT e.tag, t.identifier, t.status FROM task t JOIN dataflow_execution e "
        "ON e.id = t.df_exec WHERE e.tag IN (%s, %s) ORDER BY t.id",
        runs.executions["running"],
        runs.executions["first"],
    )
    assert sorted(tasks) == sorted(
        [
            (runs.executions["first"], 1, "FINISHED"),
            (runs.executions["first"], 2, "FINISHED"),
            (runs.executions["running"], 1, "FINISHED"),
        ]
    )
    assert runs.values("metrics", "first", "epoch, value")[-1] == (3.0, 0.001)


def test_deleted_runs_are_imported_when_asked(place: str, tmp_path: Path, tag: str) -> None:
    """--deleted takes runs that were deleted in MLflow, too."""
    found = imported("mlflow", copied(place, tmp_path), "--dataflow", tag, "--deleted")
    assert found == ("6 runs imported, 0 continued, 0 there already.", "")


@pytest.mark.parametrize("name", ["100% done", "50%d %s"])
def test_an_experiment_with_a_percent_sign(name: str, tmp_path: Path, tag: str, ask: Asker) -> None:
    """Its runs are imported, imported again, listed with their own metrics, and continued."""
    store = copied(DATABASE, tmp_path)
    with_two_experiments(store, f"{tag}-default", f"{tag} {name}")
    assert imported("mlflow", store) == (FIVE, SKIPPED)
    assert imported("mlflow", store) == (FIVE_THERE, SKIPPED)
    found = dfanalyzer_client.runs("loss = 0.25", dataflow=f"{tag} {name}")
    assert len(found) == 2  # of the four that are not in the other experiment
    assert all(run.epochs == 4 for run in found)


def test_experiments_whose_names_differ_in_case(
    place: str, tmp_path: Path, tag: str, ask: Asker
) -> None:
    """They stay apart: the oldest has its name, the other its id behind it, at each import."""
    store = copied(place, tmp_path)
    with_two_experiments(store, f"{tag}-Ünï", f"{tag}-ünÏ")
    assert imported("mlflow", store)[0] == FIVE
    assert imported("mlflow", store)[0] == FIVE_THERE
    dataflows = ask.rows(
        "SELECT d.tag, count(*) FROM dataflow d JOIN dataflow_execution e ON e.df_id = d.id "
        "WHERE d.tag LIKE %s GROUP BY d.tag ORDER BY d.tag",
        f"{tag}-%",
    )
    (first, one), (second, four) = dataflows
    assert (first, one, four) == (f"{tag}-ünï", 1, 4)
    assert second.startswith(f"{tag}-ünï_")


def test_an_imported_run_is_a_prov_document(tmp_path: Path, tag: str, ask: Asker) -> None:
    """It is exported as a training that was captured."""
    imported("mlflow", copied(DATABASE, tmp_path), "--dataflow", tag)
    document = prov_document(Runs(ask, tag).executions["first"]).get_provn()
    assert "trainingmodel" in document.lower()
    assert "0.25" in document


def test_the_store_is_only_read(place: str, tmp_path: Path, tag: str) -> None:
    """An import changes no file, and works where it may write none."""
    store = copied(place, tmp_path)
    files = [path for path in store.parent.rglob("*") if path.is_file()]
    before = {path: path.read_bytes() for path in files}
    imported("mlflow", store, "--dataflow", tag)
    after = [path for path in store.parent.rglob("*") if path.is_file()]
    assert {path: path.read_bytes() for path in after} == before


def test_a_damaged_run_is_named(tmp_path: Path, tag: str, ask: Asker) -> None:
    """A file that cannot be read costs its run, not the others, and the exit code is 1."""
    store = copied(FOLDER, tmp_path)
    (metric,) = [path for path in store.rglob("metrics/loss") if "nan" in path.read_text()]
    metric.write_text("1700000300000 oops 0\n1700000300000 1.0 1\n")
    output, errors = imported("mlflow", store, "--dataflow", tag, code=1)
    assert output == "4 runs imported, 0 continued, 0 there already."
    assert errors.splitlines()[0] == (
        f"{metric}, line 1: time, value and step were expected. Received: '1700000300000 oops 0'."
    )
    assert "failed" not in Runs(ask, tag).executions


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("missing", None, "cannot be read: No such file or directory"),
        ("notes.txt", b"notes", "is no SQLite database"),
        ("broken.db", b"SQLite format 3\0" + b"x" * 100, "cannot be read: file is not a database"),
    ],
)
def test_what_is_no_store_is_named(
    name: str, content: bytes | None, reason: str, tmp_path: Path
) -> None:
    """One line names the file, and what was expected or wrong."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    errors = imported("mlflow", tmp_path / name, code=1)[1]
    assert errors.startswith(f"Error: {tmp_path / name} {reason}")
    assert len(errors.splitlines()) == 1


def test_another_database_is_refused(tmp_path: Path) -> None:
    """An SQLite database without MLflow's tables is named as such."""
    database = sqlite3.connect(tmp_path / "other.db")
    database.execute("CREATE TABLE runs (id INTEGER)")
    database.close()
    errors = imported("mlflow", f"sqlite:///{tmp_path}/other.db", code=1)[1]
    assert "but not MLflow's: it has no table 'experiments'" in errors


def test_servers_are_refused() -> None:
    """A tracking server's URI is answered by what can be imported instead."""
    errors = imported("mlflow", "https://mlflow.example.org", code=1)[1]
    assert "not from a server at https://" in errors
