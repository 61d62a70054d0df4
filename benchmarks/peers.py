"""Keras-Prov beside other tools on the same training: `python -m benchmarks.peers --help`.

Plain Keras, Keras-Prov and the other tools train the same DenseED in turn (A B C, C B A, …), in
fresh processes and with the same seed. A first training of every arm fills caches and creates its
store. All arms must end with the same weights, bit for bit. What each tool recorded of its last
training is read back with its own means, and so is a training of every arm that is killed half-way.
Figures go to stdout, `build/peers.json` and `build/peers.png`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from .arm import MODEL_FILE
from .configurations import Configuration
from .disk_use import allocated
from .figures import machine
from .fresh_process import Run, fresh_run, read_back, read_records
from .homes import own_home
from .paired import added, alternating
from .peer_arms import ARMS
from .peer_kill import killed
from .peer_records import record_lines
from .peer_table import lines, plot
from .seismic_data import FOLDER, Parameters, samples

__all__ = ["compared_with", "main", "measured"]

RESULTS = Path("build")
BASE = "plain"
OURS = (BASE, "captured")
"""The arms that the others are compared with."""

INSTALL = "pip install 'keras-prov[peers]'"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print a table, and write JSON and a plot."""
    options = _parser().parse_args(arguments)
    configuration = Configuration(options.epochs, 0.001, 1e-4, 0.9, samples=options.samples)
    folder = options.folder.absolute()
    samples(Parameters(options.samples), folder)
    result = compared_with(options.arms or list(ARMS)[1:], configuration, options.pairs, folder)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "peers.json").write_text(json.dumps(result, indent=1) + "\n")
    print("\n".join([*lines(result), "", *record_lines(result)]))
    plot(result, RESULTS / "peers.png")


def compared_with(
    names: Sequence[str], configuration: Configuration, pairs: int, folder: Path
) -> dict[str, Any]:
    """What these arms add to plain Keras, and what is left of them after a kill."""
    with own_home() as home:
        first = dataclasses.replace(configuration, epochs=1)
        missing = _first_trainings([BASE, *names], first, folder, home)
        present = [name for name in names if name not in missing]
        runs = measured([BASE, *present], configuration, pairs, folder, home)
        last = {name: Path(runs[name][-1]["output"]) for name in present}
        states = {name: read_back(name, last[name]).state for name in present}
        records = {name: read_records(name, last[name]) for name in present}
        remains = killed(present, configuration, folder, home)
    arms = [
        {
            "name": name,
            **_about(name),
            **_summary(runs[BASE], runs[name]),
            "state": states[name],
            "records": dataclasses.asdict(records[name]),
            "bytes": statistics.median(run["bytes"] for run in runs[name]),
            "killed": dataclasses.asdict(remains[name]),
        }
        for name in present
    ]
    return {
        "machine": machine(),
        "configuration": dataclasses.asdict(configuration),
        "pairs": pairs,
        "plain": _times(runs[BASE]),
        "arms": arms,
        "missing": [{**_about(name), "why": why} for name, why in missing.items()],
    }


def _about(name: str) -> dict[str, Any]:
    """What a tool is called, in which version, and whether the script hands it hyperparameters."""
    arm = ARMS[name]
    return {"title": arm.title, "version": arm.version(), "handed_over": arm.handed_over}


def measured(
    arms: Sequence[str], configuration: Configuration, pairs: int, folder: Path, home: Path
) -> dict[str, list[Run]]:
    """The runs by arm, round by round.

    Raises:
        AssertionError: an arm ended with other weights, or has not recorded every epoch.
    """
    runs: dict[str, list[Run]] = {name: [] for name in arms}
    order = list(alternating(arms, pairs))
    for _, name in track(order, "Trainings", console=Console(stderr=True)):
        runs[name].append(_run(name, configuration, folder, home))
    if len({run["weights"] for of_arm in runs.values() for run in of_arm}) != 1:
        raise AssertionError(f"A tool changed the weights of {configuration}.")
    for name in arms:
        found = read_back(name, Path(runs[name][-1]["output"])).epochs
        if name != BASE and found != configuration.epochs:
            raise AssertionError(f"{name} has {found} of {configuration.epochs} epochs.")
    return runs


def _run(name: str, configuration: Configuration, folder: Path, home: Path) -> Run:
    """A training whose model the script saves; `bytes` is what the tool wrote."""
    before = allocated(_stores(name, home))
    run = fresh_run(name, configuration, folder, home, save=True)
    output = Path(run["output"])
    grown = allocated(_stores(name, home)) - before + allocated([output])
    return {**run, "bytes": grown - allocated([output / MODEL_FILE])}


def _stores(name: str, home: Path) -> list[Path]:
    """What an arm's trainings share."""
    return [path for pattern in ARMS[name].shared for path in home.glob(pattern)]


def _first_trainings(
    names: Sequence[str], configuration: Configuration, folder: Path, home: Path
) -> dict[str, str]:
    """Train once with every arm; the reasons why tools cannot be measured here."""
    why = {}
    for name in track(names, "First trainings", console=Console(stderr=True)):
        if not ARMS[name].is_installed():
            why[name] = f"not installed: `{INSTALL}`"
            continue
        try:
            fresh_run(name, configuration, folder, home, save=True)
        except RuntimeError as error:
            if name in OURS:
                raise
            why[name] = str(error)
    return why


def _summary(plain: Sequence[Run], runs: Sequence[Run]) -> dict[str, Any]:
    """The seconds that an arm adds: pair by pair, and in its own code on the training thread."""
    base, other = _times(plain), _times(runs)
    inside = [epoch["inside"] for run in runs for epoch in run["epochs"][1:]]
    return {
        "added": {name: dataclasses.asdict(added(base[name], other[name])) for name in base},
        "inside": {
            "median": statistics.median(inside),
            "mean": statistics.fmean(inside),
            "max": max(inside),
        },
    }


def _times(runs: Sequence[Run]) -> dict[str, list[float]]:
    """Seconds of all runs: until the end of the first epoch, of another epoch, after the last."""
    return {
        **{name: [run[name] for run in runs] for name in ("start", "epoch", "end")},
        "epoch_cpu": [
            statistics.fmean(epoch["cpu"] for epoch in run["epochs"][1:]) for run in runs
        ],
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="Measure what Keras-Prov and other tools add to the same training.",
    )
    parser.add_argument(
        "--arms",
        nargs="+",
        choices=[name for name in ARMS if name != BASE],
        metavar="ARM",
        help=f"any of {', '.join(list(ARMS)[1:])}, beside plain Keras; default: all",
    )
    parser.add_argument("--epochs", type=_three_or_more, default=10, help="default: %(default)s")
    parser.add_argument("--samples", type=int, default=32, help="default: %(default)s")
    parser.add_argument("--pairs", type=int, default=5, help="default: %(default)s")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="folder of the data: %(default)s"
    )
    return parser


def _three_or_more(text: str) -> int:
    number = int(text)
    if number < 3:
        raise argparse.ArgumentTypeError(
            f"The first epoch counts as start-up, and one is killed. Expected 3 or more: {text}"
        )
    return number


if __name__ == "__main__":
    main()
