"""Models with more than one optimizer: each is told by its name, with its rates and changes."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from small_models import data

O = keras.optimizers  # noqa: E741
needs_multi = pytest.mark.skipif(not hasattr(O, "MultiOptimizer"), reason="not in this Keras")
HYPS = {"LEARNING_RATE": True, "OPTIMIZER_NAME": True, "OPTIMIZER_MAP": True, "EPSILON": True}
CHANGES = "epoch_id, optimizer, old_lrate, new_lrate, cause"


def two_layers(optimizer: Any) -> Any:
    a, b = keras.layers.Dense(2, name="a"), keras.layers.Dense(1, name="b")
    model = keras.Sequential([keras.Input((4,)), a, b])
    model.compile(optimizer, "mse")
    return model


def scaled(factor: float, at: int = 1) -> Any:
    return keras.callbacks.LearningRateScheduler(lambda e, r: r * factor if e == at else r)


def rates_of(ask: Any, tag: str) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for name, rate in ask.set(tag, "oOptimizers", "name, learning_rate"):
        found.setdefault(name, []).append(rate)
    return found


class Gan(keras.Model):  # type: ignore[misc,name-defined]
    """A generator and a discriminator that take no steps; what trains them is set from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.g = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
        self.d = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])

    def train_step(self, batch: Any) -> dict[str, Any]:
        return {"loss": keras.ops.sum(batch[0]) * 0.0}


@needs_multi
def test_parts_that_change_alike_are_one_optimizer(tag: str, ask: Any) -> None:
    """Each epoch has the rate that all parts have, and their change is one adaptation."""
    model = two_layers(O.MultiOptimizer(O.OptimizerMap(O.SGD(0.5), {".*a/.*": O.SGD(0.5)})))
    model.provenance(tag, adaptation=True, hyps=HYPS)
    model.fit(*data(), epochs=3, verbose=0, callbacks=[scaled(0.5)])
    assert ask.set(tag, "oTrainingModel", "learning_rate") == [(0.5,), (0.25,), (0.25,)]
    assert ask.set(tag, "oAdaptation", CHANGES) == [(1, None, 0.5, 0.25, "LearningRateScheduler")]


@needs_multi
def test_parts_that_differ_are_told_apart(tag: str, ask: Any) -> None:
    """Rates and changes stand with the pattern that names the part, the default among them."""
    optimizers = O.OptimizerMap(O.Adam(0.25), {".*a/.*": O.SGD(0.5, momentum=0.5)})
    model = two_layers(O.MultiOptimizer(optimizers))
    model.provenance(tag, adaptation=True, hyps=HYPS)
    model.fit(*data(), epochs=2, verbose=0, callbacks=[scaled(0.5)])
    model.optimizer.optimizers[1].learning_rate = 0.0625
    model.fit(*data(), epochs=3, initial_epoch=2, verbose=0)
    a, default = "optimizer[.*a/.*]", "optimizer[default]"
    assert rates_of(ask, tag) == {a: [0.5, 0.25, 0.25], default: [0.25, 0.125, 0.0625]}
    assert ask.set(tag, "oAdaptation", CHANGES) == [
        (1, a, 0.5, 0.25, "LearningRateScheduler"),
        (1, default, 0.25, 0.125, "LearningRateScheduler"),
        (2, default, 0.125, 0.0625, "assignment"),
    ]
    assert ask.set(tag, "iOptimizers", "name, class, learning_rate")[:2] == [
        (a, "SGD", 0.5),
        (default, "Adam", 0.25),
    ]
    ((chosen, rate),) = set(ask.set(tag, "iTrainingModel", "optimizer_name, learning_rate"))
    assert (chosen, rate) == ("MultiOptimizer", None)
    mapped = [json.loads(each) for (each,) in ask.set(tag, "iTrainingModel", "optimizer_map")]
    assert mapped == [
        {".*a/.*": "SGD(learning_rate=0.5, momentum=0.5)", "default": "Adam(learning_rate=0.25)"},
        {
            ".*a/.*": "SGD(learning_rate=0.25, momentum=0.5)",
            "default": "Adam(learning_rate=0.0625)",
        },
    ]


@needs_multi
def test_parts_that_a_function_chooses_are_met_when_it_has(tag: str, ask: Any) -> None:
    """Before the first step there are none; their rates stand with the first epoch all the same."""
    one, other = O.SGD(0.5, name="one"), O.SGD(0.25, name="other")
    model = two_layers(O.MultiOptimizer(lambda variable: one if "a/" in variable.path else other))
    model.provenance(tag, adaptation=True, hyps=HYPS)
    model.fit(*data(), epochs=2, verbose=0, callbacks=[scaled(0.5)])
    assert rates_of(ask, tag) == {"optimizer[one]": [0.5, 0.25], "optimizer[other]": [0.25, 0.125]}
    assert {name for (name,) in ask.set(tag, "iOptimizers", "name")} == set(rates_of(ask, tag))


def test_a_gans_optimizers_are_told_by_their_attributes(tag: str, ask: Any) -> None:
    """In attributes, lists, dictionaries, models within and under loss scaling: all by name."""
    gan = Gan()
    gan.compile()
    gan.d_optimizer, gan.g_optimizer = O.Adam(0.5), O.LossScaleOptimizer(O.RMSprop(0.25))
    gan.more, gan.by_name = [O.SGD(0.125)], {"aux": O.Adagrad(2.0)}
    gan.d.compile(O.Ftrl(0.75), "mse")
    gan.again = gan.d_optimizer

    class Halve(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            gan.g_optimizer.learning_rate.assign(0.125)
            gan.more[0].learning_rate = 0.0625

    gan.provenance(tag, adaptation=True, hyps=HYPS | {"NUM_PARAMETERS": True})
    gan.fit(*data(), epochs=2, verbose=0, callbacks=[Halve()])
    gan.d_optimizer = O.SGD(1.0)
    gan.fit(*data(), verbose=0)
    assert set(ask.set(tag, "iOptimizers", "name, class, learning_rate")) == {
        ("d_optimizer", "Adam", 0.5),
        ("again", "Adam", 0.5),
        ("d_optimizer", "SGD", 1.0),
        ("g_optimizer", "RMSprop", 0.25),
        ("g_optimizer", "RMSprop", 0.125),
        ("more[0]", "SGD", 0.125),
        ("more[0]", "SGD", 0.0625),
        ("by_name[aux]", "Adagrad", 2.0),
        ("d.optimizer", "Ftrl", 0.75),
    }
    assert ask.set(tag, "oAdaptation", CHANGES) == [
        (1, "g_optimizer", 0.25, 0.125, "Halve"),
        (1, "more[0]", 0.125, 0.0625, "Halve"),
        (0, "d_optimizer", 0.5, 1.0, "compile"),
    ]
    assert rates_of(ask, tag)["g_optimizer"] == [0.25, 0.125, 0.125]
    found = ask.set(tag, "iTrainingModel", "optimizer_name, learning_rate, epsilon, num_parameters")
    assert found == [(None, None, None, 19)] * 2


def test_an_optimizer_beside_the_one_of_compile(tag: str, ask: Any) -> None:
    """The main one keeps its columns; with another beside it both stand in the set."""
    model = two_layers(O.SGD(0.5))
    model.extra = O.Adam(0.25)
    model.provenance(tag, adaptation=True, hyps=HYPS)
    model.fit(*data(), epochs=2, verbose=0, callbacks=[scaled(0.5)])
    assert ask.set(tag, "iTrainingModel", "optimizer_name, learning_rate") == [("SGD", 0.5)]
    assert ask.set(tag, "oTrainingModel", "learning_rate") == [(0.5,), (0.25,)]
    assert rates_of(ask, tag) == {"optimizer": [0.5, 0.25], "extra": [0.25, 0.25]}
    changes = ask.set(tag, "oAdaptation", "optimizer, new_lrate")
    assert changes == [("optimizer", 0.25)]


def test_a_model_of_one_optimizer_has_no_set_of_them(tag: str, ask: Any) -> None:
    """Nor has a model whose layer was compiled before for a training of its own."""
    part = two_layers(O.Adam(0.25))
    model = keras.Sequential([part, keras.layers.Dense(1)])
    model.compile(O.SGD(0.5), "mse")
    model.provenance(tag, adaptation=True, hyps=HYPS)
    model.fit(*data(), epochs=2, verbose=0, callbacks=[scaled(0.5)])
    assert ask.set(tag, "oAdaptation", CHANGES) == [(1, None, 0.5, 0.25, "LearningRateScheduler")]
    assert not ask.one(
        "SELECT count(*) FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s AND t.name IN ('ioptimizers', 'ooptimizers')",
        tag,
    )


def test_a_callables_rate_is_not_asked_when_an_optimizer_is_described(tag: str, ask: Any) -> None:
    """What an optimizer is, is read without calling what it was given as its rate."""
    calls: list[int] = []

    def rate() -> Any:
        calls.append(1)
        return np.float32(0.5)

    gan = Gan()
    gan.compile()
    gan.own = O.SGD(rate)
    gan.provenance(tag, adaptation=True, hyps=HYPS)
    gan.fit(*data(), verbose=0)
    assert calls == []
    found = ask.set(tag, "iOptimizers", "name, learning_rate, learning_rate_schedule")
    assert found == [("own", None, "rate(calls=[])")]
