"""Saved queries of the predecessor's users, typed into `keras-prov sql` after the upgrade."""

from __future__ import annotations

import json

import pytest

from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection, create_catalogue
from predecessor.command import run
from predecessor.filled import EXECUTIONS, TAG, fill
from predecessor.shapes import SHAPES


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("version", "statement", "cure"),
    [
        (
            "newest",
            "SELECT e.tag FROM task t JOIN dataflow_execution e ON e.id = t.df_exec",
            "task.df_exec is the tag of an execution here",
        ),
        ("by id", f"SELECT id FROM task WHERE df_exec = '{EXECUTIONS[0]}'", "compare e.tag"),
        ("without executions", "SELECT t.df_exec FROM task t", '"public"."task_begun"'),
        ("without executions", "SELECT df_exec FROM task", '"public"."task_begun"'),
    ],
)
def test_who_asks_for_the_other_key_is_told_which_it_is(
    server: PrivateServer, version: str, statement: str, cure: str
) -> None:
    """`task.df_exec` is what it was: the execution's tag, its id, or not there at all."""
    url = server.ensure()
    fill(url, SHAPES[version])
    with Connection(url) as connection:
        create_catalogue(connection)
    asked = run(url, "sql", statement)
    assert asked.exit_code == 1
    assert cure in asked.stderr


def test_a_saved_query_needs_no_schema(server: PrivateServer) -> None:
    """Before the upgrade and after it, with the tag of an execution as it was stored."""
    url = server.ensure()
    fill(url)
    statement = f"SELECT status FROM task WHERE df_exec = '{EXECUTIONS[1]}' ORDER BY id"
    expected = [{"status": "FINISHED"}] * 2
    assert json.loads(run(url, "sql", "--json", statement).stdout) == expected
    with Connection(url) as connection:
        create_catalogue(connection)
    assert json.loads(run(url, "sql", "--json", statement).stdout) == expected
    sets = run(url, "sql", "--json", "--dataflow", TAG.upper(), "SELECT id FROM itrainingmodel")
    assert json.loads(sets.stdout) == [{"id": 1}, {"id": 2}]
