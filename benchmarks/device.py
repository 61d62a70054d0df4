"""What capture adds where a model trains on a GPU: `python -m benchmarks.device --help`.

For each backend, a process of its own compiles one model and trains it again and again in
alternation: plain, with two callbacks that do nothing, and captured (A B C, C B A, …). All three
are fits of the same model with the same compiled step, in epochs of about 30 ms. It needs no
network, takes 8 minutes at most on any machine, and starts nothing but the private server. If that
does not run there, the journal alone is written; the first lines say so.
`python -m benchmarks.overhead --device` is the same.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .alternation import SEVEN, WITHOUT_STORE, EpochClock, Trainer
from .cells import RATES, add_options, measured, optimizer
from .effects import lines
from .figures import machine
from .homes import process_home

__all__ = ["main", "share_of"]

BACKENDS = ("jax", "torch")
EPOCH = 0.030
"""Seconds of an epoch that are aimed at."""

EPOCHS, BATCH, MOST_BATCHES = 20, 64, 64
METRICS = 2
TAG = "device"
STORED = "The private server runs: rows are stored while the model trains."
NOT_STORED = "No server stores the rows: the journal alone is written."
END_SECONDS = 5.0
"""Seconds that a process keeps back, to store what is left and to stop the server."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each backend in a process of its own; the exit code is 1 if one failed."""
    began = time.perf_counter()
    options = _parser().parse_args(arguments)
    if options.here:
        _measure(options.backends[0], options)
        return 0
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    print(_driver(), flush=True)
    more = WITHOUT_STORE if options.without_store else {}
    failed = 0
    for number, backend in enumerate(options.backends):
        left = options.minutes * 60 - (time.perf_counter() - began)
        share = share_of(left, len(options.backends) - number)
        environment = {**os.environ, "KERAS_BACKEND": backend, "PYTHONHASHSEED": "0", **more}
        command = _command(backend, options, share)
        failed += bool(subprocess.run(command, env=environment, check=False).returncode)
    return 1 if failed else 0


def _command(backend: str, options: argparse.Namespace, seconds: float) -> list[str]:
    """The command that measures one backend in so many seconds."""
    return [
        *(sys.executable, "-m", "benchmarks.device", "--here", "--backends", backend),
        *("--minutes", str(seconds / 60), "--rounds", str(options.rounds)),
        *("--seconds", str(options.seconds)),
        *(["--without-store"] if options.without_store else []),
    ]


def share_of(left: float, parts: int) -> float:
    """The seconds that each part has, if so many are left for so many parts; not below zero."""
    return max(0.0, left / parts)


def _measure(backend: str, options: argparse.Namespace) -> None:
    """Measure one backend, and print."""
    until = time.perf_counter() + options.minutes * 60 - END_SECONDS
    with process_home():
        keras: Any = importlib.import_module("keras_prov")
        print(f"\n{backend} {_version(backend)}, Keras {keras.__version__}: {_device(backend)}")
        clock, is_stored = EpochClock(keras), False
        for number, rate in enumerate(RATES):
            now = time.perf_counter()
            end = now + share_of(until - now, len(RATES) - number)
            trainer = _trainer(keras, clock, rate)
            trainer.is_stored = False  # which is found out below
            trainer.compile()
            if rate == RATES[0]:
                is_stored = not options.without_store and bool(keras.flush(30))
                print(STORED if is_stored else NOT_STORED, flush=True)
            trainer.is_stored = is_stored
            trainer.calibrate(EPOCH)
            seconds = min(options.seconds, share_of(end - time.perf_counter(), 1))
            named = {"backend": backend, "rate": rate, "metrics": METRICS}
            cell = measured(trainer, named, seconds, options.rounds, EPOCHS)
            print("\n".join(["", *lines(cell)]), flush=True)


def _trainer(keras: Any, clock: EpochClock, rate: str) -> Trainer:
    keras.instrument()
    model = _model(keras, rate)
    model.provenance(TAG, adaptation=True, hyps=SEVEN)
    return Trainer(keras, model, _data(), BATCH, clock)


def _model(keras: Any, rate: str) -> Any:
    keras.utils.set_random_seed(1)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            *[layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(4)],
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    model.compile(optimizer(keras, rate), "mse", metrics=["mae"])
    return model


def _data() -> tuple[Any, Any]:
    draw = np.random.default_rng(1)
    x = draw.random((MOST_BATCHES * BATCH, 16, 16, 3), dtype=np.float32)
    return x, x.mean(axis=(1, 2, 3))[:, None]


def _version(backend: str) -> str:
    return str(importlib.import_module(backend).__version__)


def _device(backend: str) -> str:
    """The device that a backend trains on."""
    if backend == "torch":
        cuda = importlib.import_module("torch").cuda
        return str(cuda.get_device_name(0)) if cuda.is_available() else "no GPU, CPU alone"
    if backend == "tensorflow":
        found = importlib.import_module("tensorflow").config.list_physical_devices("GPU")
        return str(found[0].name) if found else "no GPU, CPU alone"
    device = importlib.import_module("jax").devices()[0]
    return "no GPU, CPU alone" if device.platform == "cpu" else str(device.device_kind)


def _driver() -> str:
    """The GPU and its driver, as far as NVIDIA's tools know them."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        found = subprocess.run(query, capture_output=True, text=True, check=True, timeout=30)
        return "GPU, driver, memory: " + "; ".join(found.stdout.splitlines())
    with contextlib.suppress(OSError):
        return Path("/proc/driver/nvidia/version").read_text().splitlines()[0]
    return "No driver of NVIDIA was found."


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.device", description="Measure what capture adds on a GPU."
    )
    parser.add_argument(
        "--backends", nargs="+", choices=(*BACKENDS, "tensorflow"), default=BACKENDS
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=8,
        help="in all, with imports and compilation; default: %(default)s",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=float("inf"),
        help="at most for each backend and rate; default: what the minutes leave",
    )
    add_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
