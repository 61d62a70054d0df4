"""The constructor arguments of Keras' optimizers as hyperparameters, by their names in capitals.

`ARGUMENTS` has meanings, types and units. A test checks that it has every argument of every
optimizer in the installed Keras. Meanings are shortened from Keras' documentation
(https://keras.io/api/optimizers/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from .._tracking.calls import construction_of
from .constructor_arguments import MISSING, argument_value, given_argument
from .describe import describe
from .learning_rate import common, inner_optimizers
from .optimizers import mapped_optimizers
from .param_groups import group_scalars

__all__ = ["ARGUMENTS", "NOT_HYPERPARAMETERS", "Argument", "argument_of", "described_map"]

NOT_HYPERPARAMETERS = frozenset(
    {"self", "name", "args", "kwargs", "learning_rate", "momentum", "inner_optimizer"}
)
"""Arguments that are not hyperparameters, or have their own key (LEARNING_RATE, MOMENTUM)."""


class Argument(NamedTuple):
    """Type, meaning and unit of one argument."""

    type: str
    meaning: str
    unit: str = ""


def _number(meaning: str, unit: str = "") -> Argument:
    return Argument("NUMERIC", meaning, unit)


def _flag(meaning: str) -> Argument:
    return Argument("NUMERIC", meaning, "1: yes, 0: no")


ARGUMENTS: dict[str, Argument] = {
    "adam_beta_1": _number("Muon: beta_1 of the Adam that it uses for other variables"),
    "adam_beta_2": _number("Muon: beta_2 of the Adam that it uses for other variables"),
    "adam_lr_ratio": _number("Muon: rate of its Adam as a ratio of its own"),
    "adam_weight_decay": _number("Muon: weight decay of the Adam that it uses for other variables"),
    "amsgrad": _flag("Adam, AdamW: AMSGrad variant"),
    "beta": _number("Ftrl: beta"),
    "beta_1": _number("decay of the first moment's running average"),
    "beta_2": _number("decay of the second moment's running average"),
    "beta_2_decay": _number("Adafactor: decay rate of beta_2"),
    "centered": _flag("RMSprop: gradients normalized by their estimated variance"),
    "clip_threshold": _number("Adafactor: clipping threshold"),
    "clipnorm": _number("gradient of each weight clipped to this norm"),
    "clipvalue": _number("gradient of each weight clipped to this value"),
    "dynamic_growth_steps": _number("LossScaleOptimizer: steps before the scale grows", "steps"),
    "ema_momentum": _number("momentum of the weights' running average"),
    "ema_overwrite_frequency": _number("how often weights become their running average", "steps"),
    "epsilon": _number("small constant for numerical stability"),
    "epsilon_1": _number("Adafactor: small offset against division by zero"),
    "epsilon_2": _number("Adafactor: small offset of the learning rate's scaling"),
    "exclude_embeddings": _flag("Muon: embeddings left to its Adam"),
    "exclude_layers": Argument("TEXT", "Muon: layers left to its Adam"),
    "global_clipnorm": _number("gradients of all weights together clipped to this norm"),
    "gradient_accumulation_steps": _number("steps whose gradients are averaged", "steps"),
    "initial_accumulator_value": _number("Adagrad, Ftrl: accumulators' first value"),
    "initial_scale": _number("LossScaleOptimizer: loss scale at the beginning"),
    "l1_regularization_strength": _number("Ftrl: L1 regularization"),
    "l2_regularization_strength": _number("Ftrl: L2 regularization"),
    "l2_shrinkage_regularization_strength": _number("Ftrl: L2 shrinkage"),
    "learning_rate_power": _number("Ftrl: exponent of the decay of the learning rate"),
    "loss_scale_factor": _number("loss multiplied by, gradients divided by this"),
    "muon_a": _number("Muon: coefficient a of Newton-Schulz"),
    "muon_b": _number("Muon: coefficient b of Newton-Schulz"),
    "muon_c": _number("Muon: coefficient c of Newton-Schulz"),
    "nesterov": _flag("SGD, Muon: Nesterov momentum"),
    "ns_steps": _number("Muon: steps of Newton-Schulz", "steps"),
    "optimizer_map": Argument("TEXT", "MultiOptimizer: which optimizer takes which variables"),
    "relative_step": _flag("Adafactor: rate scaled by the inverse square root of the step"),
    "rho": _number("decay of the gradients' running average"),
    "rms_rate": _number("Muon: ratio of the update to the root mean square"),
    "use_ema": _flag("weights' running average kept"),
    "warmup_steps": _number("ScheduleFreeAdamW: steps over which the rate rises", "steps"),
    "weight_decay": _number("decoupled weight decay; not DECAY, which is the rate's"),
}


def argument_of(model_optimizer: Any, optimizer: Any, name: str) -> Any:
    """An argument of the optimizer as it is now; None if it has no such argument.

    Args:
        model_optimizer: the loss scaling around it, or the optimizer itself.
        optimizer: the one that the user chose.
        name: of the argument.
    """
    value = MISSING
    inner = inner_optimizers(optimizer)
    if inner and name != "optimizer_map":
        value = common(argument_of(part, part, name) for part in inner)
    for owner in (optimizer, model_optimizer):
        value = _read(owner, name) if value is MISSING else value
    if value is MISSING or value is None:
        return None
    if name == "optimizer_map":
        return described_map(optimizer)
    if ARGUMENTS[name].type == "TEXT":
        return describe(value)
    return _numeric(value)


def described_map(multi: Any) -> str:
    """The optimizers of a MultiOptimizer by pattern, as JSON; the default is last."""
    chosen = getattr(multi, "_optimizer_map", None)
    if not isinstance(chosen, Mapping):
        return describe(chosen)  # a function, which Keras calls at the first step
    optimizers = mapped_optimizers(multi)
    return json.dumps({pattern: describe(inner) for pattern, inner in optimizers.items()})


def _read(optimizer: Any, name: str) -> Any:
    value = argument_value(optimizer, name)
    if value is MISSING and (groups := group_scalars(optimizer)) is not None:
        return groups.get(name, MISSING)
    construction = construction_of(optimizer) if value is MISSING else None
    if construction is None:
        return value
    return given_argument(construction, type(optimizer), name)


def _numeric(value: Any) -> float | int | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return int(number) if isinstance(value, (bool, int)) else number
