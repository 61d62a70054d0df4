"""What capture adds to an epoch, by its length and its metrics: `python -m benchmarks.epochs`.

Each backend runs in a process of its own, on one core with one thread; our exporter and the private
server have the other cores. A model is compiled once and trained again and again, plain and
captured in the order A B B A. Figures go to stdout and `build/epochs.json`, with intervals and what
they show about the targets.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .alternation import (
    LEAST_EPOCHS,
    SEVEN,
    WITHOUT_STORE,
    EpochClock,
    Trainer,
    epochs_for,
)
from .cells import RATES, add_options, measured
from .effects import Cell, lines
from .figures import machine
from .homes import process_home
from .many_metrics import BATCH, data, network
from .one_core import environment, hold, release_others
from .verdicts import LEAST_BLOCKS

__all__ = ["main"]

RESULT = Path("build/epochs.json")
BACKENDS = ("tensorflow", "jax", "torch")
ARMS = ("plain", "captured")
MILLISECONDS = (1.0, 30.0, 1000.0)
METRICS = (1, 10, 300)
FIT_SECONDS, MOST_EPOCHS = 0.3, 40
"""A fit has epochs for so many seconds, and three at least."""

TENSORFLOW_PASS = 0.02
"""Seconds that TensorFlow may take to begin with the data again in each epoch."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each backend in a process of its own; the exit code is 1 if one failed."""
    options = _parser().parse_args(arguments)
    if options.here:
        _measure(options)
        return 0
    found = machine()
    print(", ".join(f"{name} {value}" for name, value in found.items()), flush=True)
    more = WITHOUT_STORE if options.without_store else {}
    cells: list[dict[str, Any]] = []
    failed: list[str] = []
    for backend in options.backends:
        with tempfile.TemporaryDirectory() as folder:
            result = Path(folder) / "cells.json"
            command = _command(backend, options, result)
            done = subprocess.run(command, env=environment(backend, more), check=False)
            failed += [backend] if done.returncode else []
            cells += json.loads(result.read_text()) if result.exists() else []
    options.result.parent.mkdir(parents=True, exist_ok=True)
    options.result.write_text(json.dumps({"machine": found, "cells": cells}, indent=1) + "\n")
    print(f"Written to {options.result}.")
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _command(backend: str, options: argparse.Namespace, result: Path) -> list[str]:
    """The command that measures one backend."""
    return [
        *(sys.executable, "-m", "benchmarks.epochs", "--here", "--backends", backend),
        *("--milliseconds", *map(str, options.milliseconds)),
        *("--metrics", *map(str, options.metrics), "--rates", *options.rates),
        *("--seconds", str(options.seconds), "--rounds", str(options.rounds)),
        *("--core", str(options.core), "--result", str(result)),
        *(["--without-store"] if options.without_store else []),
    ]


def _measure(options: argparse.Namespace) -> None:
    """Measure one backend in this process, print, and write the cells."""
    others = hold(options.core)
    (backend,) = options.backends
    cells: list[Cell] = []
    with process_home() as home:
        keras: Any = importlib.import_module("keras_prov")
        clock = EpochClock(keras)
        version = importlib.import_module(backend).__version__
        print(f"\n{backend} {version}, Keras {keras.__version__}", flush=True)
        for rate, metrics in _models(options):
            trainer = _trainer(keras, clock, rate, metrics)
            trainer.is_stored = not options.without_store
            trainer.compile()
            release_others(home, others)
            named = {"backend": backend, "rate": rate, "metrics": metrics}
            for cell in _cells(trainer, options, named):
                print("\n".join(["", *lines(cell)]), flush=True)
                cells.append(cell)
    options.result.write_text(json.dumps([dataclasses.asdict(cell) for cell in cells]))


def _models(options: argparse.Namespace) -> Iterator[tuple[str, int]]:
    """What is compiled once: a schedule does not depend on the metrics, so it has the fewest."""
    for rate in options.rates:
        for metrics in options.metrics if rate == RATES[0] else [min(options.metrics)]:
            yield rate, metrics


def _trainer(keras: Any, clock: EpochClock, rate: str, metrics: int) -> Trainer:
    keras.instrument()
    model = network(keras, rate, metrics)
    model.provenance(f"epochs-{metrics}", adaptation=True, hyps=SEVEN)
    return Trainer(keras, model, data(), BATCH, clock, ARMS)


def _cells(trainer: Trainer, options: argparse.Namespace, named: dict[str, Any]) -> Iterator[Cell]:
    """A cell for each length; none for one that is shorter than an epoch of one batch can be."""
    done: set[tuple[int, bool]] = set()
    for seconds in (milliseconds / 1e3 for milliseconds in options.milliseconds):
        trainer.is_one_pass = named["backend"] == BACKENDS[0] and seconds < TENSORFLOW_PASS
        trainer.calibrate(seconds)
        training = trainer.batches, trainer.is_one_pass
        if training in done:
            print(f"\nNo epoch of {seconds * 1e3:g} ms: it would have the batches of that above.")
            continue
        done.add(training)
        yield _cell(trainer, seconds, options, named)


def _cell(
    trainer: Trainer, seconds: float, options: argparse.Namespace, named: dict[str, Any]
) -> Cell:
    """A cell with epochs of about so many seconds, and six blocks at least."""
    epochs = epochs_for(trainer.fit("plain", LEAST_EPOCHS).epoch, FIT_SECONDS, MOST_EPOCHS)
    budget = max(options.seconds, 2 * len(ARMS) * LEAST_BLOCKS * epochs * seconds)
    return measured(trainer, named, budget, options.rounds, epochs)


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: an epoch has one metric at least, its loss")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.epochs", description="Measure what capture adds to an epoch."
    )
    parser.add_argument(
        "--backends",
        nargs="+",
        choices=BACKENDS,
        default=[os.environ.get("KERAS_BACKEND", BACKENDS[0])],
        help=f"default: KERAS_BACKEND, else {BACKENDS[0]}",
    )
    parser.add_argument(
        "--milliseconds",
        nargs="+",
        type=float,
        default=MILLISECONDS,
        help="lengths of an epoch that are aimed at: %(default)s",
    )
    parser.add_argument(
        "--metrics", nargs="+", type=_count, default=METRICS, help="default: %(default)s"
    )
    parser.add_argument(
        "--rates",
        nargs="+",
        choices=RATES,
        default=RATES,
        help="of learning; scheduled only with the fewest metrics; default: both",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=30,
        help="for each of these, more where six blocks take longer; default: %(default)s",
    )
    parser.add_argument(
        "--core",
        type=int,
        choices=sorted(os.sched_getaffinity(0)),
        default=max(os.sched_getaffinity(0)),
        help="of the training: %(default)s; our exporter and the server have the others",
    )
    parser.add_argument("--result", type=Path, default=RESULT, help="default: %(default)s")
    add_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
