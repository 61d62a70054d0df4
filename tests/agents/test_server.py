"""An agent asks over the Model Context Protocol: the SDK's client, real stdio, a real database."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from mcp import Client, StdioServerParameters

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
    flush,
)
from dfanalyzer_client.cli import main
from dfanalyzer_client.private_server import PrivateServer
from tests.conftest import Asker
from tests.importing.command import imported
from tests.importing.mlflow_stores import DATABASE, copied

Call = tuple[str, dict[str, Any]]


class Agent:
    """Calls tools of a server that was started as an agent's program starts it."""

    def __init__(self, home: Path, *options: str, store: str | None = None) -> None:
        environment = {**os.environ, "KERAS_PROV_HOME": str(home)}
        if store is not None:
            environment["KERAS_PROV_STORE"] = store
        self._server = StdioServerParameters(
            command=sys.executable,
            args=["-m", "dfanalyzer_client.cli", "mcp", *options],
            env=environment,
        )

    def tools(self) -> dict[str, Any]:
        """The tools by name."""

        async def listed() -> dict[str, Any]:
            async with Client(self._server) as client:
                return {tool.name: tool for tool in (await client.list_tools()).tools}

        return anyio.run(listed)

    def texts(self, calls: Sequence[Call]) -> list[tuple[bool, str]]:
        """Whether each call failed, and its text."""

        async def called() -> list[tuple[bool, str]]:
            async with Client(self._server) as client:
                results = [await client.call_tool(*call) for call in calls]
            return [(bool(each.is_error), each.content[0].text) for each in results]  # type: ignore[union-attr]

        return anyio.run(called)

    def ask(self, *calls: Call) -> list[Any]:
        """The answers of calls that succeed."""
        results = self.texts(calls)
        assert not [text for failed, text in results if failed]
        return [json.loads(text) for _, text in results]

    def refused(self, *calls: Call) -> list[str]:
        """The lines that calls are refused with."""
        results = self.texts(calls)
        assert all(failed and "\n" not in text for failed, text in results), results
        return [text for _, text in results]


def sets() -> list[Set]:
    """What a training reads and writes."""
    numeric = AttributeType.NUMERIC
    return [
        Set(
            "iTrainingModel",
            SetType.INPUT,
            [Attribute("rate", numeric), Attribute("batch", numeric)],
        ),
        Set(
            "oTrainingModel",
            SetType.OUTPUT,
            [Attribute("EPOCH_ID", numeric), Attribute("loss", numeric)],
        ),
    ]


@pytest.fixture
def runs(tag: str) -> list[str]:
    """Two executions of a dataflow: a training of three epochs each, the second one better."""
    found = []
    for rate in (0.1, 0.01):
        dataflow = Dataflow(tag, [Transformation("TrainingModel", sets())])
        task = Task(1, tag, dataflow.exec_tag, "TrainingModel")
        task.add_dataset(DataSet("iTrainingModel", [Element([rate, 32])]))
        task.begin()
        rows = [Element([epoch, rate / (epoch + 1)]) for epoch in range(3)]
        task.add_dataset(DataSet("oTrainingModel", rows))
        task.end()
        found.append(dataflow.exec_tag)
    assert flush(30)
    return found


def test_tools_are_listed_and_only_read(home: Path) -> None:
    """Each tool says what it does, and that it only reads."""
    tools = Agent(home).tools()
    assert list(tools) == ["runs", "run", "compare", "curves", "sql"]
    assert all(tool.description and tool.annotations.read_only_hint for tool in tools.values())


def test_an_agent_asks(home: Path, tag: str, runs: list[str]) -> None:
    """Runs are listed newest first, shown, compared and followed by epoch, and SQL is answered."""
    metrics = f"SELECT min(value) AS lowest FROM \"public\".metrics WHERE dataflow = '{tag}'"
    listed, shown, compared, curves, lowest = Agent(home).ask(
        ("runs", {"dataflow": tag, "status": "FINISHED"}),
        ("run", {"name": runs[1]}),
        ("compare", {"names": runs}),
        ("curves", {"names": runs[:1], "metrics": ["loss"]}),
        ("sql", {"statement": metrics}),
    )
    assert [run["execution"] for run in listed["runs"]] == runs[::-1]
    assert shown["hyperparameters"] == {"rate": 0.01, "batch": 32.0}
    assert shown["metrics"] == [
        {
            "training": 1,
            "name": "loss",
            "values": 3,
            "lowest": 0.01 / 3,
            "lowest_epoch": 2,
            "highest": 0.01,
            "highest_epoch": 0,
            "last": 0.01 / 3,
        }
    ]
    assert "trainings" not in shown  # as there is only one
    assert compared["lowest_metrics"] == {"loss": [0.1 / 3, 0.01 / 3]}
    assert compared["different_hyperparameters"] == {"rate": [0.1, 0.01]}
    assert compared["same_hyperparameters"] == {"batch": 32.0}
    assert curves["columns"] == ["execution", "training", "metric", "epoch", "value"]
    assert curves["rows"] == [
        [runs[0], 1, "loss", 0, 0.1],
        [runs[0], 1, "loss", 1, 0.05],
        [runs[0], 1, "loss", 2, 0.1 / 3],
    ]
    assert lowest == {"columns": ["lowest"], "rows": [[0.01 / 3]]}


def test_errors_are_one_line(home: Path, tag: str, runs: list[str]) -> None:
    """A write, an unknown name and an invalid statement are refused by a line that helps."""
    table = f'"{tag}".ds_otrainingmodel'
    write, run, dataflow, column = Agent(home).refused(
        ("sql", {"statement": f"DELETE FROM {table}"}),
        ("run", {"name": "nothing"}),
        ("runs", {"dataflow": "nothing"}),
        ("sql", {"statement": f"SELECT nothing FROM {table}"}),
    )
    assert "Only SELECT is allowed here" in write
    assert "No execution 'nothing'" in run
    assert "There is no dataflow 'nothing'. Expected one of" in dataflow
    assert "nothing" in column


def test_wrong_arguments_are_refused(home: Path, runs: list[str]) -> None:
    """An unknown one is not left out: a line names those that there are; so is a wrong type."""
    unknown, misspelled, wrong, missing = Agent(home).refused(
        ("runs", {"tag": "x"}),
        ("runs", {"dataflows": "x"}),
        ("runs", {"limit": "few"}),
        ("compare", {}),
    )
    assert unknown == (
        "The tool runs has no argument 'tag'. It has: where, order_by, dataflow, status, limit."
    )
    assert "Did you mean 'dataflow'? It has" in misspelled
    assert "limit: Input should be a valid integer" in wrong
    assert "Received: 'few'" in wrong
    assert "names: Field required" in missing


def test_trainings_of_a_run_are_kept_apart(home: Path, tag: str) -> None:
    """Each has its number, its configuration, its metrics and its curve, also where it diverged."""
    dataflow = Dataflow(tag, [Transformation("TrainingModel", sets())])
    execution = dataflow.exec_tag
    for number, losses in enumerate(((0.5, 0.25), (float("nan"),)), 1):
        task = Task(number, tag, execution, "TrainingModel")
        task.add_dataset(DataSet("iTrainingModel", [Element([0.1 * number, 32])]))
        task.begin()
        rows = [Element([epoch, loss]) for epoch, loss in enumerate(losses)]
        task.add_dataset(DataSet("oTrainingModel", rows))
        task.end()
    assert flush(30)
    shown, curves = Agent(home).ask(
        ("run", {"name": execution}), ("curves", {"names": [execution], "metrics": ["loss"]})
    )
    rates = [(each["training"], each["rate"]) for each in shown["trainings"]]
    assert rates == [(1, 0.1), (2, 0.2)]
    losses = [each for each in shown["metrics"] if each["name"] == "loss"]
    assert [(each["training"], each["values"]) for each in losses] == [(1, 2), (2, 1)]
    assert (losses[1]["lowest"], losses[1]["last"]) == (None, "nan")
    assert [(row[1], row[3]) for row in curves["rows"]] == [(1, 0), (1, 1), (2, 0)]


def test_metrics_have_their_own_names(home: Path, tag: str, tmp_path: Path, ask: Asker) -> None:
    """`Loss` beside `loss`, and `id`, are stored under other names, and asked for by their own."""
    imported("mlflow", copied(DATABASE, tmp_path), "--dataflow", tag)
    ((execution,),) = ask.rows(
        "SELECT execution FROM hyperparameters WHERE dataflow = %s AND value = 'adam'", tag
    )
    shown, curves = Agent(home).ask(
        ("run", {"name": execution}), ("curves", {"names": [execution], "metrics": ["Loss"]})
    )
    assert {each["name"] for each in shown["metrics"]} == {"loss", "Loss", "id", "val/loss"}
    assert {(row[2], row[4]) for row in curves["rows"]} == {("Loss", 9.0)}


def test_a_user_who_may_write_writes_nothing(
    home: Path, tag: str, runs: list[str], ask: Asker
) -> None:
    """On a server by URL, too, a write is refused, and no answer shows the password."""
    url = PrivateServer(home).ensure()
    table = f'"{tag}".ds_otrainingmodel'
    results = Agent(home, store=url.reveal()).texts(
        [
            ("sql", {"statement": f"DELETE FROM {table}"}),
            ("sql", {"statement": f"WITH a AS (SELECT 1 AS i) DELETE FROM {table}"}),
            ("sql", {"statement": f"SELECT 1; DELETE FROM {table}"}),
            ("sql", {"statement": f"SELECT loss FROM {table}"}),
        ]
    )
    assert [failed for failed, _ in results] == [True, True, True, False]
    assert url.password
    assert not any(url.password in text for _, text in results)
    assert ask.one(f"SELECT count(*) FROM {table}") == 6


def test_a_slow_question_is_stopped(home: Path, runs: list[str]) -> None:
    """It ends soon after its time, and the server answers the next one."""
    pairs = "sys.columns a, sys.columns b, sys.schemas c"
    slow = f"SELECT count(*) FROM {pairs} WHERE a.name || b.name || c.name LIKE '%x%y%z%q%'"
    agent = Agent(home, "--seconds", "1")
    began = time.monotonic()
    (stopped, _), (failed, text) = agent.texts(
        [("sql", {"statement": slow}), ("sql", {"statement": "SELECT 1 AS one"})]
    )
    assert stopped
    assert time.monotonic() - began < 30
    assert not failed
    assert json.loads(text) == {"columns": ["one"], "rows": [[1]]}


@pytest.mark.thorough
def test_long_answers_are_cut(home: Path, runs: list[str]) -> None:
    """Rows beyond the limit, and characters beyond theirs, are left out, and that is said."""
    many = ("sql", {"statement": "SELECT a.name FROM sys.columns a, sys.columns b"})
    (by_rows,) = Agent(home, "--rows", "10").ask(many)
    assert len(by_rows["rows"]) == 10
    assert by_rows["cut"].startswith("There are more than these 10 rows")
    (by_length,) = Agent(home, "--characters", "1000").ask(many)
    assert 0 < len(by_length["rows"]) < 200
    assert "longer than 1000 characters" in by_length["cut"]


@pytest.mark.thorough
def test_an_empty_database_is_no_error(tmp_path: Path) -> None:
    """Where nothing is stored, there are no runs, and `last` says how to see them."""
    agent = Agent(tmp_path)
    try:
        assert agent.ask(("runs", {})) == [{"runs": []}]
        assert "No execution 'last'" in agent.refused(("run", {}))[0]
    finally:
        PrivateServer(tmp_path).stop()


def test_a_missing_password_is_no_question(home: Path) -> None:
    """Nobody can type one: stdin is the agent's. One line says where to put it."""
    result = CliRunner().invoke(main, ["mcp", "--store", "monetdb://me@db.example.org/runs"])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The password of me at db.example.org is missing")
