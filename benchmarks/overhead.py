"""What capture adds to the paper's trainings: `python -m benchmarks.overhead --help`.

Plain and captured trainings of DenseED alternate (A B, B A, …), in fresh processes and with the
same seed. The server is running and its schema exists, as in the paper. Both arms must end with the
same weights, bit for bit. Figures go to stdout, `build/overhead.json` and `build/overhead.png`.

With `--device`, it is `python -m benchmarks.device`: another training, for a machine with a GPU and
no network.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import device
from .configurations import Configuration, grid
from .figures import machine
from .fresh_process import Run, fresh_run
from .homes import own_home
from .paired import Comparison, added, alternating, compared
from .seismic_data import FOLDER, Parameters, samples

__all__ = ["PAPER", "TARGET", "TARGET_BOUND", "main", "measured", "milliseconds"]

ARMS = ("plain", "captured")
RESULTS = Path("build")
TARGET, TARGET_BOUND, PAPER = 1.005, 1.01, 1.025
"""Targets of the worst configuration's median ratio and upper bound, and the paper's claim."""

TIMES = {"whole": "whole process", "fit": "fit()", "cpu": "CPU"}
PROFILE_EPOCHS = 10
PARTS = ("start", "epoch", "end")
"""The parts into which `fresh_run` divides a process."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print a table, and write JSON and a plot; the exit code is 1 if a part failed."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    if "--device" in given:
        return device.main([each for each in given if each != "--device"])
    options = _parser().parse_args(given)
    configurations = _configurations(options)
    folder = options.folder.absolute()
    samples(Parameters(configurations[0].samples), folder)
    with own_home() as home:
        runs = measured(configurations, options.pairs, folder, home)
        longer = dataclasses.replace(configurations[0], epochs=PROFILE_EPOCHS)
        profile = fresh_run("captured", longer, folder, home, profile=True)["profile"]
    result = {
        "machine": machine(),
        "profile": profile,
        "configurations": [
            _summary(configuration, arms)
            for configuration, arms in zip(configurations, runs, strict=True)
        ],
        "together": _together(runs),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "overhead.json").write_text(json.dumps(result, indent=1) + "\n")
    _print(result)
    _plot(result, RESULTS / "overhead.png")
    return 0


def measured(
    configurations: Sequence[Configuration], pairs: int, folder: Path, home: Path
) -> list[dict[str, list[Run]]]:
    """The runs by configuration and arm, pair by pair.

    Raises:
        AssertionError: an arm ended with other weights.
    """
    from rich.console import Console  # here: a machine with a GPU may have no such wheel
    from rich.progress import track

    order = [
        (configuration, arm)
        for configuration in configurations
        for _, arm in alternating(ARMS, pairs)
    ]
    found: list[dict[str, list[Run]]] = []
    fresh_run("captured", dataclasses.replace(configurations[0], epochs=1), folder, home)
    bar = track(order, "Trainings, plain and captured", console=Console(stderr=True))
    for number, (configuration, arm) in enumerate(bar):
        if number % (len(ARMS) * pairs) == 0:
            found.append({arm: [] for arm in ARMS})
        found[-1][arm].append(fresh_run(arm, configuration, folder, home))
        if len({run["weights"] for runs in found[-1].values() for run in runs}) != 1:
            raise AssertionError(f"Capture changed the weights of {configuration}.")
    return found


def _summary(configuration: Configuration, runs: dict[str, list[Run]]) -> dict[str, Any]:
    plain, captured = runs["plain"], runs["captured"]
    ratios = {
        name: dataclasses.asdict(
            compared([run[name] for run in plain], [run[name] for run in captured])
        )
        for name in TIMES
    }
    parts = {
        name: dataclasses.asdict(
            added([run[name] for run in plain], [run[name] for run in captured])
        )
        for name in PARTS
    }
    inside = [epoch["inside"] for run in captured for epoch in run["epochs"]]
    return {
        "configuration": dataclasses.asdict(configuration),
        "ratios": ratios,
        "added_seconds": parts,
        "plain_seconds": statistics.median(run["whole"] for run in plain),
        "inside_seconds": statistics.median(run["inside"] for run in captured),
        "inside_per_epoch_us": statistics.median(inside) * 1e6,
        "exporter_cpu_seconds": statistics.median(run["exporter"] for run in captured),
        "server_cpu_seconds": _server_cpu(plain, captured),
        "runs": runs,
    }


def _server_cpu(plain: Sequence[Run], captured: Sequence[Run]) -> float | None:
    """The added CPU time of the database's server in a captured training; None if unknown."""
    pairs = [(a["server"], b["server"]) for a, b in zip(plain, captured, strict=True)]
    known = [b - a for a, b in pairs if a is not None and b is not None]
    return statistics.median(known) if known else None


def _together(runs: Sequence[dict[str, list[Run]]]) -> dict[str, Any]:
    """The ratio of whole processes over the pairs of all configurations."""
    plain, captured = ([run["whole"] for by_arm in runs for run in by_arm[arm]] for arm in ARMS)
    return dataclasses.asdict(compared(plain, captured))


def _print(result: dict[str, Any]) -> None:
    print(", ".join(f"{name} {value}" for name, value in result["machine"].items()))
    for summary in result["configurations"]:
        chosen = summary["configuration"]
        print(
            f"epochs {chosen['epochs']}, rate {chosen['learning_rate']}, decay {chosen['decay']}, "
            f"momentum {chosen['momentum']}: plain {summary['plain_seconds']:.2f} s"
        )
        for name, title in TIMES.items():
            print(f"  {title:<14} {_text(Comparison(**summary['ratios'][name]))}")
        print(
            f"  in our code on the training thread {summary['inside_seconds'] * 1e3:.2f} ms, "
            f"{summary['inside_per_epoch_us']:.0f} µs per epoch; "
            f"exporter {summary['exporter_cpu_seconds'] * 1e3:.0f} ms CPU, "
            f"MonetDB {milliseconds(summary['server_cpu_seconds'])} ms"
        )
        parts = {name: summary["added_seconds"][name]["median"] * 1e3 for name in PARTS}
        print("  added: " + ", ".join(f"{name} {value:+.1f} ms" for name, value in parts.items()))
    worst = max(result["configurations"], key=lambda found: found["ratios"]["whole"]["median"])
    ratio = Comparison(**worst["ratios"]["whole"])
    print(f"All pairs together: {_text(Comparison(**result['together']))}")
    print(f"Worst whole process: {_text(ratio)}; the paper claims less than {PAPER - 1:.1%}.")


def milliseconds(seconds: float | None) -> str:
    """A time as the text of a cell."""
    return "?" if seconds is None else f"{seconds * 1e3:.0f}"


def _text(ratio: Comparison) -> str:
    return (
        f"{ratio.median - 1:+.2%} (95 %: {ratio.low - 1:+.2%} to {ratio.high - 1:+.2%}, "
        f"deviation {ratio.deviation:.2%}, {ratio.pairs} pairs)"
    )


def _plot(result: dict[str, Any], path: Path) -> None:
    """Plot the configurations' ratios with their intervals, the target and the paper's claim."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        print("No plot: pip install 'keras-prov[bench]'", file=sys.stderr)
        return
    figure = Figure(figsize=(8, 1.5 + 0.6 * len(result["configurations"])), layout="constrained")
    axes = figure.subplots()
    labels = []
    for place, summary in enumerate(result["configurations"]):
        chosen = summary["configuration"]
        labels.append(
            f"{chosen['epochs']} epochs, η {chosen['learning_rate']}, "
            f"decay {chosen['decay']:g}, μ {chosen['momentum']}"
        )
        for offset, (name, title) in enumerate(TIMES.items()):
            ratio = Comparison(**summary["ratios"][name])
            low, middle, high = (100 * (v - 1) for v in (ratio.low, ratio.median, ratio.high))
            axes.errorbar(
                middle,
                place + 0.2 * (offset - 1),
                xerr=[[middle - low], [high - middle]],
                fmt="o",
                capsize=3,
                color=f"C{offset}",
                label=title if not place else None,
            )
    for value, title, style in (
        (0, "plain Keras", "-"),
        (100 * (PAPER - 1), "the paper", ":"),
        (100 * (TARGET - 1), "target", "--"),
    ):
        axes.axvline(value, color="grey", linestyle=style, linewidth=1, label=title)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("added by capture, % (median and 95 % interval)")
    axes.invert_yaxis()
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    figure.savefig(path, dpi=120)


def _configurations(options: argparse.Namespace) -> list[Configuration]:
    if options.paper:
        return grid(samples=options.samples)
    if options.quick:
        return [Configuration(options.epochs, 0.001, 1e-4, 0.9, samples=options.samples)]
    return grid([options.epochs], [0.001], samples=options.samples)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.overhead", description="Measure what capture adds."
    )
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument("--quick", action="store_true", help="one configuration")
    scale.add_argument("--paper", action="store_true", help="the whole grid: hours")
    scale.add_argument(
        "--device",
        action="store_true",
        help="a training for a GPU, without a network: `--device --help` has its other options",
    )
    parser.add_argument("--epochs", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--samples", type=int, default=96, help="default: %(default)s")
    parser.add_argument("--pairs", type=int, default=5, help="default: %(default)s")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="folder of the data: %(default)s"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
