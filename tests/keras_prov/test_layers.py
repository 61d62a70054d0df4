"""Layers and architecture: rows of ``iLayers`` and ``iConnections``."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

import keras_prov as keras
from small_models import data

KEY = {"NUM_LAYERS": True}


class Block(keras.layers.Layer):
    """A layer of the user's own with a layer inside, and an argument that it does not keep."""

    def __init__(self, units: int, flavour: str = "plain", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = keras.layers.Dense(units, name="kernel")

    def call(self, x: Any) -> Any:
        return self.inner(x)


class Broken(keras.layers.Layer):
    """A layer whose configuration cannot be asked."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def get_config(self) -> dict[str, Any]:
        raise RuntimeError("no configuration")

    def call(self, x: Any) -> Any:
        return x


def functional() -> Any:
    inputs = keras.Input((4,), name="in")
    hidden = Block(5, "spicy", name="block")(inputs)
    hidden = Broken(3)(hidden)
    inner = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2, name="deep")], name="nested")
    outputs = keras.layers.Dense(1, activation=lambda t: t * 1.0, name="out")(inner(hidden))
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    return model


def rows(ask: Any, tag: str) -> dict[tuple[str, str], str]:
    found = ask.set(tag, "iLayers", "name, attribute_type, value")
    return {(name, argument): value for name, argument, value in found}


def test_every_layer_has_rows_with_its_path(tag: str, ask: Any) -> None:
    """Layers, those of nested models and those inside custom layers are there, each once."""
    model = functional()
    model.provenance(tag, hyps=KEY)
    model.fit(*data(), verbose=0)
    found = rows(ask, tag)
    classes = [path for path, argument in found if argument == "class"]
    assert len(classes) == len(set(classes)) == 7
    assert {"in", "block", "block/kernel", "nested", "nested/deep", "out"} <= set(classes)
    assert found["nested/deep", "units"] == "2"
    assert found["out", "activation"] == "<lambda>"
    assert found["block", "flavour"] == "spicy"  # kept by nobody but us
    assert found["block", "trainable"] == "True"
    (broken,) = (path for path in classes if path.startswith("broken"))
    assert found[broken, "size"] == "3"


def test_class_shape_and_parameters_stand_with_each_row(tag: str, ask: Any) -> None:
    """Class, output shape, number of parameters and the line of code that made the layer."""
    model = functional()
    model.provenance(tag, hyps=KEY)
    model.fit(*data(), verbose=0)
    columns = "name, class, output_shape, num_parameters, made_at"
    found = {row[0]: row[1:] for row in ask.set(tag, "iLayers", columns)}
    assert found["block"][:3] == ("Block", "(None, 5)", 25)
    assert found["out"][:3] == ("Dense", "(None, 1)", 3)
    assert all(place.startswith(__file__) for *_, place in found.values())


def test_a_wrappers_layers_are_recorded(tag: str, ask: Any) -> None:
    """Both directions of a Bidirectional and the layer of a TimeDistributed have rows."""
    model = keras.Sequential(
        [
            keras.Input((4, 1)),
            keras.layers.Bidirectional(keras.layers.SimpleRNN(2), name="both"),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    model.provenance(tag, hyps=KEY)
    x, y = data()
    model.fit(x[..., None], y, verbose=0)
    inside = {path for path, _ in rows(ask, tag) if path.startswith("both/")}
    assert {"both/forward_simple_rnn", "both/backward_simple_rnn"} <= inside


def test_the_graph_is_a_set_of_its_own(tag: str, ask: Any) -> None:
    """Connections lead from a layer to the one that reads it; branches and operations included."""
    inputs = keras.Input((4,), name="in")
    left = keras.layers.Dense(2, name="left")(inputs)
    right = keras.layers.Dense(2, name="right")(inputs)
    model = keras.Model(inputs, keras.layers.Add(name="sum")([left, right]))
    model.compile("sgd", "mse")
    model.provenance(tag, hyps=KEY)
    model.fit(*data(), verbose=0)
    found = set(ask.set(tag, "iConnections", "inbound, outbound"))
    assert found == {("in", "left"), ("in", "right"), ("left", "sum"), ("right", "sum")}


def test_a_sequential_model_is_a_chain(tag: str, ask: Any) -> None:
    """The layers of a Sequential model follow each other."""
    names = ["a", "b", "c"]
    model = keras.Sequential([keras.layers.Dense(1, name=name) for name in names])
    model.compile("sgd", "mse")
    model.provenance(tag, hyps=KEY)
    model.fit(*data(), verbose=0)
    assert ask.set(tag, "iConnections", "inbound, outbound") == [("a", "b"), ("b", "c")]


@pytest.mark.thorough
def test_a_huge_model_is_recorded(tag: str, ask: Any) -> None:
    """Hundreds of layers, and an argument of many values, go through as they are."""
    layers = [keras.layers.Dense(2, name=f"d{i}") for i in range(300)]
    scale = keras.layers.Rescaling([float(i) for i in range(4)], name="scale")
    model = keras.Sequential([keras.Input((4,)), scale, *layers])
    model.compile("sgd", "mse")
    model.provenance(tag, hyps={"NUM_LAYERS": True, "CLASS_WEIGHT": True})
    model.fit(*data(), verbose=0, class_weight={i: float(i) for i in range(20000)})
    assert ask.set(tag, "iTrainingModel", "num_layers") == [(301,)]
    assert len([1 for _, argument in rows(ask, tag) if argument == "class"]) == 301
    ((weights,),) = ask.set(tag, "iTrainingModel", "class_weight")
    assert '"9999": 9999.0' in weights


@pytest.mark.parametrize("how", ["clone", "reload", "copy"])
def test_layers_that_keras_makes_are_not_the_users(how: str, tag: str, ask: Any) -> None:
    """Copies and reloads of a model leave its own rows as they are, and make none."""
    import copy

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="one")])
    model.compile("sgd", "mse")
    model.provenance(tag, hyps=KEY)
    if how == "clone":
        keras.models.clone_model(model)
    elif how == "copy":
        copy.deepcopy(model)
    else:
        keras.Sequential.from_config(model.get_config())
    model.fit(*data(), verbose=0)
    assert {path for path, _ in rows(ask, tag)} == {"one"}


def test_a_trainer_that_is_no_model(tag: str, ask: Any) -> None:
    """A layer that trains itself has no `layers`: those it holds are its layers."""
    from keras.src.backend.tensorflow.trainer import TensorFlowTrainer as Trainer

    class Both(Trainer, keras.layers.Layer):
        def __init__(self) -> None:
            keras.layers.Layer.__init__(self)
            Trainer.__init__(self)
            self.inner = keras.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.inner(x)

    with keras.capture({"NUM_LAYERS": True}, tag):
        model: Any = Both()
        model.compile("sgd", "mse")
        model.fit(*data(), verbose=0)
    assert ask.set(tag, "iTrainingModel", "num_layers") == [(1,)]


@pytest.mark.parametrize("kind", ["sequential", "subclass"])
@pytest.mark.parametrize("fails", [False, True])
def test_a_model_that_its_first_batch_builds(tag: str, ask: Any, kind: str, fails: bool) -> None:
    """Its parameters, shapes and layers are those of the built model, though the training fails."""

    class Fails(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if fails:
                raise ValueError("no")

    class Two(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = keras.layers.Dense(3, name="first")
            self.second = keras.layers.Dense(1, name="second")

        def call(self, x: Any) -> Any:
            return self.second(self.first(x))

    model: Any = Two()
    if kind == "sequential":
        model = keras.Sequential(
            [keras.layers.Dense(3, name="first"), keras.layers.Dense(1, name="second")]
        )
    model.compile("adam", "mse")
    model.provenance(tag, hyps={"LEARNING_RATE": True, "NUM_PARAMETERS": True})
    with pytest.raises(ValueError, match="no") if fails else contextlib.nullcontext():
        model.fit(*data(), epochs=2, verbose=0, callbacks=[Fails()])
    columns = "learning_rate, num_parameters, num_trainable_parameters"
    assert ask.set(tag, "iTrainingModel", columns) == [(pytest.approx(1e-3), 19, 19)]
    layers = ask.set(tag, "iLayers", "name, num_parameters, attribute_type")
    assert [each[:2] for each in layers if each[2] == "class"] == [("first", 15), ("second", 4)]


def test_what_is_known_before_the_first_batch_is_there_at_once(tag: str, ask: Any) -> None:
    """Only what needs a built model waits for it; without such a key the row is there."""
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            seen.append(len(ask.set(tag, "iTrainingModel")))

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.provenance(tag, hyps={"LEARNING_RATE": True})
    model.fit(*data(), verbose=0, callbacks=[Look()])
    assert seen == [1]
    assert {name for (name,) in ask.set(tag, "iLayers", "name")} == {model.layers[0].name}


def test_graphs_of_models_within_stand_under_their_paths(tag: str, ask: Any) -> None:
    """A nested model's graph is there, at any depth, with the names that the layers have."""
    inner = keras.Sequential([keras.layers.Dense(3, name="a"), keras.layers.Dense(2, name="b")])
    inner.name = "inner"
    given = keras.Input((4,), name="given")
    outer = keras.Model(given, keras.layers.Dense(2, name="c")(inner(given)), name="outer")
    model = keras.Sequential([keras.Input((4,)), outer, keras.layers.Dense(1, name="head")])
    model.compile("sgd", "mse")
    model.provenance(tag, hyps={"NUM_LAYERS": True})
    model.fit(*data(), verbose=0)
    edges = ask.set(tag, "iConnections", "inbound, outbound")
    assert edges == [
        ("outer", "head"),
        ("outer/given", "outer/inner"),
        ("outer/inner", "outer/c"),
        ("outer/inner/a", "outer/inner/b"),
    ]
    named = {name for (name,) in ask.set(tag, "iLayers", "name")}
    assert {name for edge in edges for name in edge} <= named


def test_a_model_without_a_call_has_the_numbers_of_its_parts(tag: str, ask: Any) -> None:
    """Nothing builds it, so what it holds is counted: at once, or once its parts are built."""

    class Holder(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self, part: Any) -> None:
            super().__init__()
            self.part = part

        def train_step(self, batch: Any) -> dict[str, Any]:
            return {"loss": keras.ops.sum(self.part(batch[0])) * 0.0}

    for part in ([keras.Input((4,)), keras.layers.Dense(2)], [keras.layers.Dense(2)]):
        model = Holder(keras.Sequential(part))
        model.compile("sgd")
        model.provenance(tag, hyps={"NUM_PARAMETERS": True})
        model.fit(*data(), verbose=0)
    columns = "num_parameters, num_trainable_parameters"
    assert ask.set(tag, "iTrainingModel", columns) == [(10, 10)] * 2
