"""Changes of the learning rate and of the configuration: exact, with who made them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from small_models import data, small_model

COLUMNS = "epoch_id, old_lrate, new_lrate, cause"


def adaptations(ask: Any, tag: str, columns: str = COLUMNS) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = ask.set(tag, "oAdaptation", columns)
    return found


def train(tag: str, *callbacks: Any, epochs: int = 4, **compile_: Any) -> Any:
    model = small_model(**compile_)
    model.provenance(tag, adaptation=True)
    model.fit(*data(), epochs=epochs, verbose=0, callbacks=list(callbacks))
    return model


def plateau() -> Any:
    return keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=1, min_delta=100.0)


def halving(at: int) -> Any:
    return keras.callbacks.LearningRateScheduler(lambda e, rate: rate / 2 if e == at else rate)


def test_a_scheduler_is_the_cause(tag: str, ask: Any) -> None:
    """LearningRateScheduler's change stands with old and new rate and the epoch it holds from."""
    train(tag, halving(2))
    assert adaptations(ask, tag) == [(2, 0.01, 0.005, "LearningRateScheduler")]


def test_two_callbacks_are_told_apart(tag: str, ask: Any) -> None:
    """With a plateau and a scheduler together each change has its own maker, in order."""
    train(tag, plateau(), halving(1), epochs=4)
    causes = [(epoch, cause) for epoch, *_, cause in adaptations(ask, tag)]
    assert causes == [
        (1, "LearningRateScheduler"),
        (2, "ReduceLROnPlateau"),
        (3, "ReduceLROnPlateau"),
    ]


def test_tiny_changes_are_exact(tag: str, ask: Any) -> None:
    """1e-6 to 5e-7 is a change, and no digit is rounded away."""
    train(tag, halving(1), epochs=2, optimizer=keras.optimizers.SGD(1e-6))
    assert adaptations(ask, tag) == [(1, 1e-6, 5e-7, "LearningRateScheduler")]


@pytest.mark.parametrize("how", ["setter", "variable", "lambda"])
def test_an_assignment_in_a_callback_names_it(how: str, tag: str, ask: Any) -> None:
    """A user's callback that assigns the rate, or the variable itself, is the cause."""

    class Mine(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1 and how == "setter":
                self.model.optimizer.learning_rate = 0.25
            elif epoch == 1:
                self.model.optimizer.learning_rate.assign(0.25)

    def assign(epoch: int, logs: Any) -> None:
        if epoch == 1:
            model.optimizer.learning_rate = 0.25

    callback = keras.callbacks.LambdaCallback(on_epoch_begin=assign) if how == "lambda" else Mine()
    model = small_model()
    model.provenance(tag, adaptation=True)
    model.fit(*data(), epochs=2, verbose=0, callbacks=[callback])
    assert adaptations(ask, tag) == [(1, 0.01, 0.25, type(callback).__name__)]
    if how == "setter":
        ((place,),) = adaptations(ask, tag, "detail")
        assert place.startswith(__file__)


def test_a_stepwise_schedule_adapts_and_a_continuous_one_does_not(tag: str, ask: Any) -> None:
    """A step of a schedule is an adaptation; a decay at every step is one configuration."""
    schedules = keras.optimizers.schedules
    steps = schedules.PiecewiseConstantDecay([3], [0.5, 0.25])
    train(tag, optimizer=keras.optimizers.SGD(steps), epochs=3)
    stairs = schedules.ExponentialDecay(1.0, 4, 0.5, staircase=True)
    train(tag, optimizer=keras.optimizers.SGD(stairs), epochs=3)
    train(tag, optimizer=keras.optimizers.SGD(schedules.CosineDecay(0.5, 100)), epochs=3)
    assert adaptations(ask, tag) == [
        (2, 0.5, 0.25, "PiecewiseConstantDecay"),
        (2, 1.0, 0.5, "ExponentialDecay"),
    ]
    rates = [rate for (rate,) in ask.set(tag, "oTrainingModel", "learning_rate")]
    assert rates[:3] == [0.5, 0.5, 0.25]
    assert len(set(rates[6:])) == 3


def test_weights_that_change_places_with_their_average(tag: str, ask: Any) -> None:
    """An EMA swap is an adaptation at an unchanged rate, and so is Keras' overwrite at the end."""
    optimizer = keras.optimizers.SGD(0.5, use_ema=True)
    train(tag, keras.callbacks.SwapEMAWeights(swap_on_epoch=True), epochs=2, optimizer=optimizer)
    assert adaptations(ask, tag) == [
        (1, 0.5, 0.5, "SwapEMAWeights"),
        (2, 0.5, 0.5, "SwapEMAWeights"),
        (2, 0.5, 0.5, "EMA overwrite"),
    ]


def test_weights_set_by_a_callback_are_no_adaptation(tag: str, ask: Any) -> None:
    """set_weights in a callback changes no configuration."""

    class Shake(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.set_weights([w * np.float32(0.5) for w in self.model.get_weights()])

    train(tag, Shake())
    assert adaptations(ask, tag) == []


def test_fine_tuning_goes_on_in_the_same_execution(tag: str, ask: Any) -> None:
    """Recompiling, assigning a rate and unfreezing between trainings are adaptations."""
    model = small_model()
    first = model.layers[0].name
    model.layers[0].trainable = False
    model.compile(keras.optimizers.SGD(0.5), "mse")
    model.provenance(tag, adaptation=True)
    model.fit(*data(), epochs=2, verbose=0)
    model.optimizer.learning_rate = 0.25
    model.fit(*data(), epochs=4, initial_epoch=2, verbose=0)
    model.layers[0].trainable = True
    model.compile(keras.optimizers.Adam(0.125), "mse")
    model.fit(*data(), epochs=5, initial_epoch=4, verbose=0)
    assert adaptations(ask, tag, f"{COLUMNS}, detail") == [
        (2, 0.5, 0.25, "assignment", "between two trainings"),
        (4, 0.25, 0.125, "compile", "SGD → Adam"),
        (4, 0.125, 0.125, "trainable", f'{{"unfrozen": ["{first}"], "frozen": []}}'),
    ]
    executions = ask.rows(
        'SELECT count(DISTINCT e.id) FROM "public".dataflow_execution e '
        'JOIN "public".dataflow d ON d.id = e.df_id WHERE d.tag = %s',
        tag,
    )
    assert executions == [(1,)]
    chain = ask.rows(
        'SELECT count(*) FROM "public".task_dependency p '
        f'JOIN "{tag}".itrainingmodel i ON i.trainingmodel_task_id = p.task_id '
        f'JOIN "{tag}".itrainingmodel j ON j.trainingmodel_task_id = p.previous_task_id'
    )
    assert chain == [(2,)]


def test_provenance_anew_starts_a_derived_execution(tag: str, ask: Any) -> None:
    """A new provenance() after a training begins an execution that is linked to the one before."""
    model = small_model()
    model.provenance(tag)
    model.fit(*data(), verbose=0)
    first = model.get_dataflow().exec_tag
    model.provenance(tag)
    model.fit(*data(), verbose=0)
    second = model.get_dataflow().exec_tag
    links = ask.rows(
        'SELECT execution, relation, previous_execution FROM "public".lineage WHERE execution = %s',
        second,
    )
    assert links == [(second, "wasDerivedFrom", first)]


def test_a_model_with_trained_parts_is_derived_from_theirs(tag: str, ask: Any) -> None:
    """A captured, trained model that becomes a layer of another links the two executions."""
    part = small_model()
    part.provenance(tag)
    part.fit(*data(), verbose=0)
    whole = keras.Sequential([part, keras.layers.Dense(1)])
    whole.compile("sgd", "mse")
    whole.provenance(tag)
    whole.fit(*data(), verbose=0)
    links = ask.rows(
        'SELECT previous_execution FROM "public".lineage WHERE execution = %s',
        whole.get_dataflow().exec_tag,
    )
    assert links == [(part.get_dataflow().exec_tag,)]


def test_the_last_change_of_a_broken_training_is_kept(tag: str, ask: Any) -> None:
    """A rate that was changed before an exception is recorded."""

    class Break(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.125
            raise ValueError("after the change")

    with pytest.raises(ValueError, match="after the change"):
        train(tag, Break())
    assert adaptations(ask, tag) == [(1, 0.01, 0.125, "Break")]


def test_a_change_that_no_epoch_has_trained_with(tag: str, ask: Any) -> None:
    """It is none of the training that EarlyStopping stopped, but of the next one that uses it."""
    stopping = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=100.0)
    model = small_model()
    model.provenance(tag, adaptation=True)
    model.fit(*data(), epochs=9, verbose=0, callbacks=[plateau(), stopping])
    ran = [epoch for (epoch,) in ask.set(tag, "oTrainingModel", "epoch_id")]
    changes = adaptations(ask, tag)
    assert {epoch for epoch, *_ in changes} <= set(ran)
    last = float(np.float32(model.optimizer.learning_rate))
    model.fit(*data(), epochs=9, initial_epoch=9, verbose=0)  # trains nothing
    model.fit(*data(), epochs=8, initial_epoch=7, verbose=0)
    (change,) = adaptations(ask, tag)[len(changes) :]
    assert (change[0], change[3]) == (7, "ReduceLROnPlateau")
    assert float(np.float32(change[2])) == last


def test_a_change_while_the_last_epoch_runs(tag: str, ask: Any) -> None:
    """That epoch has trained with it, in part."""

    class Warm(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            if batch == 1:
                self.model.optimizer.learning_rate = 0.5

    train(tag, Warm(), epochs=1)
    assert adaptations(ask, tag) == [(0, 0.01, 0.5, "Warm")]


def test_a_callback_list_of_the_users(tag: str, ask: Any) -> None:
    """CALLBACKS and the cause of an adaptation are those of a plain list."""

    class Halve(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                self.model.optimizer._learning_rate.assign(0.005)

    model = small_model()
    model.provenance(tag, adaptation=True, hyps=["CALLBACKS"])
    given = keras.callbacks.CallbackList(
        [Halve()], add_history=True, add_progbar=True, model=model, epochs=2, steps=2, verbose=0
    )
    before = list(given.callbacks)
    model.fit(*data(), epochs=2, verbose=0, callbacks=given)
    assert given.callbacks == before
    assert ask.set(tag, "iTrainingModel", "callbacks") == [('["Halve"]',)]
    assert adaptations(ask, tag) == [(1, 0.01, 0.005, "Halve")]


def test_the_rate_of_a_decay_stands_with_each_epoch(tag: str, ask: Any) -> None:
    """As Keras computes it at the epoch's first step."""
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=0.5)
    model = small_model(optimizer=keras.optimizers.SGD(schedule))
    model.provenance(tag, adaptation=True, hyps={"LEARNING_RATE": True})
    model.fit(*data(), epochs=3, batch_size=8, verbose=0)
    steps = int(model.optimizer.iterations) // 3
    found = ask.set(tag, "oTrainingModel", "learning_rate")
    assert [np.float32(rate) for (rate,) in found] == [
        np.float32(float(schedule(steps * epoch))) for epoch in range(3)
    ]
