"""What a set of Keras-Prov's is: its columns, and what its rows are for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Column", "KerasSet", "Role", "number", "path", "text", "time"]


class Role(StrEnum):
    """What the rows of a set are for those who compare executions, export or publish them."""

    ADAPTATIONS = "adaptations"
    """Changes of the configuration while a model trains."""
    CONTINUATION = "continuation"
    """What differs from the execution that a training continues or replays."""
    DATA = "data"
    """Fingerprints of the data."""
    ENVIRONMENT = "environment"
    """What a training ran in."""
    EPOCHS = "epochs"
    """What was measured in an epoch."""
    FILES = "files"
    """Files that were written or read."""
    HYPERPARAMETERS = "hyperparameters"
    """What a training was configured with."""
    MODEL = "model"
    """The model's layers and its graph."""
    NAMES = "names"
    """What the columns of other sets stand for."""
    OUTCOME = "outcome"
    """How a training or a trial ended."""
    SAMPLES = "samples"
    """What is measured more often than once an epoch, or of a part."""
    TESTS = "tests"
    """What a test measured."""
    TRIAL = "trial"
    """What a search chose."""


@dataclass(frozen=True)
class Column:
    """One column of a set.

    Attributes:
        name: as the user's dictionary and DfAnalyzer's messages spell it; the database has it in
            lower case.
        type: ``TEXT``, ``NUMERIC`` or ``FILE``.
        meaning: in a few words.
        unit: of its numbers; empty where they have none.
        is_time: whether it says when the row came to be.
    """

    name: str
    type: str
    meaning: str
    unit: str = ""
    is_time: bool = False


def text(name: str, meaning: str) -> Column:
    """A column of texts."""
    return Column(name, "TEXT", meaning)


def number(name: str, meaning: str, unit: str = "") -> Column:
    """A column of numbers."""
    return Column(name, "NUMERIC", meaning, unit)


def path(name: str, meaning: str) -> Column:
    """A column of paths."""
    return Column(name, "FILE", meaning)


def time(name: str, meaning: str) -> Column:
    """The column that says when a row came to be."""
    return Column(name, "TEXT", meaning, "UTC", is_time=True)


@dataclass(frozen=True)
class KerasSet:
    """A set that Keras-Prov makes by itself.

    Attributes:
        tag: as messages spell it; the database has it in lower case.
        role: what its rows are for.
        columns: in order. Sets of metrics, and that of hyperparameters, grow by more.
        holds: what a row is.
        when: when it is captured.
        cost: what that costs the training.
        producer: the transformation that writes it; None where it is only read.
        consumers: the transformations that read it.
        series: what a row is called in PROV, where rows are added as long as their task runs.
        is_once: whether further trainings of an execution refer to the same rows.
    """

    tag: str
    role: Role
    columns: tuple[Column, ...]
    holds: str
    when: str
    cost: str
    producer: str | None = None
    consumers: tuple[str, ...] = ()
    series: str | None = None
    is_once: bool = False
    types: Mapping[str, str] = field(init=False, repr=False)
    """Type of each column, by name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "types", {each.name: each.type for each in self.columns})

    @property
    def name(self) -> str:
        """The tag as the database has it: the view's name in the dataflow's schema."""
        return self.tag.lower()

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names."""
        return tuple(self.types)

    @property
    def time(self) -> str | None:
        """The column that says when a row came to be; None where there is none."""
        return next((each.name for each in self.columns if each.is_time), None)
