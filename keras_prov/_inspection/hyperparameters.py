"""The hyperparameters that can be captured: what each means, and how it is read.

Pure functions of the call of `fit` read them when the training begins, and only those that the user
named. What cannot be known (the batch size of a generator), or what the optimizer does not have
(Adam has no momentum), is None and becomes NULL.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

from .._tracking.calls import construction_of, trains_itself
from .describe import MISSING, argument_value, describe, parameters_of, unless_secret
from .distribution import distribution_of
from .fit_call import FitCall
from .layers import direct_layers
from .learning_rate import common, inner_optimizers, is_multi, learning_rate
from .optimizer_arguments import ARGUMENTS, argument_of, described_map
from .optimizers import without_scaling

__all__ = ["KNOWN", "Hyperparameter", "config_of", "place_of", "schedule_of"]


OWN: dict[str, tuple[Any, str | None]] = {
    "loss": (keras.losses.Loss, "loss"),
    "metrics": (keras.metrics.Metric, None),
}
"""What a model may keep itself: its class, and the word in the name of one that is a function."""


@dataclass(frozen=True)
class Hyperparameter:
    """One column of ``iTrainingModel``.

    Attributes:
        key: what is set to True, and the column's name in capitals.
        type: NUMERIC or TEXT.
        meaning: what the value says.
        unit: of a NUMERIC one, where it has a unit.
        read: reads the value, given the call of `fit`.
    """

    key: str
    type: str
    meaning: str
    read: Callable[[FitCall], Any]
    unit: str = ""


def _optimizer_name(fit_call: FitCall) -> str | None:
    return None if fit_call.optimizer is None else type(fit_call.optimizer).__name__


def _initial_rate(fit_call: FitCall) -> float | None:
    return learning_rate(fit_call.optimizer, fit_call.model)


def _decay(fit_call: FitCall) -> float | None:
    if fit_call.optimizer is None:
        return None
    optimizers = inner_optimizers(fit_call.optimizer) or [fit_call.optimizer]
    decay: float | None = common(_decay_of(getattr(o, "_learning_rate", None)) for o in optimizers)
    return decay


def _decay_of(schedule: Any) -> float:
    if isinstance(schedule, keras.optimizers.schedules.InverseTimeDecay):
        return float(schedule.decay_rate) / float(schedule.decay_steps)
    return 0.0


def _momentum(fit_call: FitCall) -> float | None:
    optimizers = inner_optimizers(fit_call.optimizer) or [fit_call.optimizer]
    momenta = (getattr(each, "momentum", None) for each in optimizers)
    momentum: float | None = common(None if each is None else float(each) for each in momenta)
    return momentum


def _schedule(fit_call: FitCall) -> str | None:
    return schedule_of(fit_call.optimizer)


def schedule_of(optimizer: Any) -> str | None:
    """Class and arguments of the schedule, a callable's name, or None for a plain number."""
    rate = getattr(optimizer, "_learning_rate", None)
    if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return json.dumps({"class_name": type(rate).__name__, "config": _arguments(rate)})
    if callable(rate) and not isinstance(rate, keras.Variable):
        return describe(rate)
    return None


def _arguments(made: Any) -> dict[str, Any]:
    """The constructor's arguments, plain where they are and described where they are not."""
    values = {name: argument_value(made, name) for name in parameters_of(type(made))}
    plain = {
        name: value if isinstance(value, (str, bool, int, float, type(None))) else describe(value)
        for name, value in values.items()
        if value is not MISSING
    }
    return {name: unless_secret(name, value) for name, value in plain.items()}


def _optimizer_config(fit_call: FitCall) -> str | None:
    return config_of(fit_call.optimizer, fit_call.model)


def config_of(optimizer: Any, model: Any) -> str | None:
    """Class and arguments of an optimizer as JSON; None where there is none."""
    if optimizer is None:
        return None
    config = {**_arguments(optimizer), "learning_rate": learning_rate(optimizer, model)}
    if is_multi(optimizer):
        config["optimizer_map"] = described_map(optimizer)
    return json.dumps({"class_name": type(optimizer).__name__, "config": config})


def _optimizer_place(fit_call: FitCall) -> str | None:
    return place_of(fit_call.optimizer)


def place_of(made: Any) -> str | None:
    """``file:line`` of the call that made an optimizer or a layer."""
    construction = construction_of(made)
    return construction.place if construction is not None else None


def _compiled(name: str, fit_call: FitCall) -> str | None:
    """An argument of `compile`, as Keras keeps it."""
    kept = getattr(fit_call.model, "_compile_config", None)
    value = (getattr(kept, "config", None) or {}).get(name)
    if value is None and name in OWN and trains_itself(type(fit_call.model)):
        value = _own(fit_call.model, name)
    return None if value is None else describe(value)


def _own(model: Any, name: str) -> dict[str, Any] | None:
    """Losses or metrics that a model with a `train_step` of its own keeps, by attribute."""
    kind, function = OWN[name]
    found = {
        attribute: value
        for attribute, value in vars(model).items()
        if not attribute.startswith("_")
        and (isinstance(value, kind) or _is_function(attribute, value, function))
    }
    return found or None


def _is_function(attribute: str, value: Any, word: str | None) -> bool:
    is_other = isinstance(value, (keras.metrics.Metric, keras.Layer))
    return word is not None and word in attribute and callable(value) and not is_other


def _attribute(name: str, fit_call: FitCall) -> Any:
    value = getattr(fit_call.model, name, None)
    return value if value is None or isinstance(value, (int, float)) else describe(value)


def _argument(name: str, fit_call: FitCall) -> Any:
    return fit_call.arguments.get(name)


def _described(name: str, fit_call: FitCall) -> str | None:
    value = fit_call.arguments.get(name)
    return None if value is None else describe(value)


def _validation_split(fit_call: FitCall) -> float | None:
    if "validation_split" not in fit_call.arguments:
        return None  # there is no fit()
    return float(fit_call.arguments.get("validation_split") or 0.0)


def _seed(fit_call: FitCall) -> int | None:
    read = getattr(keras.utils, "get_random_seed", None) or _seed_of_older_keras
    return None if (seed := read()) is None else int(seed)


def _seed_of_older_keras() -> Any:
    from keras.src.utils import rng_utils

    return rng_utils.get_random_seed()


def _policy(fit_call: FitCall) -> str:
    policy = getattr(fit_call.model, "dtype_policy", None)
    return str(getattr(policy, "name", None) or keras.config.dtype_policy().name)


def _parameters(fit_call: FitCall) -> int | None:
    return _size(fit_call.model, "weights")


def _trainable_parameters(fit_call: FitCall) -> int | None:
    return _size(fit_call.model, "trainable_weights")


def _size(model: Any, which: str) -> int | None:
    """Numbers in the weights; of a model without `call()`, which nothing builds, those it has."""
    shapes = [each.shape for each in getattr(model, which)]
    if not shapes and not model.built:
        return None
    return sum(int(math.prod(shape)) for shape in shapes)


def _callbacks(fit_call: FitCall) -> str | None:
    described = [describe(each) for each in fit_call.callbacks]
    return json.dumps(described) if described else None


def _optimizer_argument(name: str, fit_call: FitCall) -> Any:
    chosen = fit_call.optimizer
    if chosen is None:
        return None
    around = fit_call.model.optimizer  # the loss scaling
    return argument_of(chosen if without_scaling(around) is not chosen else around, chosen, name)


_OF_OPTIMIZERS = [
    Hyperparameter(
        name.upper(),
        argument.type,
        argument.meaning,
        partial(_optimizer_argument, name),
        argument.unit,
    )
    for name, argument in ARGUMENTS.items()
]

KNOWN: dict[str, Hyperparameter] = {
    each.key: each
    for each in (
        Hyperparameter(
            "OPTIMIZER_NAME", "TEXT",
            "class of the optimizer, without loss scaling; NULL where compile() was given none and "
            "the model trains with its own",
            _optimizer_name,
        ),
        Hyperparameter(
            "LEARNING_RATE", "NUMERIC",
            "learning rate before the first step; of one of Keras' schedules, its value there; "
            "NULL for a callable or a schedule of your own",
            _initial_rate,
        ),
        Hyperparameter(
            "DECAY", "NUMERIC",
            "rate of time-based decay (InverseTimeDecay's decay_rate / decay_steps), else 0",
            _decay, "per step",
        ),
        Hyperparameter(
            "MOMENTUM", "NUMERIC", "momentum of the optimizer; NULL where it has none", _momentum
        ),
        Hyperparameter(
            "NUM_EPOCHS", "NUMERIC", "epochs that fit() was asked for",
            partial(_argument, "epochs"), "epochs",
        ),
        Hyperparameter(
            "BATCH_SIZE", "NUMERIC", "samples in a batch; NULL where only the data know",
            lambda fit_call: fit_call.batch_size, "samples",
        ),
        Hyperparameter(
            "NUM_LAYERS", "NUMERIC", "length of model.layers when training begins",
            lambda fit_call: len(direct_layers(fit_call.model)), "layers",
        ),
        Hyperparameter(
            "LEARNING_RATE_SCHEDULE", "TEXT",
            "class and arguments of a schedule object (JSON), or a callable's name", _schedule,
        ),
        Hyperparameter(
            "OPTIMIZER_CONFIG", "TEXT",
            "class and all arguments of the optimizer (JSON), also of one of your own",
            _optimizer_config,
        ),
        Hyperparameter(
            "OPTIMIZER_PLACE", "TEXT", "file:line where the optimizer was made", _optimizer_place
        ),
        Hyperparameter(
            "LOSS", "TEXT",
            "loss given to compile(), else those that a model with its own train_step keeps",
            partial(_compiled, "loss"),
        ),
        Hyperparameter(
            "LOSS_WEIGHTS", "TEXT", "loss weights given to compile()",
            partial(_compiled, "loss_weights"),
        ),
        Hyperparameter(
            "METRICS", "TEXT",
            "metrics given to compile(), else those that a model with its own train_step keeps",
            partial(_compiled, "metrics"),
        ),
        Hyperparameter(
            "WEIGHTED_METRICS", "TEXT", "weighted metrics given to compile()",
            partial(_compiled, "weighted_metrics"),
        ),
        Hyperparameter(
            "SEED", "NUMERIC", "seed given to keras.utils.set_random_seed(); NULL without one",
            _seed,
        ),
        Hyperparameter(
            "DTYPE_POLICY", "TEXT", "dtype policy of the model, such as mixed_float16", _policy
        ),
        Hyperparameter(
            "JIT_COMPILE", "NUMERIC", "whether the steps are compiled by XLA",
            partial(_attribute, "jit_compile"), "1: yes, 0: no",
        ),
        Hyperparameter(
            "RUN_EAGERLY", "NUMERIC", "whether the steps run eagerly",
            partial(_attribute, "run_eagerly"), "1: yes, 0: no",
        ),
        Hyperparameter(
            "STEPS_PER_EXECUTION", "NUMERIC", "batches in one execution of the compiled function",
            partial(_attribute, "steps_per_execution"), "batches",
        ),
        Hyperparameter(
            "STEPS_PER_EPOCH", "NUMERIC", "steps_per_epoch given to fit()",
            partial(_argument, "steps_per_epoch"), "batches",
        ),
        Hyperparameter(
            "INITIAL_EPOCH", "NUMERIC", "initial_epoch given to fit()",
            partial(_argument, "initial_epoch"), "epochs",
        ),
        Hyperparameter(
            "VALIDATION_SPLIT", "NUMERIC", "share of the data held out for validation",
            _validation_split, "0 to 1",
        ),
        Hyperparameter(
            "VALIDATION_STEPS", "NUMERIC", "validation_steps given to fit()",
            partial(_argument, "validation_steps"), "batches",
        ),
        Hyperparameter(
            "VALIDATION_BATCH_SIZE", "NUMERIC", "validation_batch_size given to fit()",
            partial(_argument, "validation_batch_size"), "samples",
        ),
        Hyperparameter(
            "VALIDATION_FREQ", "TEXT", "validation_freq given to fit()",
            partial(_described, "validation_freq"),
        ),
        Hyperparameter(
            "CLASS_WEIGHT", "TEXT", "class_weight given to fit() (JSON)",
            partial(_described, "class_weight"),
        ),
        Hyperparameter(
            "SHUFFLE", "TEXT", "shuffle given to fit()", partial(_described, "shuffle")
        ),
        Hyperparameter(
            "CALLBACKS", "TEXT", "your callbacks with their arguments (JSON)", _callbacks
        ),
        Hyperparameter(
            "DISTRIBUTION", "TEXT",
            "strategy of tf.distribute or distribution of keras.distribution; NULL without one",
            lambda fit_call: distribution_of(fit_call.model)[0],
        ),
        Hyperparameter(
            "REPLICAS", "NUMERIC", "replicas that a batch is divided among",
            lambda fit_call: distribution_of(fit_call.model)[1], "replicas",
        ),
        Hyperparameter(
            "NUM_PARAMETERS", "NUMERIC",
            "weights of the model once it is built; brings NUM_TRAINABLE_PARAMETERS with it",
            _parameters, "numbers",
        ),
        Hyperparameter(
            "NUM_TRAINABLE_PARAMETERS", "NUMERIC", "those of them that are trained",
            _trainable_parameters, "numbers",
        ),
        Hyperparameter(
            "MODEL_NAME", "TEXT", "name of the model", lambda fit_call: str(fit_call.model.name)
        ),
        Hyperparameter(
            "MODEL_CLASS", "TEXT", "class of the model",
            lambda fit_call: type(fit_call.model).__name__,
        ),
        Hyperparameter(
            "BACKEND", "TEXT", "backend of Keras", lambda fit_call: str(keras.backend.backend())
        ),
        *_OF_OPTIMIZERS,
    )
}  # fmt: skip
