"""Scalars of optimizers and callbacks: set where that takes effect, else refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from small_models import data, small_model
from steered import Ask, asked, outcomes

SGD, EARLY = keras.optimizers.SGD, keras.callbacks.EarlyStopping


def train(tag: str, *callbacks: Any, **compile_: Any) -> Any:
    """A training of 4 epochs of 5 batches that may be steered."""
    model = small_model(**compile_)
    model.provenance(tag, adaptation=True, steering=True)
    model.fit(*data(), batch_size=8, epochs=4, verbose=0, callbacks=list(callbacks))
    return model


def by_hand(change: Callable[[Any], None], **compile_: Any) -> Any:
    """The same training, changed by a callback after the third batch of the second epoch."""

    class Change(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.epoch = epoch

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if (self.epoch, batch) == (1, 2):
                change(self.model)

    model = small_model(**compile_)
    model.fit(*data(), batch_size=8, epochs=4, verbose=0, callbacks=[Change()])
    return model


def same_weights(one: Any, other: Any) -> bool:
    return all(
        np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True)
    )


def in_mid_epoch(*requests: Any) -> Ask:
    return Ask({(1, 2): list(requests)})


def refusal(tag: str, request: Any, *callbacks: Any, **compile_: Any) -> str:
    """Why a training refuses a request; it goes on as if nobody had asked."""
    model = train(tag, *callbacks, in_mid_epoch(request), **compile_)
    (outcome,) = outcomes(model)
    assert outcome["state"] == "refused"
    assert len(model.history.epoch) == 4
    return str(outcome["detail"])


SCALARS = {
    "momentum": (lambda: SGD(0.01, momentum=0.9), 0.5),
    "weight_decay": (lambda: SGD(0.01), 0.1),
    "clipnorm": (lambda: SGD(0.01, clipnorm=1.0), 0.01),
    "clipvalue": (lambda: SGD(0.01), 0.001),
    "nesterov": (lambda: SGD(0.01, momentum=0.9), True),
    "beta_1": (lambda: keras.optimizers.Adam(0.01), 0.5),
    "rho": (lambda: keras.optimizers.RMSprop(0.01), 0.5),
}
EACH_SCALAR = [
    name if name == "momentum" else pytest.param(name, marks=pytest.mark.exhaustive)
    for name in SCALARS
]
"""One of them in every run: each takes three trainings."""


@pytest.mark.parametrize("name", EACH_SCALAR)
def test_an_eager_step_takes_new_scalars(name: str, tag: str, ask: Any) -> None:
    """Without a compiled step, weights are those of a training whose callback set the scalar."""
    optimizer, value = SCALARS[name]
    eager = {"run_eagerly": True}
    model = train(tag, in_mid_epoch(asked("set", name, value)), optimizer=optimizer(), **eager)
    expected = by_hand(
        lambda other: setattr(other.optimizer, name, value), optimizer=optimizer(), **eager
    )
    assert same_weights(model, expected)
    assert not same_weights(model, by_hand(lambda _: None, optimizer=optimizer(), **eager))
    row = ask.set(tag, "oAdaptation", "attribute, new_value, old_lrate = new_lrate")
    assert row == [(name, json.dumps(value), True)]


@pytest.mark.parametrize("name", EACH_SCALAR)
def test_a_compiled_step_keeps_its_constants(name: str, tag: str) -> None:
    """What is a constant of a compiled step is refused and not assigned, as a later trace of the
    step would take it. PyTorch's step is not compiled by default, and takes it."""
    optimizer, value = SCALARS[name]
    model = train(tag, in_mid_epoch(asked("set", name, value)), optimizer=optimizer())
    (outcome,) = outcomes(model)
    if keras.backend.backend() == "torch":
        assert outcome["state"] == "applied"
        return
    assert outcome["state"] == "refused"
    assert "constant of the compiled step" in outcome["detail"]
    assert getattr(model.optimizer, name) == getattr(optimizer(), name)
    assert same_weights(model, by_hand(lambda _: None, optimizer=optimizer()))


def test_new_variables_cannot_be_had(tag: str) -> None:
    """A momentum where there was none would need variables that were not built."""
    why = refusal(tag, asked("set", "momentum", 0.5), run_eagerly=True)
    assert "lacks the variables" in why


def test_a_schedule_governs_the_rate(tag: str) -> None:
    """A rate that a schedule decides on is refused, with what to do."""
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    why = refusal(tag, asked("set", "learning_rate", 0.5), optimizer=SGD(schedule))
    assert "ExponentialDecay" in why
    assert "continue_from" in why


def test_a_scheduler_would_overwrite_the_rate(tag: str) -> None:
    """A LearningRateScheduler that looks at the epoch alone leads to a refusal."""
    scheduler = keras.callbacks.LearningRateScheduler(lambda epoch: 0.1)
    assert "LearningRateScheduler" in refusal(tag, asked("set", "learning_rate", 0.5), scheduler)


def test_a_scheduler_that_reads_the_rate_goes_on_from_it(tag: str, ask: Any) -> None:
    """A schedule of epoch and rate continues from the rate that was set; both are recorded once."""
    halving = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    train(tag, halving, Ask({(1, None): [asked("set", "learning_rate", 1.0)]}))
    found = ask.set(tag, "oAdaptation", "epoch_id, old_lrate, new_lrate, cause")
    assert found == [
        (0, 0.01, 0.005, "LearningRateScheduler"),
        (1, 0.005, 0.0025, "LearningRateScheduler"),
        (2, 0.0025, 1.0, "steering"),
        (2, 1.0, 0.5, "LearningRateScheduler"),
        (3, 0.5, 0.25, "LearningRateScheduler"),
    ]


def test_a_plateaus_change_in_the_same_epoch_stays_its_own(tag: str, ask: Any) -> None:
    """What ReduceLROnPlateau did just before steering is recorded as its change."""
    plateau = keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100.0)
    train(tag, plateau, Ask({(1, None): [asked("set", "learning_rate", 0.001)]}))
    found = ask.set(tag, "oAdaptation", "epoch_id, old_lrate, new_lrate, cause")
    assert found[:2] == [
        (2, 0.01, 0.005, "ReduceLROnPlateau"),
        (2, 0.005, 0.001, "steering"),
    ]


def test_a_callbacks_patience_is_set(tag: str, ask: Any) -> None:
    """EarlyStopping waits as long as it is told while it runs."""
    early = EARLY("loss", min_delta=100.0, patience=1)
    model = train(tag, early, Ask({(0, None): [asked("set", "EarlyStopping.patience", 3)]}))
    assert len(model.history.epoch) == 4
    assert ask.set(tag, "oAdaptation", "attribute, old_value, new_value, epoch_id") == [
        ("EarlyStopping.patience", "1", "3", 1)
    ]


def test_one_of_several_callbacks_is_named_by_number(tag: str) -> None:
    """``EarlyStopping[1].patience`` is that of the second one; without a number it is refused."""
    several = [EARLY("loss", patience=5), EARLY("loss", patience=6)]
    requests = [asked("set", f"EarlyStopping{at}.patience", 7) for at in ("", "[1]")]
    model = train(tag, *several, in_mid_epoch(*requests))
    assert [callback.patience for callback in several] == [5, 7]
    assert [each["state"] for each in outcomes(model)] == ["refused", "applied"]
    assert "EarlyStopping[0], EarlyStopping[1]" in outcomes(model)[0]["detail"]


WRONG: dict[str, tuple[Any, str]] = {
    "EarlyStopping.patience": (1.5, "a whole number"),
    "EarlyStopping.restore_best_weights": (1, "true or false"),
    "EarlyStopping.nothing": (1, "patience"),
    "EarlyStopping._model": (1, "public attribute"),
    "EarlyStopping.monitor": ("x", "patience"),
    "Nobody.patience": (1, "EarlyStopping"),
    "learning_rate": ("fast", "a number"),
    "optimizer.learning_rate": (float("nan"), "finite"),
    "epsilon_of_nothing": (1.0, "weight_decay"),
}


@pytest.mark.parametrize("target", WRONG)
def test_what_does_not_fit_is_refused(target: str, tag: str) -> None:
    """The refusal says what was received and what is expected, or what there is."""
    value, expected = WRONG[target]
    assert expected in refusal(tag, asked("set", target, value), EARLY("loss", patience=9))


@pytest.mark.parametrize("kind", ["jit", "steps", "mixed", "multi"])
def test_the_rate_is_that_of_the_next_step(kind: str, tag: str) -> None:
    """With a compiled step, several steps at once, loss scaling or several optimizers as well."""
    if kind == "steps" and keras.backend.backend() == "torch":
        pytest.skip("Keras' PyTorch backend has no steps_per_execution")
    if kind == "multi" and not hasattr(keras.optimizers, "MultiOptimizer"):
        pytest.skip("this Keras has no MultiOptimizer")

    def options() -> dict[str, Any]:
        if kind == "multi":
            kinds: Any = keras.optimizers  # Keras 3.12 has no MultiOptimizer
            parts = kinds.OptimizerMap(SGD(0.01), {".*bias": kinds.Adam(0.01)})
            return {"optimizer": kinds.MultiOptimizer(parts)}
        if kind == "mixed":
            return {"optimizer": keras.optimizers.LossScaleOptimizer(SGD(0.01))}
        return {"jit_compile": True} if kind == "jit" else {"steps_per_execution": 3}

    def change(model: Any) -> None:
        for part in getattr(model.optimizer, "optimizers", [model.optimizer]):
            part.learning_rate = 0.1

    request = asked("set", "learning_rate", 0.1)
    model = train(tag, in_mid_epoch(request), **options())
    assert [each["state"] for each in outcomes(model)] == ["applied"]
    assert same_weights(model, by_hand(change, **options()))
    assert not same_weights(model, by_hand(lambda _: None, **options()))
