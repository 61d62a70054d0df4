"""The environment variables that tell the pytest processes of a run what to do."""

from __future__ import annotations

__all__ = ["ALL", "CAPTURED", "CLASSIC", "RESULTS"]

CAPTURED = "KERAS_TESTS_CAPTURED"
"""What is captured of every model: `ALL`, `CLASSIC`, or nothing if it is empty."""

ALL = "all"
"""Every key except the costly ones."""

CLASSIC = "classic"
"""The seven hyperparameters of the first Keras-Prov."""

RESULTS = "KERAS_TESTS_RESULTS"
"""The folder for the outcomes of the tests."""
