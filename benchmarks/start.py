"""What capture adds before the first epoch and after the last: `python -m benchmarks.start --help`.

Plain and captured trainings of a small network alternate (A B C, C B A, …), in fresh processes. The
server runs and the schema exists, unless `--first`: then each training has a home of its own, so
that the server's first start falls into it. Importing the backend takes seconds and varies by
hundreds of milliseconds, and so does the first layer, which loads more of it. Both are left out:
what counts is `import keras_prov` after Keras, `capture()`, and `fit()` up to its first epoch.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .alternation import SEVEN
from .figures import machine
from .homes import own_home
from .paired import added, alternating, spread

__all__ = ["ARMS", "Moments", "main", "measured"]

PLAIN = "plain Keras"
CAPTURED: dict[str, object] = {"the classic seven": SEVEN, "everything": "all"}
"""What each of the other arms captures."""

ARMS = (PLAIN, *CAPTURED)

SCRIPT = """
import json, sys, time
import keras, numpy as np

clocks = time.perf_counter, time.thread_time, time.process_time
moments = {"imported": [clock() for clock in clocks]}
hyperparameters = json.loads(sys.argv[1])  # null: plain Keras
if hyperparameters:
    import keras_prov as keras
moments["instrumented"] = [clock() for clock in clocks]
if hyperparameters:
    keras.capture(hyperparameters, dataflow_tag="start", adaptation=True)
moments["asked"] = [clock() for clock in clocks]

class Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        moments.setdefault("first epoch", [clock() for clock in clocks])

    def on_epoch_end(self, epoch, logs=None):
        moments["last epoch"] = [clock() for clock in clocks]

dense = keras.layers.Dense
model = keras.Sequential([keras.Input((8,)), dense(8, activation="relu"), dense(1)])
model.compile(keras.optimizers.SGD(0.01), "mse")
x = np.random.default_rng(1).random((256, 8))
moments["fit"] = [clock() for clock in clocks]
model.fit(x, x[:, :1], epochs=5, verbose=0, callbacks=[Clock()])
print(json.dumps(moments))
"""

CLOCKS = ("by the clock", "CPU of the thread", "CPU of all threads")


@dataclass(frozen=True)
class Moments:
    """Seconds of one training, by each clock of `CLOCKS`.

    Attributes:
        import_: `import keras_prov`, after Keras.
        start: `import_`, `capture()`, and `fit()` up to its first epoch.
        end: from the last epoch to the end of the process; by the clock alone.
    """

    import_: tuple[float, ...]
    start: tuple[float, ...]
    end: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print a table."""
    options = _parser().parse_args(arguments)
    print(", ".join(f"{name} {value}" for name, value in machine().items()), flush=True)
    found = measured(options.pairs, is_first=options.first)
    what = "with the server's first start" if options.first else "with a running server"
    print(f"added beside plain Keras, {what}, ms: median (95 % interval) of {options.pairs} pairs")
    for arm in ARMS[1:]:
        print(f"  {arm}")
        imports = [spread([each.import_[place] for each in found[arm]]) for place in (0, 1)]
        for clock, took in zip(CLOCKS, imports, strict=False):
            _print(f"import keras_prov, {clock}", took.median, took.low, took.high)
        for place, clock in enumerate(CLOCKS):
            plain, ours = ([each.start[place] for each in found[name]] for name in (PLAIN, arm))
            more = added(plain, ours)
            _print(f"to the first epoch, {clock}", more.median, more.low, more.high)
        more = added([each.end for each in found[PLAIN]], [each.end for each in found[arm]])
        _print("after the last epoch", more.median, more.low, more.high)


def measured(pairs: int, *, is_first: bool = False) -> dict[str, list[Moments]]:
    """The moments of each arm, round by round; a first round fills caches and does not count.

    Args:
        pairs: rounds.
        is_first: whether each training has a home of its own, in which no server runs.
    """
    found: dict[str, list[Moments]] = {arm: [] for arm in ARMS}
    with own_home() as home:
        for number, arm in alternating(ARMS, pairs + 1):
            with own_home() if is_first else contextlib.nullcontext(home) as chosen:
                moments = _trained(arm, chosen)
            if number:
                found[arm].append(moments)
    return found


def _trained(arm: str, home: Path) -> Moments:
    """One training in a fresh process; raises CalledProcessError if it fails."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(CAPTURED.get(arm))],
        # compiled files are kept, as after the installation of a wheel
        env={**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONDONTWRITEBYTECODE": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
    )
    ended = time.perf_counter()  # on Linux, all processes share this clock
    moments: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    asked = _between(moments["imported"], moments["asked"])
    begun = _between(moments["fit"], moments["first epoch"])
    return Moments(
        _between(moments["imported"], moments["instrumented"]),
        tuple(map(sum, zip(asked, begun, strict=True))),
        ended - moments["last epoch"][0],
    )


def _between(before: Sequence[float], after: Sequence[float]) -> tuple[float, ...]:
    return tuple(late - early for early, late in zip(before, after, strict=True))


def _print(what: str, median: float, low: float, high: float) -> None:
    print(f"    {what:<42}{median * 1e3:+8.0f} ({low * 1e3:+.0f} … {high * 1e3:+.0f})", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.start",
        description="Measure what capture adds before the first epoch and after the last.",
    )
    parser.add_argument("--pairs", type=int, default=10, help="default: %(default)s")
    parser.add_argument(
        "--first", action="store_true", help="each training starts a server of its own"
    )
    return parser


if __name__ == "__main__":
    main()
