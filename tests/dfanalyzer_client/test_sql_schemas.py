"""Statements that name tables without their schema, in `keras-prov sql` and as mclient's user."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.cli import main
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection

JOIN = "SELECT t.status, s.cells FROM task t, isolve s WHERE s.solve_task_id = t.id"


@pytest.fixture
def solved(tag: str, ask: Any) -> Dataflow:
    """A dataflow with one task, stored on the private server."""
    cells = Set("iSolve", SetType.INPUT, [Attribute("CELLS", AttributeType.NUMERIC)])
    dataflow = Dataflow(tag, [Transformation("Solve", [cells])])
    dataflow.save()
    with dataflow.task("Solve") as task:
        task.used(cells=3)
    assert ask.one(f'SELECT count(*) FROM "{tag}".isolve') == 1
    return dataflow


def sql(*arguments: str, **options: Any) -> Result:
    """Run `keras-prov sql`."""
    return CliRunner().invoke(main, ["sql", *arguments], **options, catch_exceptions=False)


def test_tables_of_the_catalogue_need_no_schema(solved: Dataflow) -> None:
    """`SELECT * FROM dataflow`, and a join of a set with `task` in the schema of its dataflow."""
    listed = json.loads(sql("--json", "SELECT * FROM dataflow").stdout)
    assert solved.tag in [each["tag"] for each in listed]
    expected = [{"status": "FINISHED", "cells": 3.0}]
    assert json.loads(sql("--json", "--dataflow", solved.tag.upper(), JOIN).stdout) == expected
    begun = f'SET SCHEMA "{solved.tag}"; {JOIN}'
    assert json.loads(sql("--json", begun).stdout) == expected


def test_the_reader_of_the_private_server_needs_none_either(solved: Dataflow, home: Path) -> None:
    """The account of the line for mclient finds the catalogue from every schema, and its own."""
    with Connection(PrivateServer(home).reader_url()) as reader:
        assert reader.query("SELECT count(*) FROM dataflow") != [(0,)]
        reader.execute(f'SET SCHEMA "{solved.tag}"')
        assert reader.query(JOIN) == [("FINISHED", 3.0)]
        assert reader.query("SELECT count(*) > 10 FROM tables") == [(True,)]


@pytest.mark.parametrize(
    ("statement", "cure"),
    [
        ("SELECT * FROM isolve", "use --dataflow {tag}, or begin with SET SCHEMA"),
        ("SELECT * FROM ds_isolve", "use --dataflow {tag}, or begin with SET SCHEMA"),
        ("SELECT id FROM task WHERE df_exec = '{exec}'", "ON e.id = df_exec, and compare e.tag"),
        ("SELECT id FROM task WHERE df_exec IN ('{exec}')", "ON e.id = df_exec, and compare e.tag"),
    ],
)
def test_an_error_names_the_cure(solved: Dataflow, statement: str, cure: str) -> None:
    """A set without its schema, and an execution's tag where its id is expected."""
    asked = sql(statement.format(tag=solved.tag, exec=solved.exec_tag))
    assert asked.exit_code == 1
    assert cure.format(tag=solved.tag) in asked.stderr
    assert asked.stderr.count("\n") == 1


def test_a_statement_that_finds_nothing_by_mistake_is_named(solved: Dataflow) -> None:
    """MonetDB compares an id with a pattern, and finds none; the cure is said beside the rows."""
    asked = sql("--csv", f"SELECT id FROM task WHERE df_exec LIKE '{solved.tag}%'")
    assert (asked.exit_code, asked.stdout) == (0, "id\n")
    assert "and compare e.tag" in asked.stderr


def test_an_unknown_dataflow_is_said(solved: Dataflow) -> None:
    """With some that there are; an error that has no cure is MonetDB's own."""
    asked = sql("--dataflow", "nosuch", "SELECT 1")
    assert asked.exit_code == 1
    assert "There is no dataflow 'nosuch'. Expected one of " in asked.stderr
    assert sql("SELECT * FROM nosuch").stderr == "Error: SELECT: no such table 'nosuch'\n"


def test_an_account_of_an_own_server_is_told_how_it_finds_them(
    solved: Dataflow, home: Path
) -> None:
    """Its path has only "sys"; both ways that the error names are right."""
    administrator = PrivateServer(home).ensure()
    account = dataclasses.replace(administrator, user="path less", password="secret")
    with Connection(administrator) as connection:
        with connection.transaction():
            connection.execute(
                "CREATE USER \"path less\" WITH PASSWORD 'secret' NAME 'x' SCHEMA \"sys\""
            )
            for name in (
                f'"{solved.tag}".isolve',
                '"public".task',
                '"public".dataflow',
                '"public".data_set',
            ):
                connection.execute(f'GRANT SELECT ON {name} TO "path less"')
        environment = {"KERAS_PROV_STORE": account.reveal()}
        asked = sql("--dataflow", solved.tag, JOIN, env=environment)
        assert 'write "public"."task", or' in asked.stderr
        written = JOIN.replace(" task ", ' "public"."task" ')
        assert "FINISHED" in sql("--dataflow", solved.tag, written, env=environment).stdout
        path = asked.stderr.partition("with ")[2].partition(", from the next login")[0]
        with connection.transaction():
            connection.execute(path)
    assert "FINISHED" in sql("--dataflow", solved.tag, JOIN, env=environment).stdout
