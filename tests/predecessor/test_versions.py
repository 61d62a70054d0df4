"""Databases of each version of the predecessor: read as they are, and upgraded without a loss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.path_query import query
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection, create_catalogue, differences
from dfanalyzer_client.store.inspection import TableFound, tables_of
from older_catalogue import TO_VERSION_5
from predecessor.command import run
from predecessor.filled import EXECUTIONS, SETS, TAG, fill
from predecessor.shapes import DLPROV, SHAPES, Shape
from service.running import service

Answer = tuple[list[str], list[tuple[Any, ...]]]

VERSIONS = [
    pytest.param(name, marks=[] if name == "without executions" else pytest.mark.thorough)
    for name in SHAPES
]

QUERIES = [
    "SELECT i.learning_rate, o.epoch_id, o.loss FROM itrainingmodel i, otrainingmodel o, "
    'ds_otestingmodel s, "public".task t WHERE o.trainingmodel_task_id = t.id AND '
    "i.trainingmodel_task_id = t.id AND o.testingmodel_task_id = s.testingmodel_task_id "
    "ORDER BY i.id, o.id, s.id",
    'SELECT f.tag, x.tag, t.identifier, t.status FROM "public".dataflow f '
    'JOIN "public".dataflow_version v ON v.df_id = f.id '
    'JOIN "public".task t ON t.df_version = v.version '
    'JOIN "public".data_transformation x ON x.id = t.dt_id ORDER BY t.id',
    'SELECT s.tag, a.name, a.type FROM "public".attribute a, "public".data_set s '
    "WHERE a.ds_id = s.id ORDER BY a.id",
    'SELECT p.starttime, p.endtime FROM "public".performance p JOIN "public".task t '
    "ON t.id = p.task_id ORDER BY p.id",
]
"""What users of all versions asked, beside whole tables."""


def asked(connection: Connection, shape: Shape) -> dict[str, Answer]:
    """Whole tables and views, with the names of their columns, and what `QUERIES` give."""
    sets = [tag for tag in SETS if tag != "lost"]
    names = [f'"public".{name}' for name in (*shape.tables, "use_program")]
    names += [f'"{TAG}".{name}' for tag in sets for name in (tag, f"ds_{tag}")]
    statements = [f"SELECT * FROM {name} ORDER BY 1" for name in names] + QUERIES
    with connection.transaction():
        connection.execute(f'SET SCHEMA "{TAG}"')
        return {statement: connection.table(statement)[:2] for statement in statements}


def tables(connection: Connection) -> list[dict[str, TableFound]]:
    """Tables, columns and keys of the database."""
    with connection.transaction():
        return [tables_of(connection, schema) for schema in ("public", TAG)]


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> Shape:
    """Each version of the predecessor."""
    return SHAPES[request.param]


@pytest.fixture
def old(server: PrivateServer, version: Shape) -> StoreURL:
    """A database that this version filled."""
    url = server.ensure()
    fill(url, version)
    return url


@pytest.fixture
def connection(old: StoreURL) -> Iterator[Connection]:
    """A connection to it."""
    with Connection(old) as result:
        yield result


def test_it_is_read_and_upgraded_without_a_loss(
    old: StoreURL, connection: Connection, version: Shape
) -> None:
    """Reading changes nothing; then each table has its columns in their order, and its rows."""
    before, made = asked(connection, version), tables(connection)
    _is_read(old, version)
    assert tables(connection) == made
    done = run(old, "db", "upgrade").stdout.splitlines()
    assert done[0].startswith("Done: predecessor: catalogue")
    assert ("each dataflow has one now, with its tag" in done[0]) == (version.executions is None)
    after = asked(connection, version)
    for statement, (columns, rows) in before.items():
        new_columns, new_rows = after[statement]
        width = len(columns)
        assert new_columns[:width] == columns, statement
        assert [row[:width] for row in new_rows[: len(rows)]] == rows, statement
    for name in ("task", "dataflow", "attribute", "data_set", "data_dependency"):
        statement = f'SELECT * FROM "public".{name} ORDER BY 1'
        assert after[statement] == before[statement]
    for statement in [*QUERIES, *(f'SELECT * FROM "{TAG}".{tag} ORDER BY 1' for tag in SETS)]:
        assert after.get(statement) == before.get(statement)
    assert differences(connection) == []
    _is_read(old, version, upgraded=True)


def _is_read(url: StoreURL, version: Shape, *, upgraded: bool = False) -> None:
    """Its executions, what they wrote, path queries and documents."""
    runs = [
        run_
        for run_ in json.loads(run(url, "runs", "--json", "--sort", "id").stdout)
        if run_["tag"]
    ]
    expected = [(tag, 2) for tag in EXECUTIONS] if version.executions else [(TAG, 4)]
    assert [(each["tag"], each["epochs"]) for each in runs] == expected
    assert {each["status"] for each in runs} == {"FINISHED"}
    shown = run(url, "show", expected[0][0])
    assert "otestingmodel (of testingmodel)" in shown.stdout
    assert "uuid" not in shown.stdout
    found = query(
        TAG, "itrainingmodel", "otestingmodel", ["learning_rate", "otest_loss"], store=url
    )
    assert sorted(set(found.rows)) == [(0.05, 0.25), (0.1, 0.25)]
    document = run(url, "export", expected[0][0], "--format", "provn")
    assert "trainingmodel" in document.stdout, document.stderr
    checked = run(url, "db", "check").stdout
    assert ("name no execution" in checked) == (version.executions is None and not upgraded)


@pytest.mark.thorough
def test_a_task_belongs_to_the_execution_of_its_own_dataflow(server: PrivateServer) -> None:
    """Where tasks name none and there are several dataflows, before and after the upgrade."""
    url = server.ensure()
    fill(url, SHAPES["without executions"])
    with Connection(url) as connection:
        with connection.transaction():
            for statement in (
                "dataflow (tag) VALUES ('alexnet-df-1')",
                "dataflow_version (df_id) VALUES (2)",
                "data_transformation (df_id, tag) VALUES (2, 'trainingmodel')",
                "task (identifier, df_version, dt_id, status) VALUES (1, 2, 4, 'RUNNING')",
            ):
                connection.execute(f'INSERT INTO "public".{statement}')
        before = json.loads(run(url, "runs", "--json", "--sort", "id").stdout)
        assert [(each["id"], each["tag"], each["status"]) for each in before] == [
            (1, TAG, "FINISHED"),
            (2, "alexnet-df-1", "RUNNING"),
        ]
        create_catalogue(connection)
        after = json.loads(run(url, "runs", "--json", "--sort", "id").stdout)
        kept = ("id", "tag", "dataflow", "status", "epochs")
        assert [[each[key] for key in kept] for each in after] == [
            [each[key] for key in kept] for each in before
        ]
        assert [each["metrics"].get("loss") for each in after] == [0.25, None]
        with connection.transaction():
            compared = connection.query('SELECT DISTINCT execution FROM "public".metrics')
        assert compared == [(TAG,)]


@pytest.mark.thorough
def test_an_epoch_is_no_metric_by_its_old_name_either(server: PrivateServer) -> None:
    """The first versions called it `epoch`; `keras-prov runs` lists the metrics beside it."""
    url = server.ensure()
    fill(url, SHAPES["without executions"])
    with Connection(url) as connection, connection.transaction():
        connection.execute(f'DROP VIEW "{TAG}".otrainingmodel')
        connection.execute(f'ALTER TABLE "{TAG}".ds_otrainingmodel RENAME COLUMN epoch_id TO epoch')
        connection.execute(
            "UPDATE \"public\".attribute SET name = 'epoch' WHERE name = 'epoch_id' AND ds_id = 2"
        )
    (listed,) = json.loads(run(url, "runs", "--json", "--sort", "id").stdout)
    assert (listed["epochs"], listed["metrics"]) == (4, {"loss": 0.25})


def test_rows_that_come_later_have_no_uuid(server: PrivateServer) -> None:
    """In DLProv's tables, whose order and values stay; a set that grows keeps them, too."""
    url = server.ensure()
    fill(url, DLPROV)
    with service(KERAS_PROV_STORE=url.reveal()) as running, Connection(url) as connection:
        declared = running.dataflow(_declaration("mood"))
        assert declared.status == 200
        assert running.task(_task("2026-11-23")).status == 200
        rows: list[tuple[Any, ...]] = []
        while len(rows) < 3:
            with connection.transaction():
                columns, rows, _ = connection.table(f'SELECT * FROM "{TAG}".itrainingmodel')
        assert columns[:3] == ["id", "uuid", "trainingmodel_task_id"]
        assert columns[-1] == "mood"
        assert [row[1] is None for row in sorted(rows)] == [False, False, True]
        assert sorted(rows)[2][-1] == "good"
        with connection.transaction():
            tasks = connection.query('SELECT uuid, df_exec FROM "public".task ORDER BY id')
            attributes = connection.query(
                "SELECT name FROM \"public\".attribute WHERE name = 'uuid'"
            )
            functions = connection.query(
                "SELECT name FROM sys.functions WHERE name LIKE 'insert%' AND NOT system"
            )
        assert tasks[-1] == (None, "2026-11-23")
        assert all(uuid for uuid, _ in tasks[:-1])
        assert (attributes, functions) == ([], [])


def test_scientists_and_machines_are_agents_before_and_after_an_upgrade(
    server: PrivateServer,
) -> None:
    """Also of a database that was upgraded before their tables belonged to the catalogue."""
    url = server.ensure()
    fill(url, DLPROV)

    def agents() -> tuple[int, int]:
        text = run(url, "export", EXECUTIONS[0], "--format", "provn").stdout
        return text.count('kp:email="ada@example.org"'), text.count('kp:host="node1"')

    assert agents() == (1, 1)
    with Connection(url) as connection:
        create_catalogue(connection)
        assert agents() == (1, 1)
        with connection.transaction():
            for statement in (
                *TO_VERSION_5,
                'DROP TABLE "public".data_set_role',
                'DROP TABLE "public".execution_association',
                'DROP SEQUENCE "public".data_scientist_id_seq',
                'DROP SEQUENCE "public".hardware_info_id_seq',
                'UPDATE "public".catalogue_version SET version = 4',
            ):
                connection.execute(statement)
        create_catalogue(connection)
        assert differences(connection) == []
        with connection.transaction():
            assert connection.query('SELECT id, email FROM "public".data_scientist') == [
                (1, "ada@example.org")
            ]
    assert agents() == (1, 1)


def _declaration(attribute: str) -> dict[str, Any]:
    attributes = [{"name": attribute, "type": "TEXT"}]
    sets = [{"tag": "itrainingmodel", "type": "INPUT", "attributes": attributes}]
    return {"tag": TAG, "transformations": [{"tag": "trainingmodel", "sets": sets}]}


def _task(execution: str) -> dict[str, Any]:
    return {
        "exec": execution,
        "id": "1",
        "dataflow": TAG,
        "transformation": "trainingmodel",
        "status": "FINISHED",
        "sets": [{"tag": "itrainingmodel", "elements": [["good"]]}],
    }


@pytest.mark.thorough
def test_a_new_execution_stands_beside_the_one_of_a_dataflow(server: PrivateServer) -> None:
    """Where tasks named none: what is captured later has its own, and old tasks keep theirs."""
    url = server.ensure()
    fill(url, SHAPES["without executions"])
    with Connection(url) as connection:
        create_catalogue(connection)
    with service(KERAS_PROV_STORE=url.reveal()) as running:
        assert running.dataflow(_declaration("mood")).status == 200
        assert running.task(_task("later")).status == 200
        runs: list[Any] = []
        while len(runs) < 2 or runs[1]["status"] != "FINISHED":
            runs = json.loads(run(url, "runs", "--json", "--sort", "id").stdout)
    assert [(each["tag"], each["epochs"]) for each in runs] == [(TAG, 4), ("later", 0)]
