"""Federated learning: rounds of a server, trainings and evaluations of its clients, global models.

Tags, sets and attributes are those of Flower-PROV, so that its queries work
(https://github.com/nymeria-42/dfanalyzer-with-flower). Sets that have no attributes there are left
out. Ours is the set ``oGlobalModel``, which says where the model of each round is and what is in
it; ClientTraining reads the one of the round before.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..attribute import Attribute
from ..attribute_type import AttributeType
from ..set import Set
from ..set_type import SetType
from ..transformation import Transformation

__all__ = ["federated_learning"]

TYPES = {"#": AttributeType.NUMERIC, "@": AttributeType.FILE}
"""By an attribute's last character; others are texts."""


@dataclass(frozen=True)
class _Step:
    """A transformation.

    Attributes:
        tag: its tag; its own sets have it with ``i`` or ``o`` before it.
        input: names of the attributes of its own input set; see `TYPES`.
        output: likewise of its output set.
        reads: the sets of others that it reads.
        model: likewise of the set ``oGlobalModel``, if it writes that.
    """

    tag: str
    input: str = ""
    output: str = ""
    reads: tuple[str, ...] = ()
    model: str = ""


PERIOD = "starting_time ending_time"
SCORES = "accuracy# loss#"

STEPS = (
    _Step(
        "ServerConfig",
        "server_id# address max_message_length_in_bytes num_rounds# round_timeout_in_seconds# "
        "accept_rounds_with_failures enable_ssl enable_dynamic_adjustment "
        "server_aggregation_strategy fraction_fit# fraction_evaluate# min_fit_clients# "
        "min_evaluate_clients# min_available_clients#",
    ),
    _Step("Strategy", "server_learning_rate# server_momentum#"),
    _Step("DatasetLoad", "client_id# loading_time"),
    _Step(
        "ModelConfig",
        "model optimizer loss_function loss_weights weighted_metrics run_eagerly "
        "steps_per_execution# jit_compile input_shape alpha# include_top weights input_tensor "
        "pooling classes# classifier_activation",
    ),
    _Step("OptimizerConfig", "learning_rate# momentum# nesterov name"),
    _Step("LossConfig", "from_logits ignore_class reduction name"),
    _Step(
        "TrainingConfig",
        f"server_id# server_round# {PERIOD} shuffle batch_size# initial_epoch# epochs# "
        "steps_per_epoch validation_split# validation_batch_size",
        "server_round# dynamically_adjusted",
        reads=("oServerEvaluationAggregation",),
    ),
    _Step(
        "ClientTraining",
        output=f"client_id# server_id# server_round# training_time# size_x_train# {SCORES} "
        f"val_loss# val_accuracy# local_weights {PERIOD}",
        reads=("oTrainingConfig", "oGlobalModel"),
    ),
    _Step(
        "ServerTrainingAggregation",
        output=f"server_id# server_round# total_num_clients# client_loss total_num_examples# "
        f"{SCORES} val_accuracy# val_loss# weights_mongo_id insertion_time training_time# {PERIOD}",
        reads=("oClientTraining",),
        model="server_id# server_round# path@ sha256 num_parameters#",
    ),
    _Step("EvaluationConfig", "batch_size# steps", reads=("oServerTrainingAggregation",)),
    _Step(
        "ClientEvaluation",
        output=f"client_id# server_id# server_round# loss# evaluation_time# accuracy# "
        f"num_testing_examples# {PERIOD}",
        reads=("oGlobalModel",),
    ),
    _Step(
        "ServerEvaluationAggregation",
        output=f"server_id# server_round# client_loss total_num_clients# total_num_examples# "
        f"{SCORES} evaluation_time# {PERIOD}",
        reads=("oClientEvaluation",),
    ),
)
MODEL = "oGlobalModel"


def federated_learning() -> list[Transformation]:
    """The transformations of federated learning, for a `Dataflow` of your own.

    ServerConfig, Strategy, DatasetLoad, ModelConfig, OptimizerConfig and LossConfig have an input
    set each, such as ``iServerConfig``. In each round follow TrainingConfig, ClientTraining and
    ServerTrainingAggregation, which writes ``oGlobalModel``, then EvaluationConfig,
    ClientEvaluation and ServerEvaluationAggregation. An attribute that is given no value is NULL.

    Example:
        >>> flow = Dataflow("federated", federated_learning())
    """
    return [_transformation(step) for step in STEPS]


def _transformation(step: _Step) -> Transformation:
    own = ((f"i{step.tag}", step.input), (f"o{step.tag}", step.output), (MODEL, step.model))
    sets = [
        Set(tag, SetType.INPUT if tag.startswith("i") else SetType.OUTPUT, _attributes(names))
        for tag, names in own
        if names
    ]
    read = [Set(tag, SetType.INPUT, dependency=_writer(tag)) for tag in step.reads]
    return Transformation(step.tag, [*read, *sets])


def _attributes(names: str) -> list[Attribute]:
    return [
        Attribute(name.rstrip("".join(TYPES)), TYPES.get(name[-1], AttributeType.TEXT))
        for name in names.split()
    ]


def _writer(tag: str) -> str:
    """The transformation that writes a set."""
    return next(step.tag for step in STEPS if tag in (f"o{step.tag}", step.model and MODEL))
