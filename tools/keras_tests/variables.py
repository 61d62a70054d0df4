"""The environment variables by which a run tells its pytest processes what to do."""

from __future__ import annotations

__all__ = ["ALL", "CAPTURED", "CLASSIC", "RESULTS"]

CAPTURED = "KERAS_TESTS_CAPTURED"
"""What is captured of every model: `ALL`, `CLASSIC`, or nothing at all where it is empty."""

ALL = "all"
"""Every key but those that cost something."""

CLASSIC = "classic"
"""The seven hyperparameters of the first Keras-Prov."""

RESULTS = "KERAS_TESTS_RESULTS"
"""The folder for what came of the tests."""
