"""The transformations and sets of ``Dataflow(tag, predefined=True)`` in DLProv's versions.

Its versions of 2021 to 2026 name the training ``TrainingModel``, ``TrainModel`` or ``Train``, and
the test likewise; each of these names has its own sets. Names of columns that no version declares
in its client are ours: those of ``iFilter``, ``oFilter``, ``iTuples`` and ``oTuples``, and the
further ones of `PredefinedSet.forms`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ..set_role import SetRole

__all__ = ["SETS", "PredefinedSet", "find_set", "role_of"]

Columns = tuple[tuple[str, str], ...]
"""Names and types."""


@dataclass(frozen=True)
class PredefinedSet:
    """A set of DLProv's.

    Attributes:
        tag: as DLProv spells it.
        columns: in the order of an element's values.
        producers: tags of the transformations that write it.
        consumers: tags of those that read it.
        role: what its rows are for.
        forms: other lists of columns, which elements of another length follow.
    """

    tag: str
    columns: Columns
    producers: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()
    role: SetRole | None = None
    forms: tuple[Columns, ...] = ()

    @property
    def transformations(self) -> frozenset[str]:
        """Tags of the transformations that write or read it, as the database has them."""
        return frozenset(tag.lower() for tag in (*self.producers, *self.consumers))

    def form(self, length: int) -> Columns | None:
        """The columns of an element with so many values; None if there is no such form."""
        return next((each for each in (self.columns, *self.forms) if len(each) == length), None)


_FOLDER = (("DATASET_DIR", "FILE"),)
_TRAINED = (
    ("OPTIMIZER_NAME", "TEXT"),
    ("LEARNING_RATE", "NUMERIC"),
    ("NUM_EPOCHS", "NUMERIC"),
    ("NUM_LAYERS", "NUMERIC"),
)
_EPOCH = (
    ("TIMESTAMP", "TEXT"),
    ("ELAPSED_TIME", "TEXT"),
    ("LOSS", "NUMERIC"),
    ("ACCURACY", "NUMERIC"),
    ("VAL_LOSS", "NUMERIC"),
    ("VAL_ACCURACY", "NUMERIC"),
    ("EPOCH", "NUMERIC"),
)
_TEST = (("LOSS", "NUMERIC"), ("ACCURACY", "NUMERIC"))


def _files(name: str) -> tuple[Columns, tuple[Columns, ...]]:
    """A file of data, or one of data and one of labels."""
    return ((name, "FILE"),), (((name, "FILE"), (f"{name}_LABELS", "FILE")),)


_TRAIN_FILES, _VALIDATION_FILES, _TEST_FILES = map(_files, ("TRAINSET", "VALSET", "TESTSET"))

SETS: tuple[PredefinedSet, ...] = (
    PredefinedSet(
        "iInputDataset",
        (("DATASET_NAME", "TEXT"), ("DATASET_SOURCE", "TEXT")),
        consumers=("LoadData", "NormalizeData"),
    ),
    PredefinedSet(
        "oLoadData", _FOLDER, ("LoadData",), ("RandomHorizontal", "ApplyFilter", "SplitData")
    ),
    PredefinedSet("oNormalizeData", _FOLDER, ("NormalizeData",), ("SplitData",)),
    PredefinedSet("oRandomHorizontal", _FOLDER, ("RandomHorizontal",), ("Normalize",)),
    PredefinedSet("oNormalize", _FOLDER, ("Normalize",), ("SplitData",)),
    PredefinedSet("iFilter", (("FILTER_NAME", "TEXT"),), consumers=("ApplyFilter",)),
    PredefinedSet("oFilter", _FOLDER, ("ApplyFilter",), ("SplitData",)),
    PredefinedSet(
        "iSplitConfig",
        (("TRAIN_RATIO", "NUMERIC"), ("VAL_RATIO", "NUMERIC"), ("TEST_RATIO", "NUMERIC")),
        consumers=("SplitData",),
        forms=((("RATIO", "TEXT"),),),
    ),
    PredefinedSet(
        "oTrainSet",
        _TRAIN_FILES[0],
        ("SplitData",),
        ("Train", "TrainModel"),
        forms=_TRAIN_FILES[1],
    ),
    PredefinedSet(
        "oValSet", _VALIDATION_FILES[0], ("SplitData",), ("Train",), forms=_VALIDATION_FILES[1]
    ),
    PredefinedSet(
        "oTestSet", _TEST_FILES[0], ("SplitData",), ("Test", "TestModel"), forms=_TEST_FILES[1]
    ),
    PredefinedSet(
        "iTuples",
        (("DATASET_PATH", "FILE"), ("DATASET_NAME", "TEXT"), ("DATASET_TITLE", "TEXT")),
        consumers=("SplitDataset",),
    ),
    PredefinedSet(
        "oTuples",
        (("DATASET_PATH", "FILE"), ("PART", "TEXT")),
        ("SplitDataset",),
        ("TrainingModel",),
    ),
    PredefinedSet(
        "iTrain",
        (*_TRAINED[:3], ("BATCH_SIZE", "NUMERIC"), *_TRAINED[3:]),
        consumers=("Train",),
        role=SetRole.HYPERPARAMETERS,
    ),
    PredefinedSet("iTrainModel", _TRAINED, consumers=("TrainModel",), role=SetRole.HYPERPARAMETERS),
    PredefinedSet(
        "iTrainingModel", _TRAINED, consumers=("TrainingModel",), role=SetRole.HYPERPARAMETERS
    ),
    PredefinedSet("oTrain", _EPOCH, ("Train",), role=SetRole.EPOCHS),
    PredefinedSet("oTrainModel", _EPOCH, ("TrainModel",), role=SetRole.EPOCHS),
    PredefinedSet(
        "oTrainingModel",
        _EPOCH,
        ("TrainingModel",),
        ("Adaptation", "TestingModel"),
        role=SetRole.EPOCHS,
    ),
    PredefinedSet(
        "oTrainedModel",
        (("MODEL_NAME", "TEXT"), ("MODEL_DIR", "FILE")),
        ("Train", "TrainModel"),
        ("Test", "TestModel"),
    ),
    PredefinedSet("oWeights", (("WEIGHTS_PATH", "FILE"),), ("Train",)),
    PredefinedSet(
        "iAdaptation",
        (("EPOCHS_DROP", "NUMERIC"), ("DROP_N", "NUMERIC"), ("INITIAL_LRATE", "NUMERIC")),
        consumers=("Adaptation",),
    ),
    PredefinedSet(
        "oAdaptation",
        (
            ("NEW_LRATE", "NUMERIC"),
            ("TIMESTAMP", "TEXT"),
            ("EPOCH_ID", "NUMERIC"),
            ("ADAPTATION_ID", "NUMERIC"),
        ),
        ("Adaptation",),
    ),
    PredefinedSet("oTest", _TEST, ("Test",), role=SetRole.TESTS),
    PredefinedSet("oTestModel", _TEST, ("TestModel",), role=SetRole.TESTS),
    PredefinedSet("oTestingModel", _TEST, ("TestingModel",), role=SetRole.TESTS),
)

_BY_NAME: Mapping[str, PredefinedSet] = {each.tag.lower(): each for each in SETS}


def find_set(tag: str) -> PredefinedSet | None:
    """The set of a tag, spelled in whatever case; None for one that DLProv does not declare."""
    return _BY_NAME.get(tag.lower())


def role_of(tag: str, *transformations: Collection[str]) -> str | None:
    """The role of a set that DLProv's client declared; None if it has none, or is another's.

    Args:
        tag: the set's.
        transformations: tags of those that write it, and of those that read it, in lower case.
    """
    known = find_set(tag)
    if known is None or known.role is None:
        return None
    is_dlprovs = any(known.transformations & set(each) for each in transformations)
    return known.role.value if is_dlprovs else None
