"""An arm of a measurement: plain Keras, or a tool that is switched on and read back afterwards."""

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
    """What a tool recorded of its last training: how many epochs with a loss, and the state."""

    epochs: int
    state: str


class Arm:
    """Plain Keras, which records nothing; the tools derive from it.

    Attributes:
        name: the name on command lines.
        title: the name in tables.
        module: a module that has to be installed, besides what all benchmarks need.
        output: the folder of one training; stores that trainings share are beside it.
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
        """Keras, with the tool switched on; called before anything is created."""
        import keras

        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """The callbacks for `fit()`; called before the model is compiled."""
        return []

    def finish(self) -> None:
        """Call what the tool needs after a training."""

    def found(self) -> Found:
        """Read back the tool's records of the last training, with its own means."""
        return Found(0, UNKNOWN)
