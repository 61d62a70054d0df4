"""Executions of different dataflows, compared with one statement."""

from __future__ import annotations

import contextlib
import itertools
import math
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

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
    runs,
)
from dfanalyzer_client.cli import main
from dfanalyzer_client.journal import Record
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import Connection, MonetDBStore, create_catalogue
from dfanalyzer_client.store.upgrade.progress import Progress
from older_catalogue import TO_VERSION_5

TEXT, NUMERIC = AttributeType.TEXT, AttributeType.NUMERIC


def made_set(tag: str, type_: SetType, **attributes: AttributeType) -> Set:
    return Set(tag, type_, [Attribute(name, kind) for name, kind in attributes.items()])


def training(tag: str) -> Dataflow:
    """A dataflow as Keras-Prov makes it, in small, with a transformation of the domain."""
    inputs = made_set(
        "iTrainingModel", SetType.INPUT, ITRAIN_TIMESTAMP=TEXT, OPTIMIZER_NAME=TEXT, RATE=NUMERIC
    )
    layers = made_set("iLayers", SetType.INPUT, NAME=TEXT)
    outputs = made_set(
        "oTrainingModel", SetType.OUTPUT, OTRAIN_TIMESTAMP=TEXT, EPOCH_ID=NUMERIC, LOSS=NUMERIC
    )
    trial = made_set("iTrial", SetType.INPUT, NAME=TEXT, VALUE=TEXT, NUMBER=NUMERIC)
    adapted = made_set("oAdaptation", SetType.OUTPUT, NEW_LRATE=NUMERIC, EPOCH_ID=NUMERIC)
    tested = made_set("oTestingModel", SetType.OUTPUT, OTEST_TIMESTAMP=TEXT, otest_loss=NUMERIC)
    block = made_set("iDenseBlock", SetType.INPUT, GROWTH_RATE=NUMERIC)
    dataflow = Dataflow(
        tag,
        [
            Transformation("TrainingModel", [inputs, layers, trial, outputs]),
            Transformation("Adaptation", [adapted]),
            Transformation("TestingModel", [tested]),
            Transformation("DenseBlock", [block]),
        ],
    )
    dataflow.save()
    return dataflow


def say(dataflow: Dataflow, transformation: str, **rows: list[list[Any]]) -> None:
    task = Task(1, dataflow._tag, dataflow.exec_tag, transformation)
    for tag, elements in rows.items():
        task.add_dataset(DataSet(tag, [Element(values) for values in elements]))
    task.save()


def run(tag: str, rate: float, losses: list[float]) -> str:
    dataflow = training(tag)
    say(
        dataflow,
        "TrainingModel",
        iTrainingModel=[["now", "SGD", rate]],
        iLayers=[["dense"]],
        iTrial=[["units", "8", 8], [None, None, None]],  # the other trial asked for nothing
        oTrainingModel=[["now", epoch, loss] for epoch, loss in enumerate(losses)],
    )
    say(dataflow, "Adaptation", oAdaptation=[[rate / 2, 1]])
    say(dataflow, "TestingModel", oTestingModel=[["now", 0.5]])
    say(dataflow, "DenseBlock", iDenseBlock=[[2**53 + 1]])
    assert flush(30)
    return dataflow.exec_tag


def compared(ask: Any, *tags: str) -> tuple[list[Any], list[Any]]:
    names = ", ".join(f"'{tag}'" for tag in tags)
    columns = "execution, dataflow, name, value, epoch"
    return (
        sorted(
            ask.rows(
                f'SELECT {columns}, number FROM "public".hyperparameters '
                f"WHERE dataflow IN ({names})"
            ),
            key=str,
        ),
        sorted(
            ask.rows(f'SELECT {columns}, exact FROM "public".metrics WHERE dataflow IN ({names})'),
            key=str,
        ),
    )


def expected(execution: str, tag: str, rate: float, losses: list[float]) -> tuple[list[Any], ...]:
    one = execution, tag
    hyperparameters = [
        (*one, "optimizer_name", "SGD", None, None),
        (*one, "rate", f"{rate:g}", None, rate),
        (*one, "units", "8", None, 8.0),
        (*one, "learning_rate", f"{rate / 2:g}", 1.0, rate / 2),
        (*one, "growth_rate", "9007199254740993", None, 2.0**53),
    ]
    metrics = [
        (
            *one,
            "loss",
            None if math.isnan(loss) else loss,
            float(epoch),
            "NaN" if math.isnan(loss) else None,
        )
        for epoch, loss in enumerate(losses)
    ]
    return hyperparameters, [*metrics, (*one, "otest_loss", 0.5, None, None)]


def test_executions_of_several_dataflows_are_compared_with_one_statement(
    tag: str, ask: Any
) -> None:
    """Each value with its execution, dataflow, name and epoch; a NaN keeps its name."""
    runs = {tag: (0.25, [3.0, 2.0]), f"{tag}%2": (1e-5, [math.nan, 1.5])}
    wanted: tuple[list[Any], list[Any]] = [], []
    for name, (rate, losses) in runs.items():
        execution = run(name, rate, losses)
        for rows, more in zip(wanted, expected(execution, name, rate, losses), strict=True):
            rows.extend(more)
    assert compared(ask, *runs) == tuple(sorted(rows, key=str) for rows in wanted)


def test_a_parameter_without_a_name_is_left_out(tag: str, home: Path) -> None:
    """Earlier versions stored one for each trial that asked for no parameters."""
    execution = run(tag, 0.5, [1.0])
    with contextlib.closing(Connection(PrivateServer(home).ensure())) as connection:
        connection.execute(
            'INSERT INTO "public".hyperparameter_value (task_id) SELECT t.id '
            'FROM "public".task t JOIN "public".dataflow_execution e ON e.id = t.df_exec '
            "WHERE e.tag = %s",
            [execution],
        )
        try:
            (found,) = runs(dataflow=tag)
            assert set(found.hyperparameters) == {"optimizer_name", "rate", "units", "growth_rate"}
            asked = CliRunner().invoke(main, ["runs", "--columns", "statu"], catch_exceptions=False)
            assert "There is no column 'statu'" in asked.stderr
        finally:
            connection.execute('DELETE FROM "public".hyperparameter_value WHERE name IS NULL')


def test_a_new_attribute_is_compared_as_it_appears(tag: str, ask: Any) -> None:
    """A dataflow that grows shows its new metric with the others."""
    execution = run(tag, 0.5, [1.0])
    grown = training(tag)
    grown.add_transformation(
        Transformation("TrainingModel", [made_set("oTrainingModel", SetType.OUTPUT, ACC=NUMERIC)])
    )
    grown.save()
    task = Task(1, tag, grown.exec_tag, "TrainingModel")
    task.add_dataset(DataSet("oTrainingModel", [Element([0.9])], attributes=["acc"]))
    task.save()
    assert flush(30)
    rows = ask.rows(
        'SELECT execution, name, value FROM "public".metrics '
        f"WHERE dataflow = '{tag}' AND name <> 'otest_loss' ORDER BY name"
    )
    assert rows == [(grown.exec_tag, "acc", 0.9), (execution, "loss", 1.0)]


@pytest.mark.thorough
def test_an_earlier_catalogue_is_brought_up_with_what_it_holds(
    tag: str, ask: Any, home: Path
) -> None:
    """What was stored before there was a comparison is compared as what comes after."""
    run(tag, 0.25, [math.nan, 2.0])
    run(f"{tag}%2", 1e-5, [1.5])
    before = compared(ask, tag, f"{tag}%2")
    connection = Connection(PrivateServer(home).ensure())
    with connection.transaction():
        for statement in (
            *TO_VERSION_5,
            'DROP TABLE "public".data_set_role',
            'DROP TABLE "public".execution_association',
            'DROP TABLE "public".data_scientist',
            'DROP SEQUENCE "public".data_scientist_id_seq',
            'DROP TABLE "public".hardware_info',
            'DROP SEQUENCE "public".hardware_info_id_seq',
            'DROP TABLE "public".waiting_value',
            'DROP TABLE "public".waiting_dependency',
            'DROP VIEW "public".metrics',
            'DROP VIEW "public".hyperparameters',
            'DROP TABLE "public".metric_value',
            'DROP TABLE "public".hyperparameter_value',
            'ALTER TABLE "public".catalogue_version DROP COLUMN step',
            'DELETE FROM "public".catalogue_version WHERE version > 2',
            'INSERT INTO "public".catalogue_version VALUES (2, localtimestamp)',
        ):
            connection.execute(statement)
    said: list[str] = []
    assert not create_catalogue(connection, [READER], progress=Progress(said.append, seconds=0))
    connection.close()
    assert [text for text in said if text.startswith("version 3: ")]
    assert all(text.endswith("% done") for text in said)
    assert compared(ask, tag, f"{tag}%2") == before


def _fit(tag: str, role: str | None) -> dict[str, Any]:
    written: dict[str, Any] = {
        "tag": "ofit",
        "type": "OUTPUT",
        "attributes": [{"name": "epoch", "type": "NUMERIC"}, {"name": "loss", "type": "NUMERIC"}],
    }
    if role is not None:
        written["role"] = role
    prepared = {
        "tag": "iprepare",
        "type": "INPUT",
        "attributes": [{"name": "size", "type": "NUMERIC"}],
    }
    return {
        "kind": "dataflow",
        "tag": tag,
        "exec": "run",
        "transformations": [
            {"tag": "fit", "sets": [written]},
            {"tag": "prepare", "sets": [prepared]},
        ],
    }


def _row(tag: str, transformation: str, number: int, **values: float) -> dict[str, Any]:
    of = {"fit": "ofit", "prepare": "iprepare"}[transformation]
    rows = {"tag": of, "attributes": [*values], "elements": [[*values.values()]]}
    return {
        "kind": "task",
        "id": str(number),
        "exec": "run",
        "dataflow": tag,
        "transformation": transformation,
        "status": "FINISHED",
        "sets": [rows],
    }


def test_a_role_that_comes_late_reaches_all_rows(tag: str, ask: Any, home: Path) -> None:
    """Those of the same batch, those that another process stores, and the domain's beside them."""
    url = PrivateServer(home).ensure()
    one, other = MonetDBStore(lambda: url, [READER]), MonetDBStore(lambda: url, [READER])

    def write(store: MonetDBStore, *messages: dict[str, Any]) -> None:
        journal = f"{tag}-{next(numbers)}"
        store.write(journal, [Record(i, message) for i, message in enumerate(messages, 1)])

    numbers = itertools.count()
    write(other, _fit(tag, None), _row(tag, "prepare", 1, size=8))
    write(
        one,
        _fit(tag, None),
        _row(tag, "fit", 1, epoch=0, loss=3),
        _fit(tag, "epochs"),
        _row(tag, "fit", 2, epoch=1, loss=2),
    )
    write(other, _row(tag, "fit", 3, epoch=2, loss=1))
    write(other, _row(tag, "fit", 4, epoch=3, loss=0))
    one.close()
    other.close()
    of_tag = f"WHERE dataflow = '{tag}'"
    assert ask.rows(f'SELECT epoch, value FROM "public".metrics {of_tag} ORDER BY epoch') == [
        (0.0, 3.0),
        (1.0, 2.0),
        (2.0, 1.0),
        (3.0, 0.0),
    ]
    assert ask.rows(f'SELECT name, number FROM "public".hyperparameters {of_tag}') == [
        ("size", 8.0)
    ]
