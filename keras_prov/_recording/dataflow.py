"""The dataflow of an execution: which transformations and sets a user's choice makes.

Sets are declared for what was asked for alone, so nobody's database has tables of what nobody
captures. What may never happen (saving, loading, metrics that are called otherwise than their
attributes) is declared when it does.
"""

from __future__ import annotations

import dfanalyzer_client.keras_schema as tags
from dfanalyzer_client.attribute import Attribute
from dfanalyzer_client.attribute_type import AttributeType
from dfanalyzer_client.dataflow import Dataflow
from dfanalyzer_client.set import Set
from dfanalyzer_client.set_type import SetType
from dfanalyzer_client.transformation import Transformation

from .._capture.config import CaptureConfig as Consent
from .._inspection.hyperparameters import KNOWN

__all__ = ["COLUMNS", "dataflow_of", "file_transformation", "hyperparameter_set", "own_set"]

TEXT, NUMERIC, FILE = AttributeType.TEXT, AttributeType.NUMERIC, AttributeType.FILE

FILE_COLUMNS = {
    "FILE_TIMESTAMP": TEXT,
    "PATH": FILE,
    "KIND": TEXT,
    "SIZE": NUMERIC,
    "SHA256": TEXT,
    "CALLBACK": TEXT,
    tags.EPOCH_ID: NUMERIC,
}
DATA_COLUMNS = {
    "ROLE": TEXT,
    "NAME": TEXT,
    "KIND": TEXT,
    "SHAPE": TEXT,
    "DTYPE": TEXT,
    "SAMPLES": NUMERIC,
    "HASH": TEXT,
    "HASH_KIND": TEXT,
    "SPEC": TEXT,
}

COLUMNS: dict[str, dict[str, AttributeType]] = {
    tags.LAYERS: {
        tags.LAYERS_TIMESTAMP: TEXT,
        tags.LAYER_NAME: TEXT,
        tags.LAYER_ATTRIBUTE: TEXT,
        tags.LAYER_VALUE: TEXT,
        tags.LAYER_CLASS: TEXT,
        tags.LAYER_OUTPUT_SHAPE: TEXT,
        tags.LAYER_PARAMETERS: NUMERIC,
        tags.LAYER_PLACE: TEXT,
    },
    tags.CONNECTIONS: {tags.INBOUND: TEXT, tags.OUTBOUND: TEXT},
    tags.OPTIMIZERS: {
        "NAME": TEXT,
        "CLASS": TEXT,
        tags.LEARNING_RATE: NUMERIC,
        "LEARNING_RATE_SCHEDULE": TEXT,
        "CONFIG": TEXT,
        "MADE_AT": TEXT,
    },
    tags.OPTIMIZER_RATES: {tags.EPOCH_ID: NUMERIC, "NAME": TEXT, tags.LEARNING_RATE: NUMERIC},
    tags.TRIAL: {
        "FRAMEWORK": TEXT,
        "STUDY": TEXT,
        "TRIAL": TEXT,
        "NAME": TEXT,
        "VALUE": TEXT,
        "NUMBER": NUMERIC,
    },
    tags.TRIAL_END: {
        "FRAMEWORK": TEXT,
        "STUDY": TEXT,
        "TRIAL": TEXT,
        "STATE": TEXT,
        "OBJECTIVE": TEXT,
        "VALUE": NUMERIC,
    },
    tags.DATASET: DATA_COLUMNS,
    tags.ENVIRONMENT: {"KIND": TEXT, "NAME": TEXT, "VALUE": TEXT},
    tags.TRAINING_OUTPUT: {
        tags.EPOCH_ENDED: TEXT,
        tags.ELAPSED_TIME: NUMERIC,
        tags.EPOCH_ID: NUMERIC,
    },
    tags.TRAINING_END: {
        "END_TIMESTAMP": TEXT,
        tags.ELAPSED_TIME: NUMERIC,
        "EPOCHS_ASKED": NUMERIC,
        "EPOCHS_DONE": NUMERIC,
        "INITIAL_EPOCH": NUMERIC,
        "START_EPOCH": NUMERIC,
        "STEPS": NUMERIC,
        "SAMPLES": NUMERIC,
        "STOP_REASON": TEXT,
        "STOP_DETAIL": TEXT,
        "BEST_EPOCH": NUMERIC,
        "NUM_LAYERS": NUMERIC,
    },
    tags.METRIC_NAMES: {"OF_SET": TEXT, "ATTRIBUTE": TEXT, "METRIC": TEXT},
    tags.BATCHES: {"BATCH_TIMESTAMP": TEXT, tags.EPOCH_ID: NUMERIC, "BATCH_ID": NUMERIC},
    tags.SYSTEM_METRICS: {
        "SYSTEM_TIMESTAMP": TEXT,
        tags.ELAPSED_TIME: NUMERIC,
        "DEVICE": TEXT,
        "CPU_PERCENT": NUMERIC,
        "MEMORY_BYTES": NUMERIC,
        "SYSTEM_CPU_PERCENT": NUMERIC,
        "SYSTEM_MEMORY_PERCENT": NUMERIC,
        "GPU_PERCENT": NUMERIC,
        "GPU_MEMORY_BYTES": NUMERIC,
        "GPU_TEMPERATURE": NUMERIC,
        "DEVICE_NAME": TEXT,
    },
    tags.ADAPTATION_OUTPUT: {
        tags.NEW_RATE: NUMERIC,
        tags.ADAPTED: TEXT,
        tags.EPOCH_ID: NUMERIC,
        tags.ADAPTATION_ID: NUMERIC,
        tags.OLD_RATE: NUMERIC,
        tags.CAUSE: TEXT,
        tags.DETAIL: TEXT,
        "OPTIMIZER": TEXT,
    },
    tags.TESTING_OUTPUT: {tags.TESTED: TEXT},
    tags.TESTING_DATASET: DATA_COLUMNS,
    tags.SAVED_FILE: FILE_COLUMNS,
    tags.LOADED_FILE: FILE_COLUMNS,
}
"""Attributes of each set, in order; metrics are added as Keras names them."""


def dataflow_of(consent: Consent) -> Dataflow:
    """The dataflow that a user's choice makes."""
    output = own_set(tags.TRAINING_OUTPUT, SetType.OUTPUT)
    if consent.adaptation:
        output.add_attribute(Attribute(tags.LEARNING_RATE, NUMERIC))
    training = Transformation(tags.TRAINING, [*_training_sets(consent), output])
    output.set_type(SetType.INPUT)
    output.dependency = training.tag
    dataflow = Dataflow(consent.dataflow_tag, [training], client=consent.client)
    if consent.adaptation:
        adapted = own_set(tags.ADAPTATION_OUTPUT, SetType.OUTPUT)
        dataflow.add_transformation(Transformation(tags.ADAPTATION, [output, adapted]))
    tested = [own_set(tags.TESTING_OUTPUT, SetType.OUTPUT)]
    if consent.choice.dataset:
        tested.append(own_set(tags.TESTING_DATASET, SetType.INPUT))
    dataflow.add_transformation(Transformation(tags.TESTING, [output, *tested]))
    return dataflow


def file_transformation(transformation: str) -> Transformation:
    """Saving or loading, which is declared when it happens."""
    if transformation == tags.SAVING:
        return Transformation(transformation, [own_set(tags.SAVED_FILE, SetType.OUTPUT)])
    return Transformation(transformation, [own_set(tags.LOADED_FILE, SetType.INPUT)])


def own_set(tag: str, type_: SetType) -> Set:
    """One of the sets that Keras-Prov makes by itself."""
    return Set(tag, type_, [Attribute(name, kind) for name, kind in COLUMNS[tag].items()])


def _training_sets(consent: Consent) -> list[Set]:
    choice = consent.choice
    wanted = {
        tags.LAYERS: SetType.INPUT,
        tags.TRAINING_END: SetType.OUTPUT,
        **({tags.CONNECTIONS: SetType.INPUT} if choice.keys else {}),
        **({tags.DATASET: SetType.INPUT} if choice.dataset else {}),
        **({tags.ENVIRONMENT: SetType.INPUT} if choice.environment else {}),
        **({tags.BATCHES: SetType.OUTPUT} if choice.every_batch else {}),
        **({tags.SYSTEM_METRICS: SetType.OUTPUT} if choice.system_seconds else {}),
    }
    return [hyperparameter_set(consent), *(own_set(tag, type_) for tag, type_ in wanted.items())]


def hyperparameter_set(consent: Consent) -> Set:
    """The set with an attribute for each hyperparameter that was asked for."""
    types = {key: KNOWN[key].type for key in consent.choice.keys} | dict(consent.own)
    attributes = [Attribute(name, AttributeType[type_]) for name, type_ in types.items()]
    return Set(
        tags.TRAINING_INPUT, SetType.INPUT, [Attribute(tags.TRAINING_STARTED, TEXT), *attributes]
    )
