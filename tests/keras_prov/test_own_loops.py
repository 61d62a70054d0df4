"""Loops of the user's own, as trainings: `keras_prov.training`."""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from small_models import data, small_model

ops = keras.ops
HYPS = {"LEARNING_RATE": True, "OPTIMIZER_NAME": True, "NUM_LAYERS": True, "MOMENTUM": True}
CHANGES = "epoch_id, old_lrate, new_lrate, cause"


class Step:
    """A training step that only assigns: what is recorded does not depend on the gradients."""

    def __init__(self, model: Any, optimizer: Any) -> None:
        self.model, self.optimizer = model, optimizer
        optimizer.build(model.trainable_variables)

    def __call__(self) -> Any:
        self.optimizer.apply([ops.ones_like(weight) for weight in self.model.trainable_weights])
        x, y = data(8)
        return ops.mean((self.model(x) - y) ** 2)


def loop(epochs: int = 2) -> tuple[Any, Any, Step]:
    """A model, an optimizer and their step."""
    model = small_model()
    optimizer = keras.optimizers.SGD(0.25, momentum=0.5)
    return model, optimizer, Step(model, optimizer)


def test_a_loop_is_recorded_as_a_fit_is(tag: str, ask: Any) -> None:
    """Hyperparameters, layers, a row for each epoch, and how it ended."""
    model, optimizer, step = loop()
    with keras.training(model, optimizer, dataflow_tag=tag, hyps=HYPS, epochs=3) as run:
        for epoch in range(3):
            step()
            run.epoch(loss=epoch / 2, accuracy=np.float32(0.5))
    wanted = "learning_rate, optimizer_name, num_layers, momentum"
    assert ask.set(tag, "iTrainingModel", wanted) == [(0.25, "SGD", 2.0, 0.5)]
    epochs = [(0, 0.25, 0.0, 0.5), (1, 0.25, 0.5, 0.5), (2, 0.25, 1.0, 0.5)]
    found = ask.set(tag, "oTrainingModel", "epoch_id, learning_rate, loss, accuracy")
    assert found == epochs
    layers = f'SELECT DISTINCT name FROM "{tag}".ilayers ORDER BY name'
    assert ask.rows(layers) == [(layer.name,) for layer in model.layers]
    ends = "epochs_asked, epochs_done, steps, stop_reason, num_layers"
    assert ask.set(tag, "oTrainingEnd", ends) == [(3, 3, 3, "finished", 2)]
    assert keras.runs(dataflow=tag)[0].status == "FINISHED"


def test_batches_become_the_mean_of_their_epoch(tag: str, ask: Any) -> None:
    """Numbers, NumPy's and tensors alike; what `epoch` is given takes their place."""
    model, optimizer, _ = loop()
    with keras.training(model, optimizer, dataflow_tag=tag, every=2) as run:
        for epoch in range(2):
            for batch in range(4):
                number, array = float(batch), np.float32(batch)
                run.batch(a=number, b=array, c=ops.convert_to_tensor(array), d=number)
            run.epoch({"d": epoch})
    means = [(1.5, 1.5, 1.5, 0), (1.5, 1.5, 1.5, 1)]
    assert ask.set(tag, "oTrainingModel", "a, b, c, d") == means
    rows = [(0, 1, 1.0), (0, 3, 3.0), (1, 1, 1.0), (1, 3, 3.0)]
    assert ask.set(tag, "oBatches", "epoch_id, batch_id, c") == rows
    assert ask.set(tag, "oTrainingEnd", "steps") == [(8,)]


def test_values_on_the_device_are_read_where_the_epoch_ends(
    tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No batch reads its value; the end of the epoch reads all of them at once."""
    from keras_prov._loops import batch_means, device_values

    model, optimizer, _ = loop()
    read: list[int] = []

    def counted(values: Any) -> Any:
        read.append(len(values))
        return device_values.read_together(values)

    monkeypatch.setattr(batch_means, "read_together", counted)
    with keras.training(model, optimizer, dataflow_tag=tag) as run:
        for _ in range(5):
            run.batch(loss=ops.convert_to_tensor(1.0))
        assert read == []
        run.epoch()
        assert read == [5]


@pytest.mark.parametrize(
    ("error", "status", "reason"),
    [
        (ValueError("no data"), "FAILED", "exception"),
        (KeyboardInterrupt(), "INTERRUPTED", "interrupt"),
    ],
)
def test_an_exception_is_recorded_and_passed_on(
    tag: str, ask: Any, error: BaseException, status: str, reason: str
) -> None:
    """The very exception leaves the block; what came before is there."""
    model, optimizer, _ = loop()

    def train() -> None:
        with keras.training(model, optimizer, dataflow_tag=tag, epochs=3) as run:
            run.epoch(loss=1.0)
            run.batch(loss=9.0)
            raise error

    with pytest.raises(type(error)) as raised:
        train()
    assert raised.value is error
    assert ask.set(tag, "oTrainingModel", "loss") == [(1.0,)]
    found = ask.set(tag, "oTrainingEnd", "epochs_done, stop_reason, stop_detail")
    assert found == [(1, reason, type(error).__name__)]
    assert keras.runs(dataflow=tag)[0].status == status


def test_a_loop_that_ends_early_says_so(tag: str, ask: Any) -> None:
    """A `break` is no failure; the detail has the epochs that were to come."""
    model, optimizer, _ = loop()
    with keras.training(model, optimizer, dataflow_tag=tag, epochs=9, initial_epoch=2) as run:
        run.epoch(loss=1.0)
        run.batch(loss=3.0)
    assert ask.set(tag, "oTrainingModel", "epoch_id, loss") == [(2, 1.0), (3, 3.0)]
    detail = "the loop ended before epoch 5 of 9"
    found = ask.set(tag, "oTrainingEnd", "start_epoch, stop_reason, stop_detail")
    assert found == [(2, "finished", detail)]


def test_a_rate_belongs_to_the_epoch_whose_steps_had_it(tag: str, ask: Any) -> None:
    """Assigned before the steps or between them: of this epoch; after the last one: of the next."""
    model, optimizer, step = loop()
    with keras.training(model, optimizer, dataflow_tag=tag, hyps=HYPS) as run:
        step()
        run.epoch(loss=0.0)
        optimizer.learning_rate = 0.125  # before the steps of epoch 1
        step()
        optimizer.learning_rate = 0.0625  # after those of epoch 1
        run.epoch(loss=0.0)
        step()
        run.epoch(loss=0.0)
        optimizer.learning_rate.assign(0.5)
        step()
        run.epoch(loss=0.0)
    rates = [(0, 0.25), (1, 0.125), (2, 0.0625), (3, 0.5)]
    assert ask.set(tag, "oTrainingModel", "epoch_id, learning_rate") == rates
    cause = "assignment"
    changes = [(1, 0.25, 0.125, cause), (2, 0.125, 0.0625, cause), (3, 0.0625, 0.5, cause)]
    assert ask.set(tag, "oAdaptation", CHANGES) == changes
    (first, *_) = ask.set(tag, "oAdaptation", "detail")
    assert "test_own_loops.py" in first[0]


def test_schedules_have_the_rate_of_the_first_step(tag: str, ask: Any) -> None:
    """As in `fit()`; a step of a stepwise schedule is an adaptation."""
    model = small_model()
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([2], [0.5, 0.25])
    optimizer = keras.optimizers.SGD(schedule)
    step = Step(model, optimizer)
    with keras.training(model, optimizer, dataflow_tag=tag, hyps=HYPS) as run:
        for _ in range(3):
            step()
            step()
            run.epoch(loss=0.0)
    assert ask.set(tag, "oTrainingModel", "learning_rate") == [(0.5,), (0.5,), (0.25,)]
    found = ask.set(tag, "oAdaptation", CHANGES)
    assert found == [(2, 0.5, 0.25, "PiecewiseConstantDecay")]


def test_other_numbers_of_an_optimizer_are_watched(tag: str, ask: Any) -> None:
    """A momentum that is assigned is an adaptation with its attribute."""
    model, optimizer, step = loop()
    with keras.training(model, optimizer, dataflow_tag=tag, hyps=HYPS) as run:
        step()
        run.epoch(loss=0.0)
        optimizer.momentum = 0.75
        step()
        run.epoch(loss=0.0)
    wanted = "epoch_id, attribute, old_value, new_value, old_lrate, new_lrate"
    assert ask.set(tag, "oAdaptation", wanted) == [(1, "momentum", "0.5", "0.75", 0.25, 0.25)]


def test_several_models_and_optimizers_by_name(tag: str, ask: Any) -> None:
    """Layers have their model's name; each optimizer its rate in each epoch."""
    generator, critic = small_model(), small_model()
    rates = {"g": keras.optimizers.Adam(0.5), "c": keras.optimizers.SGD(0.25)}
    models = {"generator": generator, "critic": critic}
    hyps = {**HYPS, "NUM_PARAMETERS": True, "MODEL_CLASS": True}
    with keras.training(models, rates, dataflow_tag=tag, hyps=hyps) as run:
        run.epoch({"g/loss": 1.0}, c_loss=2.0)
        rates["c"].learning_rate = 0.125
        run.epoch({"g/loss": 1.5}, c_loss=2.5)
    names = f'SELECT DISTINCT name FROM "{tag}".ilayers'
    both = {"generator", "critic"}
    assert {name.split("/")[0] for (name,) in ask.rows(names)} == both
    wanted = "num_layers, num_parameters, model_class, optimizer_name"
    assert ask.set(tag, "iTrainingModel", wanted) == [(2, 38, "Sequential, Sequential", None)]
    found = ask.set(tag, "iOptimizers", "name, class, learning_rate")
    assert found == [("g", "Adam", 0.5), ("c", "SGD", 0.25)]
    epochs = [(0, "g", 0.5), (0, "c", 0.25), (1, "g", 0.5), (1, "c", 0.125)]
    assert ask.set(tag, "oOptimizers", "epoch_id, name, learning_rate") == epochs
    found = ask.set(tag, "oAdaptation", "epoch_id, optimizer, new_lrate")
    assert found == [(1, "c", 0.125)]
    assert ask.set(tag, "oTrainingModel", 'c_loss, "g/loss"') == [(2.0, 1.0), (2.5, 1.5)]
    assert generator.exec_tag == critic.exec_tag == run.exec_tag


def test_an_optimizer_of_pytorch(tag: str, ask: Any) -> None:
    """The rate of its groups, and their other numbers by Keras' names."""
    torch = pytest.importorskip("torch")
    model = small_model()
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.5, momentum=0.25)
    with keras.training(model, optimizer, dataflow_tag=tag, hyps=HYPS) as run:
        run.epoch(loss=torch.tensor(1.5, requires_grad=True))
        optimizer.param_groups[0]["lr"] = 0.125
        run.epoch(loss=torch.tensor([2.5]))
    wanted = "learning_rate, optimizer_name, momentum"
    assert ask.set(tag, "iTrainingModel", wanted) == [(0.5, "SGD", 0.25)]
    found = ask.set(tag, "oTrainingModel", "learning_rate, loss")
    assert found == [(0.5, 1.5), (0.125, 2.5)]
    assert ask.set(tag, "oAdaptation", CHANGES) == [(1, 0.5, 0.125, "assignment")]


def test_an_optimizer_that_is_a_tuple_of_functions(tag: str, ask: Any) -> None:
    """As optax's: its class is recorded, and its rate if the loop says it."""
    from typing import NamedTuple

    class GradientTransformation(NamedTuple):
        init: Any
        update: Any

    optimizer = GradientTransformation(len, len)
    with keras.training(small_model(), optimizer, dataflow_tag=tag, hyps=HYPS) as run:
        run.epoch(loss=1.0, learning_rate=0.5)
    found = ask.set(tag, "iTrainingModel", "optimizer_name, learning_rate")
    assert found == [("GradientTransformation", None)]
    assert ask.set(tag, "oTrainingModel", "learning_rate, loss") == [(0.5, 1.0)]


@pytest.mark.skipif(importlib.util.find_spec("optax") is None, reason="no optax")
def test_an_optimizer_of_optax_is_read(tag: str, ask: Any) -> None:
    """Its transformations, the rate where it is a number, and what is injected in its state."""
    import optax

    hyps = [*HYPS, "OPTIMIZER_CONFIG", "BETA_1"]
    decays = optax.adamw(optax.cosine_decay_schedule(0.1, 100), b1=0.8)
    chosen = {
        "adam": optax.adam(1e-3),
        "sgd": optax.sgd(0.1, momentum=0.5),
        "decays": optax.chain(optax.clip_by_global_norm(2.0), decays),
        "injected": optax.inject_hyperparams(optax.adam)(learning_rate=0.25),
    }
    for name, optimizer in chosen.items():
        with keras.training(
            small_model(), optimizer, dataflow_tag=f"{tag}-{name}", hyps=hyps
        ) as run:
            if name == "injected":
                state = optimizer.init({"a": np.ones(2)})
                run.epoch(optimizer_variables=state, loss=1.0)
                state.hyperparams["learning_rate"] = np.float32(0.125)
                run.epoch(optimizer_variables=(state,), loss=1.0)
            else:
                run.epoch(loss=1.0)

    def known(name: str, columns: str) -> list[Any]:
        return ask.set(f"{tag}-{name}", "iTrainingModel", columns)

    assert known("adam", "learning_rate, beta_1") == [(0.001, 0.9)]
    assert known("sgd", "learning_rate, momentum") == [(0.1, 0.5)]
    assert known("decays", "learning_rate, beta_1") == [(None, 0.8)]
    assert known("injected", "learning_rate") == [(0.25,)]
    ((config,),) = known("decays", "optimizer_config")
    parts = json.loads(config)["config"]
    assert parts["clip_by_global_norm"] == {"max_norm": 2.0}
    schedule = parts["scale_by_schedule"]["step_size_fn"]
    assert schedule.startswith("cosine_decay_schedule(")
    assert "init_value=0.1" in schedule
    assert ask.set(f"{tag}-adam", "oTrainingModel", "learning_rate") == [(0.001,)]
    assert ask.set(f"{tag}-injected", "oTrainingModel", "learning_rate") == [(0.25,), (0.125,)]


def test_a_captured_model_stays_in_its_execution(tag: str, ask: Any) -> None:
    """A loop after `fit` is one more training, whose rate is compared with the first one's."""
    model = small_model()
    model.provenance(tag, hyps=HYPS)
    model.fit(*data(), verbose=0)
    before = model.exec_tag
    model.optimizer.learning_rate = 0.5
    with keras.training(model) as run:
        run.epoch(loss=1.0)
    assert run.exec_tag == before
    assert len(ask.set(tag, "oTrainingEnd")) == 2
    assert ask.set(tag, "oAdaptation", CHANGES) == [(0, 0.01, 0.5, "assignment")]


def test_nothing_is_recorded_without_instrumentation(tag: str, ask: Any) -> None:
    """After `uninstrument()` the loop runs as it would without us."""
    model = small_model()
    keras.uninstrument()
    try:
        with keras.training(model, dataflow_tag=tag) as run:
            run.batch(loss=1.0)
            run.epoch(loss=1.0)
    finally:
        keras.instrument()
    assert run.exec_tag is None


def test_a_loop_keeps_no_model_alive(tag: str) -> None:
    """After the block, models and optimizers are deleted as without us."""
    model, optimizer, step = loop()
    with keras.training(model, optimizer, dataflow_tag=tag, hyps="all") as run:
        run.epoch(loss=step())
    gone = weakref.ref(model), weakref.ref(optimizer)
    del model, optimizer, step, run
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


def test_what_is_no_model_is_refused() -> None:
    """The error says what is expected."""
    with pytest.raises(TypeError, match=r"Expected a Keras model.*Received: SGD"):
        keras.training(keras.optimizers.SGD())
    with pytest.raises(TypeError, match="Expected a Keras model"):
        keras.training([])
    with pytest.raises(ValueError, match="every=-1"):
        keras.training(small_model(), every=-1)


def _said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "keras_prov"]


def _steps(model: Any, optimizer: Any, steps: int = 2) -> None:
    weights = model.trainable_weights
    for _ in range(steps):
        optimizer.apply([ops.ones_like(weight) for weight in weights], weights)


def test_a_loop_that_is_not_seen_is_hinted_at_once(
    tag: str, caplog: pytest.LogCaptureFixture
) -> None:
    """At its first step, once for each model, with the line that helps."""
    model = small_model()
    _steps(model, keras.optimizers.SGD())
    assert _said(caplog) == []  # nobody asked for it
    model.provenance(tag)
    _steps(model, keras.optimizers.SGD())
    _steps(model, keras.optimizers.SGD())
    (hint,) = _said(caplog)
    assert f"The model {model.name!r} is trained in a loop" in hint
    assert "with keras_prov.training(model, optimizer) as run:" in hint


def test_a_compiled_step_of_jax_is_hinted_at(tag: str, caplog: pytest.LogCaptureFixture) -> None:
    """`stateless_apply` is seen where it is called, also for models that nobody named."""
    model, optimizer, _ = loop()
    values = [variable.value for variable in optimizer.variables]
    weights = [variable.value for variable in model.trainable_variables]
    keras.capture({}, tag)
    for _ in range(2):
        with contextlib.suppress(ValueError):  # TensorFlow has no such step
            optimizer.stateless_apply(values, [w * 0 for w in weights], weights)
    (hint,) = _said(caplog)
    assert hint.startswith("A model is trained in a loop that Keras-Prov does not see")


def test_trainings_that_are_recorded_are_not_hinted_at(
    tag: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Neither a `fit`, calls on batches and loops in a block, nor a model that is loaded."""
    keras.capture({}, tag)
    model = small_model()
    model.fit(*data(), verbose=0)
    small_model().train_on_batch(*data(8))
    model.save(tmp_path / "model.keras")
    keras.saving.load_model(tmp_path / "model.keras")
    other = small_model()
    optimizer = keras.optimizers.SGD()
    with keras.training(other, optimizer) as run:
        _steps(other, optimizer)
        run.epoch(loss=1.0)
    assert _said(caplog) == []


def test_everything_of_several_models(tag: str, ask: Any) -> None:
    """With every key, each model is stored; weights that two of them have count once."""
    inner = small_model()
    outer = keras.Sequential([keras.Input((4,)), inner])
    x, y = data(16)
    hyps = "all,MODEL,BATCH_METRICS=2"
    with keras.training([inner, outer], dataflow_tag=tag, hyps=hyps, x=x, y=y) as run:
        for batch in range(4):
            run.batch(loss=batch)
        run.epoch()
    found = ask.set(tag, "iTrainingModel", "num_parameters, model_name, batch_size")
    assert found == [(19, f"{inner.name}, {outer.name}", None)]
    assert ask.set(tag, "iDataset", "role, name, samples") == [
        ("training", "x", 16),
        ("training", "y", 16),
    ]
    assert ask.set(tag, "oModelFile", "kind") == [("artifact",), ("artifact",)]
    assert ask.set(tag, "oBatches", "batch_id, loss") == [(1, 1.0), (3, 3.0)]
    assert ask.set(tag, "oTrainingEnd", "steps, samples") == [(4, 16)]
