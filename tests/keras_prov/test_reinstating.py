"""Another library takes our patches off Keras: they are put back, once, and it is said."""

from __future__ import annotations

import functools
import importlib.util
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import keras_prov as keras
from keras_prov._instrumentation import switch
from keras_prov._instrumentation.attributes import Addition
from keras_prov._instrumentation.patch import Patch
from keras_prov._instrumentation.reaching import reaches
from keras_prov._instrumentation.switch import instrument, is_instrumented, reinstate, uninstrument
from small_models import data, small_model


class Foreign:
    """Patches a method as MLflow's gorilla does: on the class it names, and blindly put back."""

    def __init__(self, owner: type, name: str, wrap: Callable[[Any], Any]) -> None:
        self.owner, self.name, self.wrap = owner, name, wrap

    def on(self) -> None:
        self.inplace = self.name in vars(self.owner)
        self.original = getattr(self.owner, self.name)
        setattr(self.owner, self.name, self.wrap(self.original))

    def off(self) -> None:
        if self.inplace:
            setattr(self.owner, self.name, self.original)
        else:
            delattr(self.owner, self.name)


def openly(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def secretly(function: Any) -> Any:
    """As libraries do that keep the original in a closure, or as a default, and say nothing."""

    def wrapper(*args: Any, _original: Any = function, **kwargs: Any) -> Any:
        return _original(*args, **kwargs)

    return lambda *args, **kwargs: wrapper(*args, **kwargs)


def globally(function: Any) -> Any:
    """As scripts do: the original under a global name."""
    names = {"theirs": function}
    exec("def fit(*args, **kwargs): return theirs(*args, **kwargs)", names)  # noqa: S102
    return names["fit"]


def test_a_wrapper_is_found_beneath_those_of_others() -> None:
    """However another wrapper keeps what it calls; a function of no concern holds nothing."""

    def ours() -> None: ...

    for wrap in (openly, secretly, globally, functools.partial, lambda f: openly(secretly(f))):
        assert reaches(wrap(ours), ours)
        assert not reaches(wrap(print), ours)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type, type, list[Any]]]:
    """A trainer and a model that inherits from it, and what our patches have seen of them."""
    seen: list[Any] = []

    class Trainer:
        def compile(self) -> str:
            return "compiled"

        def fit(self, x: int) -> int:
            return x

    class Model(Trainer):
        pass

    def around(original: Any, args: Any, kwargs: Any) -> Any:
        seen.append(original.__name__)
        return original(*args, **kwargs)

    patches = (
        Patch(Model, "compile", around),
        Patch(Model, "fit", around),
        Addition(Model, "provenance", lambda self: self),
    )
    was_instrumented = is_instrumented()
    uninstrument()
    monkeypatch.setattr(switch, "_changes", lambda: patches)
    yield Trainer, Model, seen
    uninstrument()
    monkeypatch.undo()
    if was_instrumented:
        instrument()


def contents(*classes: type) -> list[list[tuple[str, int]]]:
    return [[(name, id(value)) for name, value in vars(each).items()] for each in classes]


@pytest.mark.parametrize("wrap", [openly, secretly, globally])
@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_another_library_comes_and_goes(
    wrap: Any, first: str, toy: tuple[type, type, list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """On, off, on again, in both orders: each call is seen once, and each removal said once."""
    trainer, model, seen = toy
    before = contents(trainer, model)
    theirs = Foreign(model, "fit", wrap)
    for step in (theirs.on, instrument) if first == "theirs" else (instrument, theirs.on):
        step()
    for step in (theirs.off, theirs.on, theirs.off, theirs.on):
        step()
        for _ in range(2):
            reinstate()
        seen.clear()
        assert model().fit(7) == 7
        assert len(seen) == 1
    assert len(caplog.records) == (first == "theirs")  # from then on ours lies beneath theirs
    theirs.off()
    uninstrument()
    assert contents(trainer, model) == before
    assert not switch._unfinished


def test_a_removal_is_said_in_one_line(
    toy: tuple[type, type, list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """It names what was taken off, and every door of ours puts it back."""
    _, model, seen = toy
    theirs = Foreign(model, "fit", openly)
    theirs.on()
    instrument()
    theirs.off()
    del model.provenance
    instrument()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "removed Keras-Prov's patch of Model.fit, Model.provenance" in record.getMessage()
    assert model().provenance().fit(1) == 1
    assert seen == ["fit"]


def test_coming_and_going_leaves_no_chain(toy: tuple[type, type, list[Any]]) -> None:
    """However often another library is switched, no wrapper and no undo piles up."""
    _, model, seen = toy
    theirs = Foreign(model, "fit", openly)
    theirs.on()
    instrument()
    for turn in range(60):
        theirs.off()  # and on again at once, as a second `autolog()` does
        if turn % 3:
            reinstate()
        theirs.on()
        reinstate()
        seen.clear()
        assert model().fit(turn) == turn
        assert seen == ["fit"]
    depth, function = 0, model.fit
    while (function := getattr(function, "__wrapped__", None)) is not None:  # type: ignore[assignment]
        depth += 1
    assert depth <= 3
    assert len(switch._unfinished) <= 2


def test_a_fit_that_went_by_unseen_is_noticed(
    tag: str, ask: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a compiled model `fit` alone is called: the first is said to be lost, the next is seen."""
    uninstrument()
    theirs = Foreign(keras.Model, "fit", openly)
    theirs.on()
    instrument()
    model = small_model()
    model.provenance(tag)
    theirs.off()
    model.fit(*data(), verbose=0)
    assert [each.getMessage().count("Model.fit") for each in caplog.records] == [1]
    model.fit(*data(), epochs=2, verbose=0)
    assert len(caplog.records) == 1
    assert ask.set(tag, "oTrainingModel", "epoch_id") == [(0,), (1,)]


MLFLOW = """
import logging, sys
order, url, folder = sys.argv[1:]
import mlflow
mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
logged = []
logging.getLogger("keras_prov").addHandler(type("H", (logging.Handler,), {
    "emit": lambda self, record: logged.append(record.getMessage())})())
on = lambda: mlflow.keras.autolog(log_models=False, log_datasets=False)
off = lambda: mlflow.keras.autolog(disable=True)
if order == "mlflow first":
    on()
    import keras_prov as keras
else:
    import keras_prov as keras
    on()
from keras_prov._training import monitor
begun = []
begin = monitor.Training.begin
monitor.Training.begin = lambda self: (begun.append(self), begin(self))[1]
def train(said):
    begun.clear(); logged.clear()
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.provenance("mlflow", hyps={"LEARNING_RATE": True}, store=url)
    model.compile("sgd", "mse")
    model.fit(keras.ops.ones((4, 2)), keras.ops.ones((4, 1)), verbose=0)
    assert (len(begun), len(logged)) == (1, said), (begun, logged)
first = order == "mlflow first"
train(0)
on(); train(first)
off(); train(first)
on(); train(0)
off(); on(); train(0)
keras.uninstrument(); off(); keras.uninstrument()
assert "fit" not in vars(keras.Model)
assert not hasattr(keras.Model.fit.__wrapped__, "__wrapped__")
"""


@pytest.mark.thorough
@pytest.mark.skipif(
    not importlib.util.find_spec("mlflow"), reason="pip install 'keras-prov[peers]'"
)
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize("order", ["mlflow first", "ours first"])
def test_the_real_mlflow(
    order: str, backend: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its autologging on, again, off and on: each training is seen, once."""
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setenv("KERAS_PROV_EXIT_FLUSH", "0")
    nowhere = "monetdb://monetdb:x@127.0.0.1:9/nothing"
    subprocess.run([sys.executable, "-c", MLFLOW, order, nowhere, tmp_path], check=True)
