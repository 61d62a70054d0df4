"""What can be asked for by name, and that each value is the one that the user chose."""

from __future__ import annotations

import functools
import inspect
import json
from typing import Any

import numpy as np
import pytest

import keras_prov as keras
from keras_prov._inspection.hyperparameters import KNOWN
from keras_prov._inspection.optimizer_arguments import ARGUMENTS, NOT_HYPERPARAMETERS
from small_models import data, small_model


def captured(ask: Any, tag: str, model: Any, keys: list[str], **fit: Any) -> dict[str, Any]:
    model.provenance(tag, hyps=dict.fromkeys(keys, True))
    model.fit(*data(), verbose=0, **fit)
    columns = ", ".join(f'"{key.lower()}"' for key in keys)
    return dict(zip(keys, ask.set(tag, "iTrainingModel", columns)[-1], strict=True))


def test_every_argument_of_every_optimizer_is_known() -> None:
    """Each constructor argument of the optimizers of the installed Keras is a key, by its name."""
    optimizers = [each for each in vars(keras.optimizers).values() if inspect.isclass(each)]
    optimizers = [each for each in optimizers if issubclass(each, keras.optimizers.Optimizer)]
    assert len(optimizers) > 10
    names = {name for each in optimizers for name in inspect.signature(each.__init__).parameters}
    assert names - NOT_HYPERPARAMETERS == set(ARGUMENTS) & names
    assert {name.upper() for name in names - NOT_HYPERPARAMETERS} <= set(KNOWN)


@pytest.mark.parametrize("name", ["Adam", "Adafactor", "Ftrl", "RMSprop", "SGD", "Lion"])
def test_arguments_of_an_optimizer_are_what_was_given(name: str, tag: str, ask: Any) -> None:
    """Every argument of the optimizer has its value, and one of another optimizer is NULL."""
    class_ = getattr(keras.optimizers, name)
    parameters = inspect.signature(class_.__init__).parameters.values()
    given: dict[str, Any] = {}
    for each in parameters:
        if type(each.default) is float and each.name not in ("learning_rate", "ema_momentum"):
            given[each.name] = each.default * 0.5
        elif type(each.default) is bool:
            given[each.name] = each.name == "use_ema"
    given |= {"learning_rate": 0.01, "clipnorm": 1.5, "ema_momentum": 0.5}
    keys = [name.upper() for name in given if name in ARGUMENTS] + ["WARMUP_STEPS"]
    found = captured(ask, tag, small_model(optimizer=class_(**given)), keys)
    assert found.pop("WARMUP_STEPS") is None
    assert found == {key: pytest.approx(float(given[key.lower()])) for key in found}


def test_what_compile_and_fit_were_given_is_captured(tag: str, ask: Any) -> None:
    """Loss, metrics, weights, seed, policy, callbacks and the rest say what the user wrote."""
    model = small_model(
        loss=keras.losses.Huber(delta=0.5),
        metrics=["mae", keras.metrics.MeanSquaredError()],
        loss_weights=[2.0],
        jit_compile=False,
        steps_per_execution=2,
    )
    keys = [
        "LOSS",
        "METRICS",
        "LOSS_WEIGHTS",
        "SEED",
        "DTYPE_POLICY",
        "JIT_COMPILE",
        "RUN_EAGERLY",
        "STEPS_PER_EXECUTION",
        "STEPS_PER_EPOCH",
        "VALIDATION_SPLIT",
        "VALIDATION_FREQ",
        "CLASS_WEIGHT",
        "SHUFFLE",
        "NUM_PARAMETERS",
        "NUM_TRAINABLE_PARAMETERS",
        "CALLBACKS",
        "BACKEND",
        "INITIAL_EPOCH",
        "MODEL_CLASS",
        "LEARNING_RATE_SCHEDULE",
    ]
    model.layers[0].trainable = False
    found = captured(
        ask,
        tag,
        model,
        keys,
        epochs=4,
        initial_epoch=2,
        batch_size=8,
        validation_split=0.2,
        class_weight={0: 1.0, 1: 2.0},
        callbacks=[keras.callbacks.EarlyStopping(patience=9)],
    )
    assert found == {
        "LOSS": "Huber(delta=0.5)",
        "METRICS": '["mae", "MeanSquaredError"]',
        "LOSS_WEIGHTS": "[2.0]",
        "SEED": 7,
        "DTYPE_POLICY": "float32",
        "JIT_COMPILE": 0,
        "RUN_EAGERLY": 0,
        "STEPS_PER_EXECUTION": 2,
        "STEPS_PER_EPOCH": None,
        "VALIDATION_SPLIT": 0.2,
        "VALIDATION_FREQ": "1",
        "CLASS_WEIGHT": '{"0": 1.0, "1": 2.0}',
        "SHUFFLE": "True",
        "NUM_PARAMETERS": 19,
        "NUM_TRAINABLE_PARAMETERS": 4,
        "CALLBACKS": '["EarlyStopping(patience=9)"]',
        "BACKEND": "tensorflow",
        "INITIAL_EPOCH": 2,
        "MODEL_CLASS": "Sequential",
        "LEARNING_RATE_SCHEDULE": None,
    }


def test_names_closures_and_places_are_kept(tag: str, ask: Any) -> None:
    """A metric's name maps its column to its class; what a function closes over is its argument."""

    def weighted(alpha: float) -> Any:
        def loss(y: Any, predicted: Any) -> Any:
            return alpha * keras.ops.mean((y - predicted) ** 2)

        return loss

    metrics = keras.metrics
    model = small_model(
        loss=weighted(0.25),
        metrics=[metrics.FalseNegatives(name="fn"), functools.partial(_error, scale=2.0)],
        weighted_metrics=[metrics.MeanSquaredError(name="mean_squared_error")],
    )
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch, rate, by=2: rate / by)
    line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
    keys = ["LOSS", "METRICS", "WEIGHTED_METRICS", "CALLBACKS", "DISTRIBUTION", "REPLICAS"]
    found = captured(ask, tag, model, keys, callbacks=[schedule])
    assert found == {
        "LOSS": "loss(alpha=0.25)",
        "METRICS": json.dumps(["FalseNegatives(thresholds=[0.5], name='fn')", "_error(scale=2.0)"]),
        "WEIGHTED_METRICS": '["MeanSquaredError"]',
        "CALLBACKS": json.dumps(
            [f"LearningRateScheduler(schedule=<lambda>(by=2) {__file__}:{line})"]
        ),
        "DISTRIBUTION": None,
        "REPLICAS": 1,
    }


def _error(y: Any, predicted: Any, scale: float) -> Any:
    return scale * keras.ops.mean(keras.ops.abs(y - predicted))


def test_losses_and_metrics_that_a_model_keeps_itself(tag: str, ask: Any) -> None:
    """A model with a train_step of its own has them by the names of its attributes."""

    class Gan(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.loss_fn = keras.losses.Huber(delta=0.5)
            self.d_loss = keras.metrics.Mean(name="d")
            self.cycle_loss = keras.losses.mean_squared_error
            self.layer = keras.layers.Dense(1)

        def train_step(self, batch: Any) -> dict[str, Any]:
            return {"d": keras.ops.sum(self.layer(batch[0])) * 0.0}

    model = Gan()
    model.compile()
    found = captured(ask, tag, model, ["LOSS", "METRICS"])
    assert json.loads(found["LOSS"]) == {
        "loss_fn": "Huber(delta=0.5)",
        "cycle_loss": "mean_squared_error",
    }
    assert json.loads(found["METRICS"]) == {"d_loss": "Mean(name='d')"}


def test_the_strategy_of_a_training_is_recorded(tag: str, ask: Any) -> None:
    """Its class and replicas, and the steps that its mirrored optimizer counts."""
    import tensorflow as tf

    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        model = small_model()
    keys = ["DISTRIBUTION", "REPLICAS", "LEARNING_RATE"]
    found = captured(ask, tag, model, keys, batch_size=8, epochs=2)
    assert list(found.values()) == ["MirroredStrategy", 1, 0.01]
    assert ask.set(tag, "oTrainingEnd", "steps") == [(10,)]


def test_num_parameters_brings_the_trainable_ones(tag: str, ask: Any) -> None:
    """NUM_PARAMETERS is total and trainable."""
    assert captured(ask, tag, small_model(), ["NUM_PARAMETERS"]) == {"NUM_PARAMETERS": 19}
    assert ask.set(tag, "iTrainingModel", "num_trainable_parameters") == [(19,)]


def test_a_schedule_is_class_and_arguments(tag: str, ask: Any) -> None:
    """LEARNING_RATE_SCHEDULE holds the schedule's configuration as JSON."""
    schedule = keras.optimizers.schedules.CosineDecay(0.1, decay_steps=50, alpha=0.25)
    model = small_model(optimizer=keras.optimizers.SGD(schedule))
    keys = ["LEARNING_RATE", "LEARNING_RATE_SCHEDULE"]
    found = captured(ask, tag, model, keys)
    assert found["LEARNING_RATE"] == 0.1
    described = json.loads(found["LEARNING_RATE_SCHEDULE"])
    assert described["class_name"] == "CosineDecay"
    assert described["config"]["decay_steps"] == 50
    assert described["config"]["alpha"] == 0.25


def test_a_callable_rate_is_never_called_by_us(tag: str, ask: Any) -> None:
    """A callable, and a schedule of the user's own, are called as often as without capture."""

    class Counting(keras.optimizers.schedules.LearningRateSchedule):
        calls = 0

        def __call__(self, step: Any) -> float:
            Counting.calls += 1
            return 0.01

    def rate() -> float:
        rate.calls += 1  # type: ignore[attr-defined]
        return 0.01

    counts = []
    for is_captured in (False, True):
        Counting.calls = rate.calls = 0  # type: ignore[attr-defined]
        for given in (Counting(), rate):
            model = small_model(optimizer=keras.optimizers.SGD(given))
            if is_captured:
                model.provenance(tag, True, {"LEARNING_RATE": True, "LEARNING_RATE_SCHEDULE": True})
            model.fit(*data(), epochs=2, verbose=0)
        counts.append((Counting.calls, rate.calls))  # type: ignore[attr-defined]
    assert counts[0] == counts[1]
    rows = ask.set(tag, "iTrainingModel", "learning_rate, learning_rate_schedule")
    assert rows == [(None, '{"class_name": "Counting", "config": {}}'), (None, "rate")]


def test_an_optimizer_of_a_third_party_is_captured_with_its_arguments(tag: str, ask: Any) -> None:
    """A user's own optimizer has its class, its arguments and its place, also unkept ones."""

    class Own(keras.optimizers.SGD):
        def __init__(self, learning_rate: float = 0.1, *, twist: float = 1.0) -> None:
            super().__init__(learning_rate)
            self.twist = twist

    model = small_model(optimizer=Own(0.5, twist=2.0))
    keys = ["OPTIMIZER_NAME", "LEARNING_RATE", "OPTIMIZER_CONFIG", "OPTIMIZER_PLACE"]
    found = captured(ask, tag, model, keys)
    assert (found["OPTIMIZER_NAME"], found["LEARNING_RATE"]) == ("Own", 0.5)
    assert json.loads(found["OPTIMIZER_CONFIG"])["config"] == {"learning_rate": 0.5, "twist": 2.0}
    assert found["OPTIMIZER_PLACE"].startswith(__file__)


def test_compile_without_an_optimizer_of_a_model_that_trains_itself(tag: str, ask: Any) -> None:
    """Keras' unused default optimizer is no hyperparameter of a model with its own train_step."""

    class Gan(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.layer = keras.layers.Dense(1)
            self.own = keras.optimizers.SGD(0.5)

        def call(self, x: Any) -> Any:
            return self.layer(x)

        def train_step(self, batch: Any) -> dict[str, Any]:
            return {"loss": keras.ops.sum(self(batch[0]))}

    model = Gan()
    model.compile()
    found = captured(ask, tag, model, ["OPTIMIZER_NAME", "LEARNING_RATE", "BETA_1"])
    assert found == {"OPTIMIZER_NAME": None, "LEARNING_RATE": None, "BETA_1": None}


def test_batch_sizes_are_what_keras_takes(tag: str, ask: Any) -> None:
    """With steps_per_epoch Keras splits first; tf.data's own size is found without a spec."""
    import tensorflow as tf

    model = small_model()
    model.provenance(tag, hyps={"BATCH_SIZE": True})
    x, y = data()
    model.fit(x, y, steps_per_epoch=4, validation_split=0.5, verbose=0)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(6).prefetch(2)
    model.fit(batches, verbose=0)
    model.fit(batches.unbatch().batch(5, drop_remainder=True), verbose=0)
    assert ask.set(tag, "iTrainingModel", "batch_size") == [(5,), (6,), (5,)]


def test_own_hyperparameters_are_logged_by_name(tag: str, ask: Any) -> None:
    """log() gives values to the newest declaration, also from a callback before training begins."""
    model = small_model()
    model.provenance(tag, hyperparameters=[("DROP", "NUMERIC"), ("NOTE", "TEXT")])
    keras.log({"DROP": np.float32(0.5), "NOTE": "first"})
    model.fit(*data(), verbose=0)
    keras.log({"NOTE": "second"})
    model.fit(*data(), verbose=0)

    class Late(keras.callbacks.Callback):
        def on_train_begin(self, logs: Any = None) -> None:
            keras.log({"DROP": 0.25})

    model.fit(*data(), verbose=0, callbacks=[Late()])
    rows = ask.set(tag, "iTrainingModel", '"drop", note')
    assert rows == [(0.5, "first"), (0.5, "second"), (0.25, "second")]


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"UNHEARD": 1}, ValueError, "not declared"),
        ({"DROP": "much"}, ValueError, "number"),
        ([("DROP", 1)], TypeError, "Received"),
    ],
)
def test_a_wrong_log_raises_at_once(
    tag: str, values: Any, error: type[Exception], words: str
) -> None:
    """A name that nobody declared, a value of another type: an error at the call, nothing kept."""
    small_model().provenance(tag, hyperparameters=[("DROP", "NUMERIC")])
    model = small_model()
    model.provenance(tag, hyperparameters=[("DROP", "NUMERIC")])
    with pytest.raises(error, match=words):
        keras.log(values)


def test_a_wrong_value_of_an_own_hyperparameter_raises_at_provenance(tag: str) -> None:
    """values= is checked against the types at the call."""
    with pytest.raises(ValueError, match="DROP"):
        small_model().provenance(tag, hyperparameters=[("DROP", "NUMERIC")], values={"DROP": "x"})


def test_known_hyperparameters_say_what_they_are() -> None:
    """Every key has a meaning and a type, and asking for all of them is accepted."""
    known = keras.known_hyperparameters()
    assert len({each.key for each in known}) == len(known) > 70
    assert all(each.meaning and each.type in ("NUMERIC", "TEXT", "rows") for each in known)
    assert {"BETA_1", "RHO", "WEIGHT_DECAY", "CLIPNORM", "USE_EMA", "DATASET"} <= {
        each.key for each in known
    }


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("LR", "LEARNING_RATE"),
        ("epochs", "NUM_EPOCHS"),
        ("LEARNING_RAT", "LEARNING_RATE"),
        ("beta1", "BETA_1"),
    ],
)
def test_an_unknown_key_names_the_one_that_was_meant(tag: str, key: str, meant: str) -> None:
    """Aliases and typing errors are understood; what resembles nothing gets no false advice."""
    with pytest.raises(ValueError, match=f"Did you mean '{meant}'"):
        small_model().provenance(tag, hyps={key: True})
    with pytest.raises(ValueError, match="Unknown hyperparameter") as error:
        small_model().provenance(tag, hyps={"zzz": True})
    assert "Did you mean" not in str(error.value)
