"""The dataflow of an execution: the transformations and sets that a user's choice needs.

Only sets for what was asked for are declared, so that a database has no tables that stay empty.
What may never happen (saving, loading, metrics whose attributes have other names) is declared when
it does.
"""

from __future__ import annotations

from dfanalyzer_client.attribute import Attribute
from dfanalyzer_client.attribute_type import AttributeType
from dfanalyzer_client.dataflow import Dataflow
from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.set import Set
from dfanalyzer_client.set_type import SetType
from dfanalyzer_client.transformation import Transformation

from .._capture.config import CaptureConfig
from .._inspection.hyperparameters import KNOWN

__all__ = [
    "adaptation_transformation",
    "dataflow_of",
    "file_transformation",
    "hyperparameter_set",
    "keras_set",
]


def dataflow_of(config: CaptureConfig) -> Dataflow:
    """The dataflow that a user's choice needs."""
    output = keras_set(tags.TRAINING_OUTPUT)
    if config.adaptation:
        output.add_attribute(Attribute(tags.LEARNING_RATE, AttributeType.NUMERIC))
    training = Transformation(tags.TRAINING, [*_training_sets(config), output])
    output.set_type(SetType.INPUT)
    output.dependency = training.tag
    dataflow = Dataflow(config.dataflow_tag, [training], client=config.client)
    if config.adaptation:
        adapted = keras_set(tags.ADAPTATION_OUTPUT)
        dataflow.add_transformation(Transformation(tags.ADAPTATION, [output, adapted]))
    tested = [keras_set(tags.TESTING_OUTPUT)]
    if config.choice.dataset:
        tested.append(keras_set(tags.TESTING_DATASET))
    dataflow.add_transformation(Transformation(tags.TESTING, [output, *tested]))
    for transformation in config.transformations:
        dataflow.add_transformation(transformation)
    return dataflow


def adaptation_transformation() -> Transformation:
    """The transformation of adaptations, declared when steering makes one that nobody expected."""
    output = keras_set(tags.TRAINING_OUTPUT)
    output.set_type(SetType.INPUT)
    output.dependency = tags.TRAINING
    return Transformation(tags.ADAPTATION, [output, keras_set(tags.ADAPTATION_OUTPUT)])


def file_transformation(transformation: str) -> Transformation:
    """The transformation of saving or loading, which is declared when that happens."""
    if transformation == tags.SAVING:
        return Transformation(transformation, [keras_set(tags.SAVED_FILE)])
    return Transformation(transformation, [keras_set(tags.LOADED_FILE)])


def keras_set(tag: str) -> Set:
    """One of Keras-Prov's sets, as a transformation writes or reads it."""
    known = SETS[tag]
    type_ = SetType.INPUT if known.producer is None else SetType.OUTPUT
    columns = [Attribute(column.name, AttributeType[column.type]) for column in known.columns]
    return Set(tag, type_, columns)


def _training_sets(config: CaptureConfig) -> list[Set]:
    choice = config.choice
    sets = {
        tags.LAYERS: True,
        tags.TRAINING_END: True,
        tags.CONNECTIONS: bool(choice.keys),
        tags.DATASET: choice.dataset,
        tags.ENVIRONMENT: choice.environment,
        tags.BATCHES: bool(choice.every_batch),
        tags.SYSTEM_METRICS: bool(choice.system_seconds),
    }
    return [
        hyperparameter_set(config),
        *(keras_set(tag) for tag, is_wanted in sets.items() if is_wanted),
    ]


def hyperparameter_set(config: CaptureConfig) -> Set:
    """The set with an attribute for every hyperparameter that was asked for."""
    result = keras_set(tags.TRAINING_INPUT)
    types = {key: KNOWN[key].type for key in config.choice.keys} | dict(
        config.custom_hyperparameters
    )
    for name, type_ in types.items():
        result.add_attribute(Attribute(name, AttributeType[type_]))
    return result
