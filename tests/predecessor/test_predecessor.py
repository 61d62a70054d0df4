"""A database that the predecessor filled: it opens as it is, and goes on beside what is new."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from prov.model import ProvUsage

from dfanalyzer_client import prov_document
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import RefusedError
from dfanalyzer_client.executions.summaries import find_execution
from dfanalyzer_client.export.crate import write_crate
from dfanalyzer_client.path_query import query
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection, create_catalogue, differences
from dfanalyzer_client.store.inspection import tables_of
from dfanalyzer_client.store.upgrade.predecessor import upgrade
from predecessor.command import run
from predecessor.filled import EXECUTIONS, TAG, fill
from w3c_prov.asking import Document, value
from w3c_prov.constraints import violations
from warm import warm_python

QUERIES = [
    "SELECT * FROM itrainingmodel",
    "SELECT * FROM otrainingmodel ORDER BY id",
    "SELECT * FROM ds_otestingmodel",
    'SELECT * FROM "public".task ORDER BY id',
    'SELECT * FROM "public".performance ORDER BY id',
    'SELECT * FROM "public".dataflow_execution',
    'SELECT * FROM "public".attribute ORDER BY id',
    'SELECT * FROM "public".data_dependency ORDER BY id',
    'SELECT * FROM "public".use_program',
    f"SELECT status FROM \"public\".task WHERE df_exec = '{EXECUTIONS[1]}'",
    "SELECT e.tag, i.learning_rate, o.epoch_id, o.loss "
    'FROM "public".dataflow_execution e, "public".task t, itrainingmodel i, otrainingmodel o '
    "WHERE t.df_exec = e.tag AND i.trainingmodel_task_id = t.id "
    "AND o.trainingmodel_task_id = i.trainingmodel_task_id ORDER BY o.id",
    "SELECT s.otest_loss, o.loss FROM otestingmodel s "
    "JOIN otrainingmodel o ON o.testingmodel_task_id = s.testingmodel_task_id "
    "WHERE o.loss > -9999999 ORDER BY o.id",
    "SELECT starttime FROM \"public\".performance WHERE starttime LIKE '2020-05-02%'",
]
"""What users of the predecessor ask, in the schema of their dataflow."""

TRAINING = f"""
import keras_prov as keras
from small_models import data, small_model
model = small_model()
model.provenance({TAG!r}, adaptation=True, hyps={{"OPTIMIZER_NAME": True, "LEARNING_RATE": True}},
    hyperparameters=[("NOTE", "TEXT")], values={{"NOTE": "x" * 2000}})
model.fit(*data(), epochs=3, verbose=0)
model.evaluate(*data(), verbose=0)
"""


@pytest.fixture
def old(server: PrivateServer) -> StoreURL:
    """The URL of a database that the predecessor filled."""
    url = server.ensure()
    fill(url)
    return url


def answers(url: StoreURL) -> list[list[tuple[Any, ...]]]:
    """What the old queries give."""
    connection = Connection(url)
    connection.execute(f'SET SCHEMA "{TAG}"')
    found = [connection.query(statement) for statement in QUERIES]
    connection.close()
    return found


def shape(url: StoreURL) -> list[Any]:
    """Tables, columns and keys of the database."""
    connection = Connection(url)
    found = [tables_of(connection, schema) for schema in ("public", TAG)]
    connection.close()
    return found


def test_it_is_read_as_it_is(old: StoreURL) -> None:
    """Its executions, what each read and wrote, and path queries; nothing is changed by that."""
    before = shape(old)
    listed = json.loads(run(old, "runs", "--json", "--sort", "id").stdout)
    assert [(each["tag"], each["status"], each["epochs"]) for each in listed] == [
        (EXECUTIONS[0], "FINISHED", 2),
        (EXECUTIONS[1], "FINISHED", 2),
    ]
    shown = run(old, "show", "1").stdout
    assert "otrainingmodel (of trainingmodel)" in shown
    assert "otestingmodel (of testingmodel)" in shown
    found = query(
        TAG, "itrainingmodel", "otestingmodel", ["learning_rate", "otest_loss"], store=old
    )
    assert found.rows == [(0.1, 0.25), (0.05, 0.25)]
    checked = run(old, "db", "check")
    assert checked.exit_code == 1
    for line in (
        "DfAnalyzer created the catalogue. `keras-prov db upgrade` upgrades it, and so does the "
        "first capture.",
        'Table "public".dataflow has keys: dataflow_id_pkey.',
        'Texts of "public".attribute are bounded: name (30), type (15).',
        'Table "public".exact_number is missing.',
        'Table "public".file has no column mode, size, sha256.',
        f'Set lost has no table "{TAG}".ds_lost.',
        f"A step of the upgrade is left: predecessor: dataflow {TAG}",
    ):
        assert line in checked.stdout.splitlines()
    assert shape(old) == before


def test_a_crate_can_be_made_of_it(old: StoreURL, tmp_path: Path) -> None:
    """Its rows and its tasks, without the times that it does not know."""
    connection = Connection(old)
    try:
        summary = find_execution(connection, EXECUTIONS[0])
        write_crate(connection, summary, tmp_path / "crate", prov_json="{}")
    finally:
        connection.close()

    metadata = json.loads((tmp_path / "crate" / "ro-crate-metadata.json").read_text())
    actions = [each for each in metadata["@graph"] if each["@type"] == "CreateAction"]
    assert len(actions) > 1
    assert not any("startTime" in each for each in actions)
    assert (tmp_path / "crate" / "metrics" / "otrainingmodel.csv").is_file()
    (test,) = [each for each in actions if each["name"] == "TestingModel 1"]
    assert test["object"] == {"@id": "metrics/otrainingmodel.csv"}


def test_a_document_can_be_made_of_it(old: StoreURL) -> None:
    """The test used the epochs that it is noted to have read; `null` is no text."""
    document = prov_document(EXECUTIONS[0], store=old)
    assert violations(document) == []
    used = Document(document).pairs(ProvUsage)
    for epoch in (1, 2):
        assert ("task.testingmodel.1", f"set.otrainingmodel.{epoch}") in used
    for task in Document(document).of_type("Task"):
        assert [value(task, name) for name in ("workspace", "output", "error")] == [None] * 3


def test_an_upgrade_keeps_every_answer(old: StoreURL) -> None:
    """Each step is one transaction with its record; then nothing differs, and all is compared."""
    before = answers(old)
    done = run(old, "db", "upgrade")
    assert done.stdout.splitlines() == [
        "Done: predecessor: catalogue",
        f"Done: predecessor: dataflow {TAG}",
        "Done: predecessor: all of it",
    ]
    assert answers(old) == before
    checked = run(old, "db", "check")
    assert (checked.exit_code, checked.stdout.count("\n")) == (0, 1)
    assert run(old, "db", "upgrade").stdout == "The catalogue is up to date.\n"
    connection = Connection(old)
    steps = connection.query('SELECT step FROM "public".catalogue_version ORDER BY made')
    assert [step.partition(": ")[2] for (step,) in steps] == [
        "catalogue",
        f"dataflow {TAG}",
        "all of it",
    ]
    compared = connection.query(
        "SELECT h.execution, h.number, m.value, m.epoch "
        'FROM "public".hyperparameters h JOIN "public".metrics m ON m.df_exec = h.df_exec '
        "WHERE h.name = 'learning_rate' AND m.name = 'loss' ORDER BY h.execution, m.epoch"
    )
    assert compared == [
        (EXECUTIONS[0], 0.1, 0.5, 0.0),
        (EXECUTIONS[0], 0.1, 0.25, 1.0),
        (EXECUTIONS[1], 0.05, -9999999.0, 0.0),
        (EXECUTIONS[1], 0.05, 0.25, 1.0),
    ]
    began = connection.query('SELECT began FROM "public".task_begun ORDER BY id')
    assert str(began[0][0]) == "2020-05-01 10:00:00"
    connection.close()


@pytest.mark.thorough
def test_new_executions_stand_beside_the_old_ones(old: StoreURL) -> None:
    """A training captured into it, with the old dataflow's tag, brings it forward by itself."""
    before = answers(old)
    environment = {**os.environ, "KERAS_PROV_STORE": old.reveal(), "KERAS_PROV_EXIT_FLUSH": "60"}
    tests = str(Path(__file__).parents[1])
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(tests).parent), tests])
    subprocess.run([*warm_python(), "-c", TRAINING], env=environment, check=True)
    connection = Connection(old)
    connection.execute(f'SET SCHEMA "{TAG}"')
    rows = connection.query("SELECT id, optimizer_name, char_length(note) FROM itrainingmodel")
    assert rows == [(1, "SGD", None), (2, "SGD", None), (3, "SGD", 2000)]
    epochs = connection.query(
        "SELECT id, epoch_id, CAST(elapsed_time AS DOUBLE) >= 0 FROM otrainingmodel WHERE id > 4"
    )
    assert epochs == [(5, 0.0, True), (6, 1.0, True), (7, 2.0, True)]
    tagged = connection.query(
        "SELECT e.tag FROM itrainingmodel i "
        'JOIN "public".task t ON t.id = i.trainingmodel_task_id '
        'JOIN "public".dataflow_execution e ON e.tag = t.df_exec ORDER BY i.id'
    )
    assert [tag for (tag,) in tagged[:2]] == list(EXECUTIONS)
    assert len(tagged) == 3
    old_rows = connection.query(QUERIES[10])
    assert [row for row in old_rows if row[0] in EXECUTIONS] == before[10]
    executions = connection.query(
        "SELECT DISTINCT execution FROM \"public\".metrics WHERE name = 'loss'"
    )
    assert len(executions) == 3
    connection.close()
    listed = json.loads(run(old, "runs", "--json", "--sort", "id").stdout)
    assert [(each["status"], each["epochs"]) for each in listed] == [
        ("FINISHED", 2),
        ("FINISHED", 2),
        ("FINISHED", 3),
    ]


def test_the_service_works_on_it(old: StoreURL) -> None:
    """A client of the predecessor goes on with its dataflow: messages, lists and queries."""
    from service.running import service

    question = b"source(itrainingmodel)\ntarget(otestingmodel)\nprojection(optimizer_name)"
    with service(KERAS_PROV_STORE=old.reveal()) as running:
        assert running.ask("/api/dataflows/list").json == [{"id": 1, "tag": TAG}]
        assert running.ask(f"/query_interface/{TAG}/1", question).text.count("SGD") == 2
        message = {
            "first": "1",
            "exec": "MnistRun2026",
            "id": "1",
            "dataflow": TAG,
            "transformation": "trainingmodel",
            "status": "FINISHED",
            "sets": [{"tag": "itrainingmodel", "elements": [["now", "Adam" * 200, "0.01"]]}],
        }
        assert running.task(message).status == 200
        connection = Connection(old)
        rows: list[Any] = []
        while len(rows) < 3:
            rows = connection.query(f'SELECT id, learning_rate FROM "{TAG}".ds_itrainingmodel')
            connection.rollback()
        connection.close()
        assert rows[2] == (3, 0.01)


def test_an_upgrade_that_was_interrupted_goes_on(old: StoreURL) -> None:
    """Between two steps; `db check` says which are left."""
    before = answers(old)
    connection = Connection(old)
    steps = upgrade(connection)
    assert next(steps) == "predecessor: catalogue"
    steps.close()
    left = differences(connection)
    assert f"A step of the upgrade is left: predecessor: dataflow {TAG}" in left
    assert not create_catalogue(connection)
    assert differences(connection) == []
    connection.close()
    assert answers(old) == before


@pytest.mark.thorough
def test_a_view_of_the_user_stops_the_upgrade_and_nothing_is_lost(old: StoreURL) -> None:
    """The error names the step and the cure; without the view the upgrade is taken."""
    before, made = answers(old), shape(old)
    connection = Connection(old)
    with connection.transaction():
        connection.execute('CREATE VIEW "public".mine AS SELECT id, status FROM "public".task')
    with pytest.raises(RefusedError, match="'predecessor: catalogue' cannot be taken, and nothing"):
        create_catalogue(connection)
    failed = run(old, "db", "upgrade")
    assert failed.exit_code == 1
    assert "drop it, upgrade, and create it again" in failed.stderr
    assert answers(old) == before
    assert shape(old) == made
    with connection.transaction():
        connection.execute('DROP VIEW "public".mine')
    create_catalogue(connection)
    connection.close()
    assert answers(old) == before


@pytest.mark.thorough
def test_several_who_open_it_at_once_bring_it_forward_once(old: StoreURL) -> None:
    """They wait for each other, and find it done."""
    before, failures = answers(old), []

    def opened() -> None:
        connection = Connection(old)
        try:
            create_catalogue(connection)
        except Exception as error:
            failures.append(error)
        connection.close()

    threads = [threading.Thread(target=opened) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert answers(old) == before
    connection = Connection(old)
    assert connection.query('SELECT count(*) FROM "public".catalogue_version') == [(3,)]
    connection.close()


@pytest.mark.thorough
def test_a_database_without_a_catalogue_and_one_of_ours_are_told_apart(
    server: PrivateServer,
) -> None:
    """`db check` says so, and `db upgrade` makes what is missing."""
    url = server.ensure()
    assert "There is no catalogue" in run(url, "db", "check").stdout
    assert run(url, "db", "upgrade").stdout == "There was no catalogue, so one was created.\n"
    assert run(url, "db", "check").exit_code == 0
    connection = Connection(url)
    with connection.transaction():
        connection.execute('DROP VIEW "public".lineage')
    connection.close()
    assert run(url, "db", "check").stdout == 'View "public".lineage is missing.\n'


def test_columns_of_other_versions_are_kept(old: StoreURL) -> None:
    """Beyond those that we know: in the catalogue, in tasks, and in a set."""
    connection = Connection(old)
    with connection.transaction():
        connection.execute('ALTER TABLE "public".dataflow ADD COLUMN uuid VARCHAR(36)')
        connection.execute("UPDATE \"public\".dataflow SET uuid = 'abc'")
        connection.execute('ALTER TABLE "public".task ADD COLUMN node VARCHAR(9)')
        connection.execute("UPDATE \"public\".task SET node = 'n1'")
        connection.execute(f'ALTER TABLE "{TAG}".ds_oadaptation ADD COLUMN cause VARCHAR(9)')
        connection.execute(f"INSERT INTO \"{TAG}\".ds_oadaptation (cause) VALUES ('plateau')")
    create_catalogue(connection)
    assert connection.query('SELECT uuid FROM "public".dataflow') == [("abc",)]
    assert connection.query('SELECT DISTINCT node FROM "public".task') == [("n1",)]
    assert connection.query(f'SELECT cause FROM "{TAG}".oadaptation') == [("plateau",)]
    connection.close()
