"""The login of a graph database: what the user sees, and that no password is seen."""

from __future__ import annotations

import re
import sys
import warnings

import pytest

from dfanalyzer_client.cli import passwords
from dfanalyzer_client.config.graph_url import GraphURL
from dfanalyzer_client.errors import GraphURLError
from graph.arcade import USER, GraphServer, free_port
from graph.conftest import Trained, export


@pytest.mark.parametrize(
    ("text", "address", "user", "database"),
    [
        ("neo4j://localhost", "neo4j://localhost:7687", "neo4j", ""),
        ("bolt+s://ada@host:99/", "bolt+s://host:99", "ada", ""),
        ("neo4j+ssc://a%40b@[::1]:7687/prov", "neo4j+ssc://[::1]:7687", "a@b", "prov"),
    ],
)
def test_a_url_has_its_parts(text: str, address: str, user: str, database: str) -> None:
    """With Neo4j's defaults for what is left out."""
    url = GraphURL.parse(text)
    assert (url.address, url.user, url.database) == (address, user, database)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("neo4j://ada:hunter2@host", "there is a password in it"),
        ("hunter2", "its scheme is none of"),
        ("http://hunter2", "its scheme is none of"),
        ("neo4j:///hunter2", "no host"),
        ("bolt://host:hunter2", "the port is no number"),
        ("bolt://host:0", "the port is no number"),
        ("bolt://host:70000", "the port is no number"),
        ("bolt://host/prov?hunter2", "there is a"),
        ("bolt://host/a/hunter2", "more than a database name"),
        ("bolt://ho st/hunter2", "there is a blank"),
        ("bolt://[hunter2/", "not well formed"),
        ("bolt://%ff@host/hunter2", "not well formed"),
    ],
)
def test_an_invalid_url_says_what_is_wrong_and_nothing_of_itself(text: str, problem: str) -> None:
    """Because any part of it may be a password."""
    with pytest.raises(GraphURLError, match=re.escape(problem)) as error:
        GraphURL.parse(text)
    assert "hunter2" not in str(error.value)
    assert error.value.__cause__ is None


def test_options_that_contradict_each_other_are_refused(trained: Trained) -> None:
    """With click's exit code, and what to do."""
    to = ("--to", "bolt://localhost")
    for more in (("--format", "json"), ("-o", "x")):
        assert "leave out --format" in export(trained.execution, *to, *more, code=2).stderr
    assert "for graphs" in export(trained.execution, "--names", "dlprov", code=2).stderr


@pytest.mark.thorough
def test_the_password_is_asked_for_and_not_shown(
    graph: GraphServer, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the environment does not have it."""
    monkeypatch.delenv("KERAS_PROV_GRAPH_PASSWORD")
    monkeypatch.setattr(passwords, "has_terminal", lambda: True)
    done = export(trained.execution, "--to", graph.url, input=f"{graph.password}\n")
    assert f"Password of {USER} at 127.0.0.1" in done.stderr
    assert graph.password not in done.output
    assert re.search(r"Written to bolt://127.0.0.1:\d+/prov: \d+ nodes, \d+ rel", done.stderr)
    assert graph.ask("MATCH (n:Execution) RETURN n.`kp:execution`") == [(trained.execution,)]


@pytest.mark.thorough
def test_a_refused_login_is_one_line(
    graph: GraphServer, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the user and where the password comes from, not the password."""
    monkeypatch.setenv("KERAS_PROV_GRAPH_PASSWORD", "hunter2-hunter2")
    done = export(trained.execution, "--to", graph.url, code=1)
    assert f"refuses the login of '{USER}'" in done.stderr
    assert "hunter2" not in done.output


@pytest.mark.thorough
def test_a_refused_constraint_is_said_and_the_graph_written(
    graph: GraphServer, trained: Trained
) -> None:
    """As where two nodes have one identifier already; else nothing is said of constraints."""
    assert "constraint" not in export(trained.execution, "--to", graph.url).stderr
    graph.ask("DROP CONSTRAINT keras_prov_agent IF EXISTS")
    graph.ask("CREATE (:Agent {identifier: 'twice'}), (:Agent {identifier: 'twice'})")
    assert "no constraint" in export(trained.execution, "--to", graph.url).stderr
    assert graph.ask("MATCH (n:Execution) RETURN n.`kp:execution`") == [(trained.execution,)]


@pytest.mark.thorough
def test_an_unknown_database_is_named(graph: GraphServer, trained: Trained) -> None:
    """By the server's own words."""
    done = export(trained.execution, "--to", graph.url.replace("/prov", "/nothing"), code=1)
    assert "refuses the graph" in done.stderr
    assert "nothing" in done.stderr


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_a_server_that_is_away_is_said(
    trained: Trained, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, with the hint that fits the scheme."""
    pytest.importorskip("neo4j")
    monkeypatch.setenv("KERAS_PROV_GRAPH_PASSWORD", "hunter2-hunter2")
    done = export(trained.execution, "--to", f"{scheme}://127.0.0.1:{free_port()}", code=1)
    assert "cannot be reached" in done.stderr
    assert ("need bolt://" in done.stderr) == (scheme == "neo4j")


def test_without_the_driver_an_error_names_the_extra(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its pip line; the script needs no driver."""
    monkeypatch.setitem(sys.modules, "neo4j", None)
    monkeypatch.setenv("KERAS_PROV_GRAPH_PASSWORD", "hunter2-hunter2")
    done = export(trained.execution, "--to", "bolt://localhost", code=1)
    assert re.search(r"pip install 'keras-prov(-core)?\[neo4j\]'", done.stderr)
    with warnings.catch_warnings(action="error"):
        assert "UNWIND [" in export(trained.execution, "--format", "cypher").stdout
