"""A way to train: plain Keras, or with a tool that is switched on and read back afterwards."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .configurations import Configuration
from .stopwatch import Stopwatch

__all__ = ["UNKNOWN", "Arm", "Found"]

UNKNOWN = "not recorded"


@dataclass(frozen=True)
class Found:
    """What a tool has of the training that it saw last: epochs with their loss, and its state."""

    epochs: int
    state: str


class Arm:
    """Plain Keras, which records nothing; the tools derive from it.

    Attributes:
        name: on command lines.
        title: in tables.
        module: what has to be importable, besides what the benchmarks need anyway.
        output: a folder of one training; stores that trainings share lie beside it.
    """

    name = "plain"
    title = "plain Keras"
    module: str | None = None

    def __init__(self, output: Path) -> None:
        self.output = output

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the tool can be measured here."""
        return cls.module is None or importlib.util.find_spec(cls.module) is not None

    def switch_on(self, watch: Stopwatch) -> Any:
        """Keras, with the tool at work; called before anything is made."""
        import keras

        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """What is given to `fit()`; called before the model is compiled."""
        return []

    def finish(self) -> None:
        """What the tool wants to be called after a training."""

    def found(self) -> Found:
        """Read back, by the tool's own means, what there is of the last training."""
        return Found(0, UNKNOWN)
