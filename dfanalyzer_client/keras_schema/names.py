"""The transformations, sets and attributes that Keras-Prov makes by itself.

Their names are those its predecessor's users query; the database stores them in lower case. They
stand here, below Keras, so that whoever asks the database can name them without importing Keras.
"""

from __future__ import annotations

__all__ = [
    "ADAPTATION",
    "ADAPTATION_OUTPUT",
    "BATCHES",
    "CONNECTIONS",
    "DATASET",
    "ENVIRONMENT",
    "EPOCH_ID",
    "LAYERS",
    "LEARNING_RATE",
    "LOADED_FILE",
    "LOADING",
    "METRIC_NAMES",
    "OPTIMIZERS",
    "OPTIMIZER_RATES",
    "SAVED_FILE",
    "SAVING",
    "SCRIPT",
    "SYSTEM_METRICS",
    "TESTING",
    "TESTING_DATASET",
    "TESTING_OUTPUT",
    "TEST_METRIC_PREFIX",
    "TRAINING",
    "TRAINING_END",
    "TRAINING_INPUT",
    "TRAINING_OUTPUT",
    "TRIAL",
    "TRIAL_END",
]

MASK = "…"
"""What stands in the place of a secret in what is recorded."""

TRAINING = "TrainingModel"
TRAINING_INPUT = "iTrainingModel"
TRAINING_OUTPUT = "oTrainingModel"
TRAINING_END = "oTrainingEnd"
LAYERS = "iLayers"
CONNECTIONS = "iConnections"
OPTIMIZERS = "iOptimizers"
OPTIMIZER_RATES = "oOptimizers"
DATASET = "iDataset"
ENVIRONMENT = "iEnvironment"
TRIAL = "iTrial"
TRIAL_END = "oTrial"
METRIC_NAMES = "oMetricNames"
BATCHES = "oBatches"
SYSTEM_METRICS = "oSystemMetrics"
ADAPTATION = "Adaptation"
ADAPTATION_OUTPUT = "oAdaptation"
TESTING = "TestingModel"
TESTING_OUTPUT = "oTestingModel"
TESTING_DATASET = "iTestingDataset"
SAVING = "SavingModel"
SAVED_FILE = "oModelFile"
LOADING = "LoadingModel"
LOADED_FILE = "iModelFile"
SCRIPT = "RunningScript"
"""What `keras-prov run` says of a program in which it has seen no training and no test."""

TRAINING_STARTED = "ITRAIN_TIMESTAMP"
EPOCH_ENDED = "OTRAIN_TIMESTAMP"
ELAPSED_TIME = "ELAPSED_TIME"
EPOCH_ID = "EPOCH_ID"
LEARNING_RATE = "LEARNING_RATE"
NOT_METRICS = frozenset(
    name.lower() for name in (EPOCH_ENDED, ELAPSED_TIME, EPOCH_ID, LEARNING_RATE)
)
"""Attributes of ``oTrainingModel`` that Keras did not measure."""

LAYERS_TIMESTAMP = "ILTIMESTAMP"
LAYER_NAME = "NAME"
LAYER_ATTRIBUTE = "ATTRIBUTE_TYPE"
LAYER_VALUE = "VALUE"
LAYER_CLASS = "CLASS"
LAYER_OUTPUT_SHAPE = "OUTPUT_SHAPE"
LAYER_PARAMETERS = "NUM_PARAMETERS"
LAYER_PLACE = "MADE_AT"

INBOUND, OUTBOUND = "INBOUND", "OUTBOUND"

NEW_RATE = "NEW_LRATE"
OLD_RATE = "OLD_LRATE"
CAUSE = "CAUSE"
DETAIL = "DETAIL"
ADAPTED = "ATIMESTAMP"
ADAPTATION_ID = "ADAPTATION_ID"

TESTED = "OTEST_TIMESTAMP"
TEST_METRIC_PREFIX = "otest_"
