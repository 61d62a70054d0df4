"""An arm of a measurement: plain Keras, or a tool that is switched on and read back afterwards."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .configurations import Configuration
from .stopwatch import Stopwatch

__all__ = [
    "EXPERIMENT",
    "MODEL_FILE",
    "UNKNOWN",
    "Arm",
    "Found",
    "Records",
    "handed_over",
    "in_every",
    "prov_records",
]

EXPERIMENT = "densed"
"""What the trainings are called in the tools' stores."""

UNKNOWN = "not recorded"
MODEL_FILE = "model.keras"
"""Where the script saves the model after a training, in the folder of the training."""


@dataclass(frozen=True)
class Found:
    """What a tool recorded of its last training: how many epochs with a loss, and the state."""

    epochs: int
    state: str


@dataclass(frozen=True)
class Records:
    """What else a tool recorded of its last training, as far as it can be read back.

    Attributes:
        hyperparameters: named values of the run, apart from its metrics.
        metrics: metrics with a value for every epoch.
        rates: epochs with a learning rate.
        layers: layers of the model.
        packages: installed packages with their versions.
        python: whether Python's version is recorded.
        machine: whether the processor, or the number of its cores, is recorded.
        commit: whether the commit of the source code is recorded.
        data: whether a fingerprint of the training's data is recorded.
        model_file: how the saved model leads to the run: `file`, if the script's own file does,
            `copy`, if the tool saved another one, or nothing.
        prov: records in a W3C PROV document of the run.
        sql: epochs whose loss a SELECT reads.
    """

    hyperparameters: int = 0
    metrics: int = 0
    rates: int = 0
    layers: int = 0
    packages: int = 0
    python: bool = False
    machine: bool = False
    commit: bool = False
    data: bool = False
    model_file: str = ""
    prov: int = 0
    sql: int = 0


class Arm:
    """Plain Keras, which records nothing; the tools derive from it.

    Attributes:
        name: the name on command lines.
        title: the name in tables.
        module: a module that has to be installed, besides what all benchmarks need.
        distribution: the distribution whose version is the tool's.
        handed_over: whether the script hands hyperparameters to the tool, which finds none itself.
        shared: patterns of the stores that trainings share, which are beside that folder.
        output: the folder of one training.
    """

    name = "plain"
    title = "plain Keras"
    module: str | None = None
    distribution = "keras"
    handed_over = False
    shared: tuple[str, ...] = ()

    def __init__(self, output: Path) -> None:
        self.output = output

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the tool can be measured here."""
        return cls.module is None or importlib.util.find_spec(cls.module) is not None

    @classmethod
    def version(cls) -> str:
        """The distribution and the version that is installed; empty if there is none."""
        try:
            return f"{cls.distribution} {importlib.metadata.version(cls.distribution)}"
        except importlib.metadata.PackageNotFoundError:
            return ""

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

    def records(self) -> Records:
        """What else the tool recorded of the last training, which has ended."""
        return Records()


def handed_over(configuration: Configuration) -> dict[str, float]:
    """The hyperparameters that the script hands to tools that find none themselves."""
    names = ("learning_rate", "decay", "momentum", "epochs")
    return {name: getattr(configuration, name) for name in names}


def in_every(epochs: Collection[Mapping[str, object]]) -> set[str]:
    """The names that have a value in every epoch."""
    return set.intersection(*(set(epoch) for epoch in epochs)) if epochs else set()


def prov_records(text: str) -> int:
    """The records in a W3C PROV document in JSON, including its bundles, as `prov` reads it."""
    from prov.model import ProvDocument

    document = ProvDocument.deserialize(io.StringIO(text), format="json")
    return sum(len(list(part.get_records())) for part in (document, *document.bundles))
