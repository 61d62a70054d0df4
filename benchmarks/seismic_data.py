"""Pairs of a velocity field and its migrated image: `python -m benchmarks.seismic_data --help`.

The underground is layered, with random interfaces and velocities; the image is computed by a
reverse time migration (`migration.py`). A set is computed once and kept in an ``.npz`` file with
all its parameters; the same parameters give the same file.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    File,
    Set,
    SetType,
    Transformation,
)

from .migration import Field, Migration, Survey

__all__ = [
    "GENERATION",
    "Parameters",
    "Samples",
    "declare_generation",
    "layered_velocity",
    "record_generation",
    "samples",
]

FOLDER = Path("build") / "seismic"
FORMAT = 1
"""Version of the file format; if it changes, files are computed again."""

GENERATION = "GeneratingData"
NUMERIC, TEXT, FILE = AttributeType.NUMERIC, AttributeType.TEXT, AttributeType.FILE


@dataclass(frozen=True)
class Parameters:
    """The parameters of a set.

    Attributes:
        count: number of pairs.
        seed: seed of the random interfaces and velocities.
        survey: parameters of the survey.
        layers: lowest and highest number of layers.
        velocities: of the top and the bottom layer, in kilometres per second.
        relief: of an interface, as a share of the image's height.
    """

    count: int = 400
    seed: int = 7
    survey: Survey = field(default_factory=lambda: Survey(shots=8))
    layers: tuple[int, int] = (2, 6)
    velocities: tuple[float, float] = (1.5, 4.5)
    relief: float = 0.12

    def path(self, folder: Path) -> Path:
        """The file of the set."""
        text = json.dumps([FORMAT, dataclasses.asdict(self)], sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:12]
        return folder / f"seismic-{self.count}-{name}.npz"


@dataclass(frozen=True)
class Samples:
    """A set of pairs with one channel, scaled.

    Attributes:
        velocities: in kilometres per second, divided by the highest.
        images: divided by the standard deviation of all images.
        path: the file.
        sha256: of the file's content.
    """

    velocities: NDArray[np.float32]
    images: NDArray[np.float32]
    path: Path
    sha256: str


def samples(parameters: Parameters | None = None, folder: Path = FOLDER) -> Samples:
    """The set of `parameters`; if its file is missing, it is computed behind a progress bar."""
    parameters = parameters or Parameters()
    path = parameters.path(folder)
    if not path.exists():
        _write(parameters, path)
    with np.load(path) as content:
        velocities, images = content["velocities"], content["images"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    scale = parameters.survey.max_velocity
    return Samples(velocities / scale, images / images.std(), path, digest)


def layered_velocity(random: np.random.Generator, parameters: Parameters) -> Field:
    """A velocity field, by horizontal position and depth: faster from layer to layer."""
    size = parameters.survey.size
    fewest, most = parameters.layers
    count = int(random.integers(fewest, most + 1))
    top, bottom = parameters.velocities
    speeds = np.sort(random.uniform(top, bottom, count)).astype(np.float32)
    depths = np.sort(random.uniform(0.15, 0.9, count - 1)) * size
    velocity = np.full((size, size), speeds[0], np.float32)
    place, depth = np.meshgrid(np.linspace(0, 1, size), np.arange(size), indexing="ij")
    for middle, speed in zip(depths, speeds[1:], strict=True):
        velocity[depth >= middle + size * _relief(random, parameters, place)] = speed
    return velocity


def _relief(
    random: np.random.Generator, parameters: Parameters, place: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How far an interface is from its mean depth: a slope and two waves."""
    slope, first, second = random.normal(0, parameters.relief / 3, 3)
    phases = random.uniform(0, 2 * np.pi, 2)
    relief: NDArray[np.float64] = (
        slope * (2 * place - 1)
        + first * np.sin(2 * np.pi * place + phases[0])
        + second * np.sin(4 * np.pi * place + phases[1]) / 2
    )
    return relief


def _write(parameters: Parameters, path: Path) -> None:
    from rich.progress import track  # here: data that exist are read without it

    velocities, images = [], []
    for velocity, image in track(
        _pairs(parameters), f"Migrating {parameters.count} fields", total=parameters.count
    ):
        velocities.append(velocity[..., None])
        images.append(image[..., None])
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        np.savez_compressed(
            file,
            velocities=np.stack(velocities),
            images=np.stack(images),
            parameters=np.array(json.dumps(dataclasses.asdict(parameters))),
        )
    new.replace(path)  # so an interrupted computation leaves no file


def _pairs(parameters: Parameters) -> Iterator[tuple[Field, Field]]:
    migration = Migration(parameters.survey)
    random = np.random.default_rng(parameters.seed)
    for _ in range(parameters.count):
        velocity = layered_velocity(random, parameters)
        yield velocity, migration.image(velocity)


def declare_generation(dataflow: Dataflow) -> None:
    """Add the generation of data to a dataflow."""
    known = {
        "SAMPLES": NUMERIC,
        "RANDOM_SEED": NUMERIC,
        "GRID": NUMERIC,
        "SPACING": NUMERIC,
        "FREQUENCY": NUMERIC,
        "SHOTS": NUMERIC,
        "DURATION": NUMERIC,
        "MIN_LAYERS": NUMERIC,
        "MAX_LAYERS": NUMERIC,
        "MIN_VELOCITY": NUMERIC,
        "MAX_VELOCITY": NUMERIC,
    }
    made = {"PATH": FILE, "SHA256": TEXT}
    dataflow.add_transformation(
        Transformation(
            GENERATION,
            [
                Set("iGeneratingData", SetType.INPUT, [Attribute(*item) for item in known.items()]),
                Set("oGeneratingData", SetType.OUTPUT, [Attribute(*item) for item in made.items()]),
            ],
        )
    )


def record_generation(dataflow: Dataflow, parameters: Parameters, made: Samples) -> None:
    """Record the parameters of a set, and its file."""
    survey = parameters.survey
    used: dict[str, Any] = {
        "samples": parameters.count,
        "random_seed": parameters.seed,
        "grid": survey.size,
        "spacing": survey.spacing,
        "frequency": survey.frequency,
        "shots": survey.shots,
        "duration": survey.duration,
        "min_layers": parameters.layers[0],
        "max_layers": parameters.layers[1],
        "min_velocity": parameters.velocities[0],
        "max_velocity": parameters.velocities[1],
    }
    with dataflow.task(GENERATION) as task:
        task.used(**used)
        task.generated(path=os.fspath(made.path), sha256=made.sha256)
        task.task.add_file(File(os.fspath(made.path), made.path.name, sha256=made.sha256))


def main() -> None:
    """Compute a set."""
    parser = argparse.ArgumentParser(description="Compute pairs of velocity fields and images.")
    parser.add_argument("--samples", type=int, default=Parameters.count, help="%(default)s pairs")
    parser.add_argument("--seed", type=int, default=Parameters.seed)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="default: %(default)s")
    arguments = parser.parse_args()
    made = samples(Parameters(arguments.samples, arguments.seed), arguments.folder)
    print(f"{len(made.images)} pairs in {made.path}, SHA-256 {made.sha256}.")


if __name__ == "__main__":
    main()
