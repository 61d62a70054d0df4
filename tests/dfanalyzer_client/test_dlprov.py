"""Scripts of DLProv's kinds, which import this client in place of DLProv's."""

from __future__ import annotations

import gc
import pickle
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    DfAnalyzerError,
    Element,
    Set,
    SetRole,
    SetType,
    Task,
    Transformation,
    flush,
    prov_document,
)
from dfanalyzer_client.executions.summaries import find_execution
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from w3c_prov.constraints import violations

LOSSES = (0.5, -9999999)
"""Of two epochs; DLProv's scripts write the second for a NaN."""


def rows(task: Task, tag: str, *values: Any) -> None:
    task.add_dataset(DataSet(tag, [Element(list(values))]))


def load(dataflow: Dataflow | str, run: str) -> Task:
    """The loading of the data, as the versions from 2024 on say it."""
    task = Task(1, dataflow, run, "LoadData")
    rows(task, "iInputDataset", "flowers", "http://example.org/flowers.tgz")
    task.begin()
    rows(task, "oLoadData", "/data/raw.npy")
    task.end()
    return task


def evaluate(task: Task, outputs: str) -> None:
    """A test, as every version says it."""
    task.begin()
    rows(task, outputs, 0.25, 0.9)
    task.end()


def train(task: Task, inputs: str, outputs: str, configuration: Sequence[Any]) -> None:
    """A training of two epochs, as every version of DLProv's example says it."""
    rows(task, inputs, *configuration)
    task.begin()
    for epoch, loss in enumerate(LOSSES):
        rows(task, outputs, "2026-11-27 08:00:00", 0.25, loss, 0.75, 0.5, 0.5, epoch)
        task.save()


def newest(dataflow: Dataflow | str, tag: str) -> str:
    """The script of 2025 and 2026: a filter, two files of each part, the Dataflow object."""
    run = f"{tag}-2026-11-27 08:00:00.000001"
    loading = load(dataflow, run)
    apply = Task(2, dataflow, run, "ApplyFilter", dependency=loading)
    rows(apply, "iFilter", "Grayscale")
    apply.begin()
    rows(apply, "oFilter", "/data/gray.npy")
    apply.end()
    split = Task(3, dataflow, run, "SplitData", dependency=apply)
    rows(split, "iSplitConfig", 80, 10, 10)
    split.begin()
    for part in ("oTrainSet", "oValSet", "oTestSet"):
        rows(split, part, f"/data/x_{part}.npy", f"/data/y_{part}.npy")
        split.save()
    split.end()
    training = Task(4, dataflow, run, "Train", dependency=split)
    train(training, "iTrain", "oTrain", ["adam", 0.002, 2, 32, 19])
    rows(training, "oTrainedModel", "trained_model", "/models/trained.keras")
    training.save()
    rows(training, "oWeights", "/weights/model.weights.h5")
    training.end()
    evaluate(Task(5, dataflow, run, "Test", dependency=[split, training]), "oTest")
    return run


def of_2024(dataflow: Dataflow | str, tag: str) -> str:
    """The script of 2024: one ratio in a text, one file of each part, tags in place of objects."""
    run = f"{tag}-2024-11-27 08:00:00.000001"
    loading = load(tag, run)
    split = Task(2, tag, run, "SplitData", dependency=loading)
    rows(split, "iSplitConfig", "80-20")
    split.begin()
    rows(split, "oTrainSet", "/data/train.npz")
    split.save()
    rows(split, "oTestSet", "/data/test.npz")
    split.end()
    training = Task(3, tag, run, "TrainModel", dependency=split)
    train(training, "iTrainModel", "oTrainModel", ["adam", 0.002, 2, 19])
    rows(training, "oTrainedModel", "trained_model", "/models/trained.keras")
    training.end()
    evaluate(Task(4, tag, run, "TestModel", dependency=[split, training]), "oTestModel")
    return run


def of_2022(dataflow: Dataflow | str, tag: str) -> str:
    """The script of 2021 to 2023: an adaptation, and a dataset that is split."""
    run = f"{tag}-2022-11-27 08:00:00.000001"
    split = Task(1, tag, run, "SplitDataset")
    rows(split, "iTuples", "/data/fhs.csv", "Framingham", "Framingham")
    split.begin()
    rows(split, "oTuples", "/data/train.csv", "train")
    split.end()
    training = Task(2, tag, run, "TrainingModel", dependency=split)
    adaptation = Task(3, tag, run, "Adaptation", dependency=training)
    rows(adaptation, "iAdaptation", 10.0, 0.5, 0.002)
    adaptation.begin()
    train(training, "iTrainingModel", "oTrainingModel", ["adam", 0.002, 2, 19])
    rows(adaptation, "oAdaptation", 0.001, "2022-11-27 08:00:01", 1, "1")
    adaptation.end()
    training.end()
    evaluate(Task(4, tag, run, "TestingModel", dependency=training), "oTestingModel")
    return run


SCRIPTS = pytest.mark.parametrize("script", [newest, of_2024, of_2022])


@SCRIPTS
def test_trainings_and_tests_count_as_such(script: Any, tag: str, ask: Any, home: Any) -> None:
    """In the summary of the execution and in the views, whichever version the script is for."""
    dataflow = Dataflow(tag, hyperparameters=True) if script is of_2022 else Dataflow(tag, True)
    dataflow.save()
    run = script(dataflow, tag)
    assert flush(60)
    with Connection(PrivateServer(home).ensure()) as connection, connection.transaction():
        summary = find_execution(connection, run)
    assert (summary.status, summary.epochs) == ("FINISHED", 2)
    assert summary.metrics == {
        "loss": -9999999.0,
        "accuracy": 0.75,
        "val_loss": 0.5,
        "val_accuracy": 0.5,
    }
    of_run = f"WHERE execution = '{run}'"
    hyperparameters = dict(
        ask.rows(f'SELECT name, value FROM "public".hyperparameters {of_run} AND epoch IS NULL')
    )
    known = {"optimizer_name": "adam", "learning_rate": "0.002", "num_epochs": "2"}
    assert known.items() <= hyperparameters.items()
    metrics = ask.rows(f'SELECT name, epoch, value FROM "public".metrics {of_run}')
    assert {("loss", 0.0, 0.5), ("loss", 1.0, -9999999.0)} <= set(metrics)
    assert {("otest_loss", None, 0.25), ("otest_accuracy", None, 0.9)} <= set(metrics)
    assert ask.rows(
        'SELECT count(*) FROM "public".dataflow_execution e '
        f"JOIN \"public\".dataflow d ON d.id = e.df_id WHERE d.tag = '{tag}'"
    ) == [(1,)]


def test_what_a_step_wrote_is_read_by_the_next_one(tag: str, ask: Any) -> None:
    """Also what only a task of another version writes, and rows that have another length."""
    dataflow = Dataflow(tag, predefined=True, email="bob@example.org")
    dataflow.save()
    newest(dataflow, tag)
    assert flush(60)
    schema = f'"{tag}"'
    steps = 'SELECT t.identifier FROM "public".task t WHERE t.id ='
    for name, reader, task in (
        ("oloaddata", "applyfilter", 2),
        ("ofilter", "splitdata", 3),
        ("otrainset", "train", 4),
        ("otestset", "test", 5),
        ("otrainedmodel", "test", 5),
    ):
        read = f"(SELECT {reader}_task_id FROM {schema}.{name})"
        assert ask.rows(f"{steps} {read}") == [(task,)], name
    assert ask.rows(f"SELECT trainset, trainset_labels FROM {schema}.otrainset") == [
        ("/data/x_oTrainSet.npy", "/data/y_oTrainSet.npy")
    ]


@SCRIPTS
def test_the_scientist_and_the_machine_are_agents(script: Any, tag: str) -> None:
    """The person is who the script names; what trained has the configuration that it read."""
    dataflow = Dataflow(tag, predefined=True, email="bob@example.org")
    dataflow.save()
    run = script(dataflow, tag)
    assert flush(60)
    document = prov_document(run)
    assert violations(document) == []
    text = document.get_provn()
    assert 'kp:email="bob@example.org"' in text
    assert text.count("prov:type='prov:Person'") == 1
    assert "prov:type='kp:Machine'" in text
    assert text.count("prov:type='kp:Epoch'") == 2
    assert text.count("prov:type='kp:Configuration'") == (2 if script is of_2022 else 1)


def test_a_dataflow_says_what_its_sets_are_for(tag: str, ask: Any) -> None:
    """Its own sets are then hyperparameters, epochs and tests, whatever they are called."""
    numeric = AttributeType.NUMERIC
    settings = Set(
        "iSolver", SetType.INPUT, [Attribute("TOLERANCE", numeric)], role=SetRole.HYPERPARAMETERS
    )
    steps = Set(
        "oSolver",
        SetType.OUTPUT,
        [Attribute("EPOCH", numeric), Attribute("RESIDUAL", numeric)],
        role=SetRole.EPOCHS,
    )
    checks = Set("oCheck", SetType.OUTPUT, [Attribute("ERROR", numeric)], role=SetRole.TESTS)
    dataflow = Dataflow(
        tag, [Transformation("Solve", [settings, steps]), Transformation("Check", [checks])]
    )
    with dataflow.task("Solve") as task:
        task.used(tolerance=0.5)
        task.generated([0, 4.0], [1, 2.0])
    with dataflow.task("Check") as check:
        check.generated(error=0.25)
    assert flush(60)
    of_tag = f"WHERE dataflow = '{tag}' ORDER BY name, epoch"
    assert ask.rows(f'SELECT name, number FROM "public".hyperparameters {of_tag}') == [
        ("tolerance", 0.5)
    ]
    assert ask.rows(f'SELECT name, epoch, value FROM "public".metrics {of_tag}') == [
        ("otest_error", None, 0.25),
        ("residual", 0.0, 4.0),
        ("residual", 1.0, 2.0),
    ]
    assert ask.rows(
        'SELECT s.tag, r.role FROM "public".data_set_role r JOIN "public".data_set s '
        f"ON s.id = r.ds_id JOIN \"public\".dataflow d ON d.id = s.df_id WHERE d.tag = '{tag}' "
        "ORDER BY s.tag"
    ) == [("isolver", "hyperparameters"), ("ocheck", "tests"), ("osolver", "epochs")]


def test_rows_from_before_a_role_are_compared_as_well(tag: str, ask: Any) -> None:
    """The role may be declared when the set has rows; it cannot be changed."""
    attributes = [
        Attribute("EPOCH", AttributeType.NUMERIC),
        Attribute("LOSS", AttributeType.NUMERIC),
    ]
    Dataflow(tag, [Transformation("Fit", [Set("oFit", SetType.OUTPUT, attributes)])]).save()
    run = f"{tag}-run"
    task = Task(1, tag, run, "Fit")
    rows(task, "oFit", 0, 0.5)
    task.end()
    assert flush(60)
    metrics = f"SELECT name, epoch, value FROM \"public\".metrics WHERE dataflow = '{tag}'"
    assert ask.rows(metrics) == []
    with_role = Set("oFit", SetType.OUTPUT, attributes, role=SetRole.EPOCHS)
    dataflow = Dataflow(tag, [Transformation("Fit", [with_role])])
    dataflow.save()
    assert flush(60)
    assert ask.rows(metrics) == [("loss", 0.0, 0.5)]
    other = Set("oFit", SetType.OUTPUT, attributes, role=SetRole.TESTS)
    with pytest.raises(DfAnalyzerError, match=r"with the role 'epochs'\. Received: 'tests'"):
        dataflow.grow(Transformation("Fit", [other]))
    with pytest.raises(DfAnalyzerError, match=r"must be one of SetRole\.HYPERPARAMETERS"):
        Set("oFit", SetType.OUTPUT, role="epochs")  # type: ignore[arg-type]


def test_a_task_belongs_to_the_dataflow_of_its_execution(tag: str) -> None:
    """Not to a newer one of the same tag, whose scientist is another."""
    first = Dataflow(tag, [Transformation("Fit")], "ann@example.org")
    second = Dataflow(tag, predefined=True, email="bob@example.org")
    with first.task("Fit"):
        pass
    with second.task("TrainModel"):  # of another of DLProv's versions
        pass
    assert flush(60)
    assert "ann@example.org" in prov_document(first.exec_tag).get_provn()
    assert "bob@example.org" in prov_document(second.exec_tag).get_provn()
    assert pickle.dumps(Task(1, first, "run", "Fit"))  # for a process of its own


def test_values_without_names_follow_the_dataflow_that_their_task_was_given(
    tag: str, ask: Any
) -> None:
    """Or that was the newest when the task was made, whatever is declared afterwards."""

    def declared(*names: str) -> Dataflow:
        attributes = [Attribute(name, AttributeType.TEXT) for name in names]
        own = Transformation("Own", [Set("mine", SetType.OUTPUT, attributes)])
        dataflow = Dataflow(tag, [own])
        dataflow.save()
        return dataflow

    first = declared("a", "b")
    early = Task(1, tag, "run", "Own")
    second = declared("b", "a")
    for task, values in (
        (early, ("a", "b")),
        (Task(2, first, "run", "Own"), ("a", "b")),
        (Task(3, second, "run", "Own"), ("b", "a")),
        (Task(4, tag, "run", "Own"), ("b", "a")),
    ):
        rows(task, "mine", *values)
        task.end()
    assert flush(60)
    assert ask.rows(f'SELECT a, b FROM "{tag}".mine') == [("a", "b")] * 4


def test_a_dataflow_need_not_be_kept(tag: str) -> None:
    """Its tasks find the newest predefined one, and whom it names."""
    Dataflow(tag, predefined=True, email="bob@example.org").save()
    gc.collect()
    run = of_2024(tag, tag)
    assert flush(60)
    assert 'kp:email="bob@example.org"' in prov_document(run).get_provn()


def test_threads_that_name_new_transformations_lose_none(tag: str) -> None:
    """Neither those of DLProv nor the user's own, which keep the order of their values."""
    own = Set("mine", SetType.OUTPUT, [Attribute("b", AttributeType.TEXT)])
    dataflow = Dataflow(tag, True, [Transformation("Own", [own])])
    names = [
        "TrainModel",
        "TestModel",
        "TrainingModel",
        "TestingModel",
        "ApplyFilter",
        "Adaptation",
    ]

    def begin(name: str) -> None:
        Task(1, dataflow, "run", name).begin()

    threads = [threading.Thread(target=begin, args=[name]) for name in names * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    declared = [each["tag"] for each in dataflow.transformations]
    assert sorted(declared) == sorted(
        ["loaddata", "splitdata", "train", "test", "own", *map(str.lower, names)]
    )


def test_the_newest_declaration_orders_values_of_predefined_dataflows_too(
    tag: str, ask: Any
) -> None:
    """Values without names follow it, as those of any dataflow."""
    for names in (("a", "b"), ("b", "a")):
        attributes = [Attribute(name, AttributeType.TEXT) for name in names]
        own = Transformation("Own", [Set("mine", SetType.OUTPUT, attributes)])
        dataflow = Dataflow(tag, True, [own])
        dataflow.save()
    task = Task(1, tag, "run", "Own")
    rows(task, "mine", "of b", "of a")
    task.end()
    assert flush(60)
    assert ask.rows(f'SELECT a, b FROM "{tag}".mine') == [("of a", "of b")]
