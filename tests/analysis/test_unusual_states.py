"""Questions where little can be answered: nothing stored, no rights, an old catalogue, NaN."""

from __future__ import annotations

import dataclasses
import math
import sys

import numpy as np
import pytest

import keras_prov as keras
from dfanalyzer_client.errors import RefusedError, SelectionError, UnknownTagError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.store.sql import identifier
from predecessor.filled import EXECUTIONS, fill

X = np.random.default_rng(0).random((16, 2)).astype("float32")
FRAMES = ("to_pandas", "to_polars", "to_arrow")


def not_a_number(_, predicted):
    """A metric that is always NaN."""
    return keras.ops.mean(predicted) * math.nan


def endless(_, predicted):
    """A metric that is always infinite."""
    return 0 * keras.ops.mean(predicted) + math.inf


def train(tag, *callbacks, metrics=(), **captured):
    """Train a small model for three epochs, and return the tag of its execution."""
    model = keras.Sequential([keras.layers.Dense(1)])
    model.provenance(tag, True, {"LEARNING_RATE": True}, **captured)
    model.compile(keras.optimizers.SGD(0.5), loss="mse", metrics=list(metrics))
    model.fit(X, X.sum(axis=1), epochs=3, verbose=0, callbacks=list(callbacks))
    return model.exec_tag


def halving():
    """Halves the learning rate before the second epoch."""
    return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / (1 + (epoch == 1)))


@pytest.fixture
def new_server(tmp_path):
    """The URL of a server that has stored nothing."""
    server = PrivateServer(tmp_path / "new")
    yield server.ensure()
    server.stop()


@pytest.fixture
def stranger(home, tag):
    """A connection of the administrator, and the URL of an account that may read nothing."""
    admin = PrivateServer(home).ensure()
    with Connection(admin) as connection:
        with connection.transaction():
            connection.execute(
                f"CREATE USER {identifier(tag)} WITH PASSWORD 'p' NAME 'x' SCHEMA sys"
            )
        yield connection, dataclasses.replace(admin, user=tag, password="p")


def test_an_empty_database_has_no_runs(new_server):
    """Lists are empty, data frames too, and a run that is named is not there."""
    found = keras.runs("loss < 1", order_by="loss", store=new_server)

    assert len(found) == len(keras.curves(found, store=new_server)) == 0
    assert [len(getattr(found, name)()) for name in FRAMES] == [0, 0, 0]
    assert keras.compare(found, store=new_server).differing == []
    for ask in (keras.run, lambda **where: next(keras.follow(**where))):
        with pytest.raises(UnknownTagError, match="No execution 'last': none is stored yet"):
            ask(store=new_server)


@pytest.mark.thorough
def test_a_predecessors_catalogue_answers_what_it_can(new_server):
    """Fields and epochs can be asked for; what takes an upgrade is named with the command."""
    fill(new_server)
    found = keras.runs("status = 'FINISHED'", order_by="id", store=new_server)

    assert [each.execution for each in found] == list(EXECUTIONS)
    assert keras.run(EXECUTIONS[0], store=new_server).metrics.column("loss")[-1] == 0.25
    for ask in (
        lambda: keras.runs("learning_rate > 0", store=new_server),
        lambda: keras.runs(order_by="metrics.loss", store=new_server),
        lambda: keras.runs("tags.mine = ''", store=new_server),
        lambda: keras.curves("last", store=new_server),
    ):
        with pytest.raises(SelectionError, match="keras-prov db upgrade"):
            ask()


def test_an_account_without_rights_is_told_what_it_lacks(stranger, tag):
    """Each question is refused in one line that says what the administrator can do."""
    execution, (_, store) = train(tag), stranger
    keras.flush(30)
    for ask in (
        lambda: keras.runs(store=store),
        lambda: keras.runs("learning_rate > 0", store=store),
        lambda: keras.run(execution, store=store),
        lambda: keras.curves(execution, store=store),
        lambda: keras.compare(execution, store=store),
        lambda: keras.diff(execution, "last", store=store),
        lambda: next(keras.follow(execution, store=store)),
        lambda: keras.sql(f"SELECT * FROM {identifier(tag)}.otrainingmodel", store=store),
    ):
        with pytest.raises(RefusedError, match=r"^This account .* can GRANT it SELECT [^\n]*$"):
            ask()


def test_an_account_that_reads_only_the_catalogue_sees_what_is_in_it(stranger, tag):
    """Runs, curves and changes without their cause; the sets of the dataflow are refused."""
    execution, (admin, store) = train(tag, halving()), stranger
    keras.flush(30)
    with admin.transaction():
        for (name,) in admin.query(
            "SELECT t.name FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
            "WHERE s.name = 'public'"
        ):
            admin.execute(f'GRANT SELECT ON "public".{identifier(name)} TO {identifier(tag)}')
    (found,) = keras.runs("learning_rate = 0.5", dataflow=tag, store=store)
    curves = keras.curves(execution, "loss", store=store)

    assert found.execution == execution
    assert len(curves) == 3
    assert curves.adaptations.to_dicts() == [
        {
            "id": found.id,
            "execution": execution,
            "epoch": 1,
            "name": "learning_rate",
            "before": 0.5,
            "value": 0.25,
            "cause": None,
            "detail": None,
            "optimizer": None,
            "training": None,
            "attribute": None,
            "old_value": None,
            "new_value": None,
            "batch": None,
            "person": None,
            "reason": None,
            "request": None,
        }
    ]
    with pytest.raises(RefusedError, match="can GRANT it SELECT"):
        len(keras.run(execution, store=store).layers)


def test_changes_of_curves_say_who_made_them(tag):
    """The value before, the one after, the cause and the place in the code, run by run."""

    class Assigning(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.optimizer.learning_rate = 0.125

    first, second = train(tag, Assigning()), train(tag, halving())
    changes = keras.curves([first, second], "loss").adaptations

    assert changes.column("execution") == [first, second]
    assert changes.column("epoch") == [2, 1]
    assert list(zip(changes.column("before"), changes.column("value"), strict=True)) == [
        (0.5, 0.125),
        (0.5, 0.25),
    ]
    assert changes.column("training") == [1, 1]
    assert changes.column("cause") == ["Assigning", "LearningRateScheduler"]
    assert "test_unusual_states.py" in changes.column("detail")[0]


def test_nan_and_infinity_are_exact(tag):
    """In curves, in a run's metrics, and in all three data frames, where they are no gaps."""
    execution = train(tag, metrics=[not_a_number, endless])
    curves, run = keras.curves(execution, ["not_a_number", "endless"]), keras.run(execution)

    assert {repr(value) for value in run.metrics.column("not_a_number")} == {"nan"}
    assert run.metrics.column("endless") == [math.inf] * 3
    assert [repr(value) for value in curves.column("value")] == ["inf"] * 3 + ["nan"] * 3
    assert repr(run.summary.metrics["not_a_number"]) == "nan"
    assert [*map(repr, curves.to_pandas()["value"].tolist())] == ["inf"] * 3 + ["nan"] * 3
    assert curves.to_polars()["value"].null_count() == 0
    assert [*map(repr, curves.to_polars()["value"])] == ["inf"] * 3 + ["nan"] * 3
    assert [*map(repr, curves.to_arrow()["value"].to_pylist())] == ["inf"] * 3 + ["nan"] * 3


def test_a_hyperparameter_of_two_types_is_one_column_of_texts(tag):
    """A number in one dataflow and a text in another: the same texts in all three data frames."""
    ids = [
        keras.run(train(tag + kind, hyperparameters={"GATE": type_}, values={"GATE": value})).id
        for kind, type_, value in (("number", "NUMERIC", 0.5), ("text", "TEXT", "none"))
    ]
    found = keras.runs(f"id IN ({ids[0]}, {ids[1]})", order_by="id")
    assert [each.hyperparameters["gate"] for each in found] == [0.5, "none"]
    for name in FRAMES:
        column = getattr(found, name)()["hyperparameters.gate"]
        assert getattr(column, "to_pylist", lambda each=column: list(each))() == ["0.5", "none"]


@pytest.mark.parametrize(
    ("library", "method", "extra"),
    [("pandas", "to_pandas", "pandas"), ("polars", "to_polars", "polars")]
    + [("pyarrow", method, "arrow") for method in ("to_arrow", "__arrow_c_stream__")],
)
def test_a_missing_library_is_named_with_its_extra(monkeypatch, library, method, extra):
    """The error has the line that installs it."""
    monkeypatch.setitem(sys.modules, library, None)
    table = keras.sql("SELECT 1 AS one")

    with pytest.raises(ImportError, match=rf"needs {library}: pip install .*\[{extra}\]"):
        getattr(table, method)()


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda tag, _: keras.runs("metrics.los < 1", dataflow=tag), "'los'. Did you mean 'loss'"),
        (lambda tag, _: keras.runs(order_by="los", dataflow=tag), "'los'. Did you mean 'loss'"),
        (lambda tag, _: keras.runs("hyperparameters.learning_rat > 0"), "mean 'learning_rate'"),
        (lambda *_: keras.runs(dataflow="no such"), "There is no dataflow 'no such'"),
        (lambda tag, _: keras.runs(dataflow=tag[:-1]), "Did you mean '{tag}'"),
        (lambda _, run: keras.curves(run, "lossy"), "Did you mean 'loss'"),
        (lambda _, run: keras.run(run + "x"), "`keras-prov runs` lists them"),
        (lambda _, run: keras.run(run).rows("otrainingmode"), "It has: .*otrainingmodel"),
    ],
)
def test_unknown_names_say_what_there_is(tag, ask, says):
    """The message has close matches, or says where the names are."""
    execution = train(tag)
    with pytest.raises(UnknownTagError, match=says.format(tag=tag)):
        ask(tag, execution)
