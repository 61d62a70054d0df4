"""The hyperparameters that can be captured: what each means, and how it is read.

Pure functions of the call of `fit` read them when the training begins, and only those that the user
named. What cannot be known (the batch size of a generator), or what the optimizer does not have
(Adam has no momentum), is None and becomes NULL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras

from . import fit_values as read
from .distribution import distribution_of
from .fit_call import FitCall
from .layers import direct_layers
from .learning_rate import learning_rate
from .optimizer_arguments import ARGUMENTS
from .optimizer_values import config_of, decay_of, momentum_of, place_of, schedule_of

__all__ = ["KNOWN", "Hyperparameter"]

Reader = Callable[[FitCall], Any]


@dataclass(frozen=True)
class Hyperparameter:
    """One column of ``iTrainingModel``.

    Attributes:
        key: what is set to True, and the column's name in capitals.
        type: NUMERIC or TEXT.
        meaning: what the value says.
        unit: of a NUMERIC one, if it has a unit.
        read: reads the value, given the call of `fit`.
    """

    key: str
    type: str
    meaning: str
    read: Reader
    unit: str = ""


def _number(key: str, meaning: str, read: Reader, unit: str = "") -> Hyperparameter:
    return Hyperparameter(key, "NUMERIC", meaning, read, unit)


def _text(key: str, meaning: str, read: Reader) -> Hyperparameter:
    return Hyperparameter(key, "TEXT", meaning, read)


def _given_to_fit(key: str, unit: str) -> Hyperparameter:
    """The argument of `fit` that has the key's name in lower case."""
    name = key.lower()
    return _number(key, f"{name} given to fit()", partial(read.fit_argument, name), unit)


def _class_name(optimizer: Any) -> str | None:
    return None if optimizer is None else type(optimizer).__name__


_TABLE = (
    _text(
        "OPTIMIZER_NAME",
        "class of the optimizer, without loss scaling; NULL if compile() was given none and "
        "the model trains with its own",
        lambda fit_call: _class_name(fit_call.optimizer),
    ),
    _number(
        "LEARNING_RATE",
        "learning rate before the first step; for one of Keras' schedules, its value there; "
        "NULL for a callable or a custom schedule",
        lambda fit_call: learning_rate(fit_call.optimizer, fit_call.model),
    ),
    _number(
        "DECAY",
        "rate of time-based decay (InverseTimeDecay's decay_rate / decay_steps), else 0",
        lambda fit_call: decay_of(fit_call.optimizer),
        "per step",
    ),
    _number(
        "MOMENTUM",
        "momentum of the optimizer; NULL if it has none",
        lambda fit_call: momentum_of(fit_call.optimizer),
    ),
    _number(
        "NUM_EPOCHS",
        "epochs that fit() was asked for",
        partial(read.fit_argument, "epochs"),
        "epochs",
    ),
    _number(
        "BATCH_SIZE",
        "samples in a batch; NULL if only the data know it",
        lambda fit_call: fit_call.batch_size,
        "samples",
    ),
    _number(
        "NUM_LAYERS",
        "length of model.layers when training begins",
        lambda fit_call: len(direct_layers(fit_call.model)),
        "layers",
    ),
    _text(
        "LEARNING_RATE_SCHEDULE",
        "class and arguments of a schedule object (JSON), or a callable's name",
        lambda fit_call: schedule_of(fit_call.optimizer),
    ),
    _text(
        "OPTIMIZER_CONFIG",
        "class and all arguments of the optimizer (JSON), also of a custom one",
        lambda fit_call: config_of(fit_call.optimizer, fit_call.model),
    ),
    _text(
        "OPTIMIZER_PLACE",
        "file:line where the optimizer was created",
        lambda fit_call: place_of(fit_call.optimizer),
    ),
    _text(
        "LOSS",
        "loss given to compile(), else those that a model with its own train_step keeps",
        partial(read.compile_argument, "loss"),
    ),
    _text(
        "LOSS_WEIGHTS",
        "loss weights given to compile()",
        partial(read.compile_argument, "loss_weights"),
    ),
    _text(
        "METRICS",
        "metrics given to compile(), else those that a model with its own train_step keeps",
        partial(read.compile_argument, "metrics"),
    ),
    _text(
        "WEIGHTED_METRICS",
        "weighted metrics given to compile()",
        partial(read.compile_argument, "weighted_metrics"),
    ),
    _number("SEED", "seed given to keras.utils.set_random_seed(); NULL without one", read.seed),
    _text("DTYPE_POLICY", "dtype policy of the model, such as mixed_float16", read.policy),
    _number(
        "JIT_COMPILE",
        "whether the steps are compiled by XLA",
        partial(read.model_attribute, "jit_compile"),
        "1: yes, 0: no",
    ),
    _number(
        "RUN_EAGERLY",
        "whether the steps run eagerly",
        partial(read.model_attribute, "run_eagerly"),
        "1: yes, 0: no",
    ),
    _number(
        "STEPS_PER_EXECUTION",
        "batches in one execution of the compiled function",
        partial(read.model_attribute, "steps_per_execution"),
        "batches",
    ),
    _given_to_fit("STEPS_PER_EPOCH", "batches"),
    _given_to_fit("INITIAL_EPOCH", "epochs"),
    _number(
        "VALIDATION_SPLIT",
        "share of the data held out for validation",
        read.validation_split,
        "0 to 1",
    ),
    _given_to_fit("VALIDATION_STEPS", "batches"),
    _given_to_fit("VALIDATION_BATCH_SIZE", "samples"),
    _text(
        "VALIDATION_FREQ",
        "validation_freq given to fit()",
        partial(read.fit_argument_text, "validation_freq"),
    ),
    _text(
        "CLASS_WEIGHT",
        "class_weight given to fit() (JSON)",
        partial(read.fit_argument_text, "class_weight"),
    ),
    _text("SHUFFLE", "shuffle given to fit()", partial(read.fit_argument_text, "shuffle")),
    _text("CALLBACKS", "your callbacks with their arguments (JSON)", read.callbacks),
    _text(
        "DISTRIBUTION",
        "strategy of tf.distribute or distribution of keras.distribution; NULL without one",
        lambda fit_call: distribution_of(fit_call.model)[0],
    ),
    _number(
        "REPLICAS",
        "replicas that a batch is divided among",
        lambda fit_call: distribution_of(fit_call.model)[1],
        "replicas",
    ),
    _number(
        "NUM_PARAMETERS",
        "weights of the model once it is built; NUM_TRAINABLE_PARAMETERS comes with it",
        partial(read.weights, "weights"),
        "numbers",
    ),
    _number(
        "NUM_TRAINABLE_PARAMETERS",
        "the weights that are trained",
        partial(read.weights, "trainable_weights"),
        "numbers",
    ),
    _text(
        "MODEL_NAME", "name of the model", lambda fit_call: getattr(fit_call.model, "name", None)
    ),
    _text("MODEL_CLASS", "class of the model", lambda fit_call: type(fit_call.model).__name__),
    _text("BACKEND", "backend of Keras", lambda fit_call: str(keras.backend.backend())),
)

_OF_OPTIMIZERS = (
    Hyperparameter(
        name.upper(),
        argument.type,
        argument.meaning,
        partial(read.optimizer_argument, name),
        argument.unit,
    )
    for name, argument in ARGUMENTS.items()
)

KNOWN: dict[str, Hyperparameter] = {known.key: known for known in (*_TABLE, *_OF_OPTIMIZERS)}
"""All hyperparameters by key, in the order in which they are listed for people."""
