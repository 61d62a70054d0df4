"""The keys of the True/False dictionary: hyperparameters, and what else may be captured."""

from __future__ import annotations

from dataclasses import dataclass

from dfanalyzer_client.keras_schema import names as tags

from .._inspection.hyperparameters import KNOWN

__all__ = ["OPTIONS", "Key", "everything", "known_hyperparameters"]


@dataclass(frozen=True)
class Key:
    """One key of the dictionary, described for people.

    Attributes:
        key: what is set to True.
        type: NUMERIC or TEXT for a hyperparameter; ``rows`` for what has a set of its own.
        meaning: what is captured.
        unit: of a NUMERIC key, if it has a unit.
        set: the set that it is stored in; a hyperparameter is the column of its name there.
        cost: what it costs, if that is worth mentioning.
    """

    key: str
    type: str
    meaning: str
    unit: str = ""
    set: str = tags.TRAINING_INPUT
    cost: str = ""


OPTIONS: dict[str, Key] = {
    option.key: option
    for option in (
        Key(
            "DATASET",
            "rows",
            "fingerprints of the training, validation and test data",
            set=tags.DATASET,
            cost="a hash of the arrays, whole up to 64 MiB and sampled beyond",
        ),
        Key(
            "ENVIRONMENT",
            "rows",
            "Python, packages, backend, devices, host, user, command line, git commit, sources",
            set=tags.ENVIRONMENT,
            cost="once per training; the first one looks the packages up",
        ),
        Key(
            "MODEL",
            "rows",
            "the trained model itself, in the artifact store",
            set=tags.SAVED_FILE,
            cost="saving the model once, and its size on the disk",
        ),
        Key(
            "BATCH_METRICS",
            "rows",
            "metrics of every n-th batch; True or n",
            set=tags.BATCHES,
            cost="a synchronization with the device for each batch: "
            "the one key that slows training",
        ),
        Key(
            "SYSTEM_METRICS",
            "rows",
            "CPU, memory and GPU at an interval; True (10 s) or seconds",
            set=tags.SYSTEM_METRICS,
            cost="a thread that wakes at the interval; needs the extra `system`",
        ),
    )
}

COSTLY = ("MODEL", "BATCH_METRICS", "SYSTEM_METRICS")


def known_hyperparameters() -> list[Key]:
    """All keys that can be captured, with meaning, type and unit.

    Example:
        >>> [known.key for known in known_hyperparameters()][:3]
        ['OPTIMIZER_NAME', 'LEARNING_RATE', 'DECAY']
    """
    hyperparameters = [Key(h.key, h.type, h.meaning, h.unit) for h in KNOWN.values()]
    return [*hyperparameters, *OPTIONS.values()]


def everything() -> dict[str, bool]:
    """Every key set to True, except the costly ones, which must be named."""
    return {key.key: True for key in known_hyperparameters() if key.key not in COSTLY}
