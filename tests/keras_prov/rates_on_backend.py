"""Rates on the backend that KERAS_BACKEND names; the tests run this file as a script.

``schedules`` prints how far the host's rates are from the backend's, by class of schedule.
``trainings`` trains once for each way in which a rate or a step may change, and prints which rates
Keras used at the beginning of each epoch, and how often ours were read from a variable.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

import keras_prov as keras
from dfanalyzer_client.delivery.clients import client_for
from keras_prov._inspection.host_schedules import host_rate
from keras_prov._training import rate_reader, step_counter
from small_models import data, small_model

SCHEDULES = keras.optimizers.schedules
STEPS = (0, 1, 2, 3, 10, 999, 1000, 1001, 100_000, 2**24 + 1, 2**31 - 1)


def cases() -> list[Any]:
    """Each of Keras' schedules, with usual and with odd arguments."""
    return [
        SCHEDULES.InverseTimeDecay(0.001, 1, 1e-4),
        SCHEDULES.InverseTimeDecay(0.3, 1000, 0.96, staircase=True),
        SCHEDULES.InverseTimeDecay(0.3, 0.5, 2),
        SCHEDULES.PiecewiseConstantDecay([100, 1100, 50_000], [1.0, 0.5, 0.1, 0.003]),
        SCHEDULES.PiecewiseConstantDecay([1], [1.0, 0.1]),
        SCHEDULES.ExponentialDecay(0.1, 1000, 0.96),
        SCHEDULES.ExponentialDecay(0.1, 777, 0.9, staircase=True),
        SCHEDULES.ExponentialDecay(0.001, 1, 0.9999),
        SCHEDULES.ExponentialDecay(1e-8, 1, 1.5),
        SCHEDULES.PolynomialDecay(0.1, 10_000),
        SCHEDULES.PolynomialDecay(0.1, 10_000, 0.2, power=0.5),
        SCHEDULES.PolynomialDecay(0.1, 999, 0.0, power=2.0, cycle=True),
        SCHEDULES.PolynomialDecay(0.1, 1, 1e-5, power=0.9),
        SCHEDULES.CosineDecay(0.1, 1000),
        SCHEDULES.CosineDecay(0.1, 100_000, alpha=0.05),
        SCHEDULES.CosineDecay(0.0, 90_000, warmup_target=0.1, warmup_steps=10_000),
        SCHEDULES.CosineDecayRestarts(0.1, 1000),
        SCHEDULES.CosineDecayRestarts(0.1, 1000, t_mul=1.5, m_mul=0.9, alpha=0.01),
        SCHEDULES.CosineDecayRestarts(0.1, 1000, t_mul=1.0, m_mul=0.9),
    ]


def differences(count: int) -> list[dict[str, Any]]:
    """For each case: steps that differ, the largest difference of two rates, unknown ones.

    The difference is in parts of the highest rate. Steps are Keras' own scalars, as in a training:
    vectors are computed with other instructions.
    """
    draw = random.Random(1)
    steps = [*STEPS, *(draw.randrange(100_001) for _ in range(count))]
    found = []
    for schedule in cases():
        pairs = [(host_rate(schedule, step), backends_rate(schedule, step)) for step in steps]
        highest = max(rate for _, rate in pairs)
        known = [(mine, theirs) for mine, theirs in pairs if mine is not None]
        found.append(
            {
                "class": type(schedule).__name__,
                "different": sum(mine != theirs for mine, theirs in known),
                "by": max(abs(mine - theirs) for mine, theirs in known) / highest,
                "unknown": len(pairs) - len(known),
            }
        )
    return found


def backends_rate(schedule: Any, step: int) -> float:
    """The rate as the backend computes it at a step of the type that it counts with."""
    counted = keras.Variable(step, dtype="int", trainable=False)
    return float(keras.ops.convert_to_numpy(schedule(counted.value)))


class Reads:
    """Counts how often we read a variable."""

    def __init__(self) -> None:
        self.count = 0
        self._count_calls(rate_reader, "learning_rate")
        self._count_calls(step_counter, "step_of")

    def _count_calls(self, module: Any, name: str) -> None:
        original: Callable[..., Any] = getattr(module, name)

        def counted(*args: Any) -> Any:
            self.count += 1
            return original(*args)

        setattr(module, name, counted)


class Truth:
    """What the optimizer says itself, once all callbacks were called for an epoch's beginning."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        owner = keras.callbacks.CallbackList
        original = owner.on_epoch_begin

        def on_epoch_begin(callbacks: Any, epoch: int, logs: Any = None) -> None:
            original(callbacks, epoch, logs)
            optimizer = getattr(callbacks._model.optimizer, "inner_optimizer", None)
            optimizer = optimizer or callbacks._model.optimizer
            self.rates.append(float(keras.ops.convert_to_numpy(optimizer.learning_rate)))

        owner.on_epoch_begin = on_epoch_begin


class At(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
    """Calls a function with the model at the end of epoch 1 of each training."""

    def __init__(self, act: Callable[[Any], object]) -> None:
        super().__init__()
        self.act = act

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            self.act(self.model)


class InEpoch(keras.callbacks.Callback):  # type: ignore[misc,name-defined]
    """Calls a function with the model after the second batch of epoch 1."""

    def __init__(self, act: Callable[[Any], object]) -> None:
        super().__init__()
        self.act, self.epoch = act, 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.epoch == 1 and batch == 1:
            if keras.backend.backend() == "jax":
                self.model.jax_state_sync()
            self.act(self.model)


class StopsAnEpoch(InEpoch):
    """Ends an epoch early and lets the training go on."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = False


def assign(model: Any) -> None:
    """Assign to the variable of the rate."""
    model.optimizer._learning_rate.assign(0.25)


def assign_natively(model: Any) -> None:
    """Assign with the backend's own means."""
    variable = model.optimizer._learning_rate
    if keras.backend.backend() == "jax":
        variable._value = variable._value * 0.5
    elif keras.backend.backend() == "torch":
        variable._value.detach().mul_(0.5)
    else:
        variable.value.assign(0.125)


def load(model: Any) -> None:
    """Load the optimizer's variables, with another rate."""
    store: dict[str, Any] = {}
    model.optimizer.save_own_variables(store)
    (position,) = (
        number
        for number, variable in enumerate(model.optimizer.variables)
        if variable is model.optimizer._learning_rate
    )
    model.optimizer.load_own_variables({**store, str(position): np.float32(0.0625)})


def set_rate(model: Any) -> None:
    """Use the setter."""
    model.optimizer.learning_rate = 0.375


def new_schedule(model: Any) -> None:
    """Put a schedule in the place of the rate; only what is traced anew trains with it."""
    model.optimizer.learning_rate = decay()


def jump(model: Any) -> None:
    """Assign to the step."""
    model.optimizer._iterations.assign(100)


def stop(model: Any) -> None:
    """Ask Keras to stop."""
    model.stop_training = True


class OwnStep(keras.Sequential):  # type: ignore[misc,name-defined]
    """Leaves the step to Keras and then halves the rate, in the graph."""

    def train_step(self, *args: Any) -> Any:
        result = super().train_step(*args)
        rate = self.optimizer._learning_rate
        if keras.backend.backend() != "jax":
            rate.assign(rate * 0.5)
            return result
        logs, (trainable, other, of_optimizer, metrics) = result
        halved = [
            value * 0.5 if variable is rate else value
            for variable, value in zip(self.optimizer.variables, of_optimizer, strict=True)
        ]
        return logs, (trainable, other, halved, metrics)


def decay() -> Any:
    """A schedule that has another rate at each step."""
    return SCHEDULES.ExponentialDecay(0.1, 3, 0.9)


def scheduled(**given: Any) -> Any:
    return small_model(optimizer=keras.optimizers.SGD(decay(), **given))


def batches(count: int = 4) -> Any:
    """Endlessly batches, of unknown number."""
    x, y = data(8)
    for _ in itertools.count():
        yield x, y


class Shrinking(keras.utils.PyDataset):  # type: ignore[misc,name-defined]
    """Batches whose number is known."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, number: int) -> Any:
        return data(8)


def own_step() -> Any:
    model = OwnStep([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    return model


def fit(model: Any, *callbacks: Any, x: Any = None, **given: Any) -> None:
    arrays = data() if x is None else (x,)
    sizes = {"batch_size": 8} if x is None else {}
    model.fit(*arrays, **{"epochs": 5, "verbose": 0, **sizes, **given}, callbacks=[*callbacks])


def twice(model: Any) -> None:
    """Two trainings, the second from another epoch on."""
    fit(model, epochs=3)
    fit(model, epochs=6, initial_epoch=3)


def scheduler() -> Any:
    return keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 / (epoch + 1))


TRAININGS: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "constant": (small_model, fit),
    "scheduled": (scheduled, fit),
    "scheduler": (small_model, lambda model: fit(model, scheduler())),
    "setter": (small_model, lambda model: fit(model, At(set_rate))),
    "assign": (small_model, lambda model: fit(model, At(assign))),
    "native": (small_model, lambda model: fit(model, At(assign_natively))),
    "load": (small_model, lambda model: fit(model, At(load))),
    "in epoch": (small_model, lambda model: fit(model, InEpoch(assign))),
    "in epoch, setter": (small_model, lambda model: fit(model, InEpoch(set_rate))),
    "new schedule": (small_model, lambda model: fit(model, At(new_schedule))),
    "jump": (scheduled, lambda model: fit(model, At(jump))),
    "jump in epoch": (scheduled, lambda model: fit(model, InEpoch(jump))),
    "short epoch": (scheduled, lambda model: fit(model, StopsAnEpoch(stop))),
    "twice": (scheduled, twice),
    "accumulated": (lambda: scheduled(gradient_accumulation_steps=2), fit),
    "generator": (scheduled, lambda model: fit(model, x=batches(), steps_per_epoch=3)),
    "dataset": (scheduled, lambda model: fit(model, x=Shrinking())),
    "steps per epoch": (scheduled, lambda model: fit(model, steps_per_epoch=3)),
    "own step": (own_step, fit),
    "scaled": (
        lambda: small_model(
            optimizer=keras.optimizers.LossScaleOptimizer(
                keras.optimizers.SGD(decay()), initial_scale=2.0**127
            )
        ),
        fit,
    ),
}


def trainings() -> dict[str, Any]:
    """The rates and reads of each training; what was recorded is in the database."""
    truth, reads = Truth(), Reads()
    found = {}
    for kind, (make, train) in TRAININGS.items():
        truth.rates, reads.count = [], 0
        model = make()
        tag = f"rates {keras.backend.backend()} {kind}".replace(" ", "-").replace(",", "")
        model.provenance(tag, adaptation=True, hyps={"LEARNING_RATE": True})
        train(model)
        found[kind] = {"tag": tag, "rates": truth.rates, "reads": reads.count}
    assert client_for().flush(60), "what was captured is not stored"
    return found


if __name__ == "__main__":
    chosen = {"schedules": lambda: differences(int(sys.argv[2])), "trainings": trainings}
    sys.stdout.write(json.dumps(chosen[sys.argv[1]]()) + "\n")
