"""What the rows of a set are for."""

from __future__ import annotations

from enum import Enum

__all__ = ["SetRole"]


class SetRole(Enum):
    """What the rows of a set are for, if a dataflow trains models in a way of its own.

    Summaries, the views ``hyperparameters`` and ``metrics``, PROV documents and crates then see its
    trainings and tests as those of Keras. A transformation that writes a set of EPOCHS is a
    training, and one that writes a set of TESTS is a test.
    """

    HYPERPARAMETERS = "hyperparameters"
    """What a training was configured with: every attribute but ``timestamp``."""
    EPOCHS = "epochs"
    """A row for each epoch: every number is a metric, but for ``epoch``, ``epoch_id``,
    ``elapsed_time`` and ``learning_rate``.
    """
    TESTS = "tests"
    """A row for each test, likewise; the names of its metrics begin with ``otest_``."""
