"""Every set that Keras-Prov makes by itself, spelled once: columns, roles, who writes and reads it.

Declarations, rows, comparison views, PROV documents, crates and the documentation's tables are made
of this table. A set is declared where it is asked for, or where what it holds happens.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import names as tags
from .model import KerasSet, Role, number, path, text, time

__all__ = ["SETS", "TRANSFORMATIONS", "find_set", "tags_of"]

_DATA = (
    text("ROLE", "training, validation or test"),
    text("NAME", "which part: x, x/0, y/label"),
    text("KIND", "array, tensor, dataframe, tf.data, PyDataset, …"),
    text("SHAPE", "lengths of its dimensions"),
    text("DTYPE", "type of its numbers"),
    number("SAMPLES", "length of the first dimension", "samples"),
    text("HASH", "SHA-256 of the content; NULL where reading it would change something"),
    text("HASH_KIND", "whole, or how it was sampled"),
    text("SPEC", "what else the object says of itself"),
)
_FILE = (
    time(tags.FILE_TIMESTAMP, "when the file was written or read"),
    path(tags.FILE_PATH, "where it is"),
    text(
        tags.FILE_KIND,
        "model, weights, preset, checkpoint, artifact, log, backup, export or script",
    ),
    number(tags.FILE_SIZE, "of all its parts", "bytes"),
    text(tags.FILE_SHA256, "of its content"),
    text(tags.FILE_CALLBACK, "class of the callback that wrote or read it"),
    number(tags.EPOCH_ID, "the epoch in which it did, from 0"),
    text(tags.FILE_PRESET, "the preset of KerasHub that it is a part of, as it was named"),
)
_NAMED = text(
    tags.OPTIMIZER_ATTRIBUTE,
    "the optimizer's attribute in the model, or its part of a MultiOptimizer",
)
_EPOCH = number(tags.EPOCH_ID, "the epoch, from 0")
_TRIAL = (
    text(tags.TRIAL_FRAMEWORK, "the library that searches; NULL for a search by hand"),
    text(tags.TRIAL_STUDY, "name of the search"),
    text(tags.TRIAL_NUMBER, "number or name of the trial"),
)
_TRAINING_READS = (tags.TRAINING,)
_AFTER_TRAINING = (tags.ADAPTATION, tags.TESTING)

SETS: Mapping[str, KerasSet] = {
    each.tag: each
    for each in (
        KerasSet(
            tags.TRAINING_INPUT,
            Role.HYPERPARAMETERS,
            (time(tags.TRAINING_STARTED, "when the training began"),),
            holds="a row for each training, and a column for each hyperparameter asked for",
            when="always",
            cost="once",
            consumers=_TRAINING_READS,
        ),
        KerasSet(
            tags.LAYERS,
            Role.MODEL,
            (
                time(tags.LAYERS_TIMESTAMP, "when the layers were read"),
                text(tags.LAYER_NAME, "path of the layer within the model"),
                text(tags.LAYER_ATTRIBUTE, "argument of its constructor, or class"),
                text(tags.LAYER_VALUE, "the argument's value"),
                text(tags.LAYER_CLASS, "class of the layer"),
                text(tags.LAYER_OUTPUT_SHAPE, "shape of what it gives; NULL where unknown"),
                number(tags.LAYER_PARAMETERS, "numbers in its weights, and in those within"),
                text(tags.LAYER_PLACE, "file and line of the call that made it"),
            ),
            holds="a row for each layer and argument",
            when="with any hyperparameter",
            cost="once",
            consumers=_TRAINING_READS,
            is_once=True,
        ),
        KerasSet(
            tags.CONNECTIONS,
            Role.MODEL,
            (
                text(tags.INBOUND, "the layer or operation that gives"),
                text(tags.OUTBOUND, "the one that reads it"),
            ),
            holds="the graph: layer to layer",
            when="with any hyperparameter",
            cost="once",
            consumers=_TRAINING_READS,
            is_once=True,
        ),
        KerasSet(
            tags.CONTINUATION,
            Role.CONTINUATION,
            (
                text(tags.CONTINUED_KIND, "layer, hyperparameter, optimizer or replay"),
                text(tags.CONTINUED_NAME, "which layer and argument, or which hyperparameter"),
                text(tags.OLD_VALUE, "in the execution that is continued; NULL: it had none"),
                text(tags.NEW_VALUE, "now; NULL: there is none any more"),
                text(tags.CONTINUED_WEIGHTS, "of a layer, whether its weights were taken over"),
            ),
            holds="what differs from the execution that is continued, and a layer whose weights "
            "were taken over; or that an execution is replayed",
            when="`continue_from`, `replay`",
            cost="once",
            consumers=_TRAINING_READS,
        ),
        KerasSet(
            tags.OPTIMIZERS,
            Role.HYPERPARAMETERS,
            (
                _NAMED,
                text(tags.OPTIMIZER_CLASS, "class of the optimizer"),
                number(tags.LEARNING_RATE, "its learning rate when the training began"),
                text(tags.OPTIMIZER_SCHEDULE, "its schedule"),
                text(tags.OPTIMIZER_CONFIG, "all its arguments, in JSON"),
                text(tags.OPTIMIZER_PLACE, "file and line of the call that made it"),
            ),
            holds="an optimizer of several, by its attribute's name",
            when="with any hyperparameter, of models with several",
            cost="once",
            consumers=_TRAINING_READS,
        ),
        KerasSet(
            tags.OPTIMIZER_RATES,
            Role.SAMPLES,
            (_EPOCH, _NAMED, number(tags.LEARNING_RATE, "its learning rate in that epoch")),
            holds="the rate of each optimizer in each epoch",
            when="`adaptation`, of models with several",
            cost="some µs per optimizer and epoch",
            producer=tags.TRAINING,
        ),
        KerasSet(
            tags.DATASET,
            Role.DATA,
            _DATA,
            holds="fingerprints of the training and validation data",
            when="DATASET",
            cost="a hash of the arrays, whole up to 64 MiB and sampled beyond",
            consumers=_TRAINING_READS,
            is_once=True,
        ),
        KerasSet(
            tags.ENVIRONMENT,
            Role.ENVIRONMENT,
            (
                text(
                    tags.FACT_KIND,
                    "python, platform, process, job, keras, device, package, git, source or "
                    "variable; of imported runs also import, mlflow, tag or note",
                ),
                text(tags.FACT_NAME, "what it is"),
                text(tags.FACT_VALUE, "what it was; secrets are masked"),
            ),
            holds="a fact of what the process runs in",
            when="ENVIRONMENT",
            cost="once per training; the first one looks the packages up",
            consumers=(tags.TRAINING, tags.SCRIPT),
            is_once=True,
        ),
        KerasSet(
            tags.TRAINING_OUTPUT,
            Role.EPOCHS,
            (
                time(tags.EPOCH_ENDED, "when the epoch ended"),
                number(tags.ELAPSED_TIME, "since it began", "s"),
                _EPOCH,
            ),
            holds="a row for each epoch, and a column for each metric",
            when="always",
            cost="some µs per epoch",
            producer=tags.TRAINING,
            consumers=_AFTER_TRAINING,
            series="Epoch",
        ),
        KerasSet(
            tags.TRAINING_END,
            Role.OUTCOME,
            (
                time(tags.ENDED, "when the training ended"),
                number(tags.ELAPSED_TIME, "since it began", "s"),
                number(tags.EPOCHS_ASKED, "the argument `epochs`", "epochs"),
                number(tags.EPOCHS_DONE, "how many ended", "epochs"),
                number(tags.INITIAL_EPOCH, "the argument `initial_epoch`"),
                number(tags.START_EPOCH, "the first epoch that was trained, from 0"),
                number(tags.STEPS, "batches that were trained", "batches"),
                number(tags.SAMPLES, "in the training data", "samples"),
                text(tags.STOP_REASON, "why it ended"),
                text(tags.STOP_DETAIL, "who or what stopped it"),
                number(tags.BEST_EPOCH, "of EarlyStopping, from 0"),
                number(tags.NUM_LAYERS, "layers when it ended", "layers"),
            ),
            holds="how a training ended",
            when="always",
            cost="once",
            producer=tags.TRAINING,
        ),
        KerasSet(
            tags.METRIC_NAMES,
            Role.NAMES,
            (
                text(tags.OF_SET, "the set that has the column"),
                text(tags.ATTRIBUTE, "the column"),
                text(tags.METRIC, "the metric's name in Keras"),
            ),
            holds="a metric that is called otherwise than its attribute",
            when="when it happens",
            cost="once each",
            producer=tags.TRAINING,
        ),
        KerasSet(
            tags.BATCHES,
            Role.SAMPLES,
            (
                time(tags.BATCH_ENDED, "when the batch ended"),
                _EPOCH,
                number(tags.BATCH_ID, "the batch within its epoch, from 0"),
            ),
            holds="metrics of every n-th batch",
            when="BATCH_METRICS",
            cost="a synchronization with the device for each batch",
            producer=tags.TRAINING,
            series="Batch",
        ),
        KerasSet(
            tags.SYSTEM_METRICS,
            Role.SAMPLES,
            (
                time(tags.SAMPLED, "when the sample was taken"),
                number(tags.ELAPSED_TIME, "since the training began", "s"),
                text("DEVICE", "cpu, or gpu:0, gpu:1, …"),
                number("CPU_PERCENT", "CPU time of the process, of one core", "%"),
                number("MEMORY_BYTES", "resident memory of the process", "bytes"),
                number("SYSTEM_CPU_PERCENT", "CPU time of the machine", "%"),
                number("SYSTEM_MEMORY_PERCENT", "memory of the machine in use", "%"),
                number("GPU_PERCENT", "time in which the GPU was at work", "%"),
                number("GPU_MEMORY_BYTES", "memory of the GPU in use", "bytes"),
                number("GPU_TEMPERATURE", "temperature of the GPU", "°C"),
                text("DEVICE_NAME", "what the GPU is called"),
            ),
            holds="a sample of CPU, memory and GPU",
            when="SYSTEM_METRICS",
            cost="a thread that wakes at the interval",
            producer=tags.TRAINING,
            series="SystemSample",
        ),
        KerasSet(
            tags.ADAPTATION_OUTPUT,
            Role.ADAPTATIONS,
            (
                number(tags.NEW_RATE, "the learning rate after the change"),
                time(tags.ADAPTED, "when it was recorded"),
                number(tags.EPOCH_ID, "the first epoch that it holds for, from 0"),
                number(tags.ADAPTATION_ID, "number of the change within its execution"),
                number(tags.OLD_RATE, "the learning rate before"),
                text(
                    tags.CAUSE,
                    "callback, schedule, assignment, compile, trainable, steering, replay, …",
                ),
                text(tags.DETAIL, "where the code is that made it, or what else changed"),
                text(tags.ADAPTED_OPTIMIZER, "which one was changed, where there are several"),
                text(
                    tags.ADAPTED_ATTRIBUTE,
                    "what was set by steering, or in a loop beside the rate; else NULL",
                ),
                text(tags.OLD_VALUE, "its value before, in JSON"),
                text(tags.NEW_VALUE, "its value after, in JSON"),
                number(
                    tags.ADAPTED_BATCH,
                    "the batch of that epoch after which it holds, from 0; NULL from its beginning",
                ),
                text(tags.PERSON, "who asked for it"),
                text(tags.REASON, "why"),
                text(tags.REQUEST, "id of the request"),
            ),
            holds="a row for each change of the configuration",
            when="`adaptation`, or when steering makes one",
            cost="some µs per epoch",
            producer=tags.ADAPTATION,
        ),
        KerasSet(
            tags.MODIFICATION_OUTPUT,
            Role.MODEL,
            (
                time(tags.MODIFIED, "when the step began"),
                text(tags.MODIFIED_STEP, "enable_lora or quantize"),
                text(tags.MODIFIED_LAYER, "path of the layer within the model"),
                text(tags.MODIFIED_CLASS, "class of the layer"),
                number(tags.MODIFIED_RANK, "rank of its LoRA; NULL without one"),
                number(tags.MODIFIED_ALPHA, "what LoRA's product is scaled by, before the rank"),
                text(tags.MODIFIED_MODE, "int8, int4, float8, gptq or awq; NULL: not quantized"),
                text(tags.OLD_DTYPE, "its dtype policy before"),
                text(tags.NEW_DTYPE, "its dtype policy after"),
                number(tags.OLD_TRAINABLE, "numbers in it that were trained before"),
                number(tags.NEW_TRAINABLE, "numbers in it that are trained after"),
                text(tags.MODIFIED_ARGUMENTS, "of the call, in JSON"),
                number(tags.EPOCH_ID, "the newest epoch before, from 0; NULL before the first"),
                text(tags.MODIFIED_PLACE, "file and line of the call"),
            ),
            holds="a layer that `enable_lora()` or `quantize()` changed",
            when="when it happens",
            cost="once",
            producer=tags.MODIFICATION,
        ),
        KerasSet(
            tags.TESTING_OUTPUT,
            Role.TESTS,
            (time(tags.TESTED, "when the test ended"),),
            holds="a row for each `evaluate()`",
            when="always",
            cost="once per test",
            producer=tags.TESTING,
        ),
        KerasSet(
            tags.TESTING_DATASET,
            Role.DATA,
            _DATA,
            holds="fingerprints of the data of a test",
            when="DATASET",
            cost="as DATASET",
            consumers=(tags.TESTING,),
        ),
        KerasSet(
            tags.SAVED_FILE,
            Role.FILES,
            _FILE,
            holds="a file that was written, and MODEL's",
            when="when it happens",
            cost="SHA-256 of the file",
            producer=tags.SAVING,
        ),
        KerasSet(
            tags.LOADED_FILE,
            Role.FILES,
            _FILE,
            holds="a file that was read",
            when="when it happens",
            cost="SHA-256 of the file",
            consumers=(tags.LOADING,),
        ),
        KerasSet(
            tags.TRIAL,
            Role.TRIAL,
            (
                *_TRIAL,
                text(tags.TRIAL_PARAMETER, "the parameter"),
                text(tags.TRIAL_VALUE, "what was chosen"),
                number(tags.TRIAL_VALUE_AS_NUMBER, "the same as a number; NULL where it is none"),
            ),
            holds="a parameter of the search",
            when="within a trial",
            cost="once",
            consumers=_TRAINING_READS,
        ),
        KerasSet(
            tags.TRIAL_END,
            Role.OUTCOME,
            (
                *_TRIAL,
                text(tags.TRIAL_STATE, "FINISHED, PRUNED or FAILED"),
                text(tags.TRIAL_OBJECTIVE, "name of the objective"),
                number(tags.TRIAL_VALUE, "what it came to"),
            ),
            holds="its state, and the value of each objective",
            when="within a trial",
            cost="once",
            producer=tags.TRAINING,
        ),
    )
}

TRANSFORMATIONS: Mapping[str, str] = {
    tags.TRAINING: "A training: Model.fit() of Keras.",
    tags.ADAPTATION: "A change of the configuration while the model trains.",
    tags.MODIFICATION: "Layers of the model are changed: LoRA is enabled, or they are quantized.",
    tags.TESTING: "A test: Model.evaluate() of Keras.",
    tags.SAVING: "The model, or its weights, are written to a file.",
    tags.LOADING: "The model, or its weights, are read from a file.",
}
"""What Keras does, by the transformation that records it."""

_BY_NAME = {each.name: each for each in SETS.values()}


def find_set(tag: str) -> KerasSet | None:
    """The set of a tag, spelled in whatever case; None for a set of the user's own."""
    return _BY_NAME.get(tag.lower())


def tags_of(*roles: Role) -> frozenset[str]:
    """Tags of the sets that have one of the roles, as the database has them."""
    return frozenset(each.name for each in SETS.values() if each.role in roles)
