"""The report: `README.md`, its plots, and `costs.md`, the tables for docs/explanation/costs.md."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import epoch_table, peer_records, peer_table, questions
from .markdown import table
from .overhead import milliseconds
from .paired import Comparison
from .targets import judged

__all__ = ["Results", "write"]

PLOTS = ("overhead.png", "peers.png")
COMMAND = "make bench"

SAME_WEIGHTS = "which end with the same weights, bit for bit"
COLUMNS_OF_PEERS = (
    "*On the training thread* is measured directly, around the tool's callbacks (median of all "
    "epochs but the first); the others are differences to plain Keras of the same round (median, "
    "95 % interval), and as noisy as the machine. *CPU* is that of all threads. *Start-up* lasts "
    "until the first epoch has ended, *end* from the end of the last epoch to that of the process."
)

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Results:
    """What the steps have measured; None for a step that was not run."""

    overhead: Result | None
    peers: Result | None
    queries: Result | None
    epochs: Result | None = None


def write(results: Results, plots: Path, folder: Path) -> None:
    """Write the report into a folder, with those plots that exist."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in PLOTS:
        if (plots / name).exists():
            shutil.copy(plots / name, folder / name)
    lines = [
        "# What Keras-Prov costs",
        "",
        f"Written by `{COMMAND}`; how each part is measured is in "
        "[docs/explanation/benchmarks.md](../../docs/explanation/benchmarks.md).",
        "",
        *_machines(results),
        *_targets(results),
    ]
    if results.overhead is not None:
        lines += _overhead(results.overhead)
    if results.epochs is not None:
        lines += _epochs(results.epochs)
    if results.peers is not None:
        lines += _peers(results.peers)
    if results.queries is not None:
        lines += _queries(results.queries)
    (folder / "README.md").write_text("\n".join(lines).rstrip() + "\n")
    (folder / "costs.md").write_text("\n".join(_costs(results)) + "\n")


def _machines(results: Results) -> list[str]:
    """Where, when and with what the parts were measured."""
    rows = []
    for name, result in vars(results).items():
        if result is not None:
            machine = result["machine"]
            rows.append(
                [
                    name,
                    machine["date"],
                    _machine(machine),
                    f"Python {machine['Python']}, {machine['versions']}",
                    machine["load"],
                ]
            )
    columns = ("Part", "Date", "Machine", "Versions", "Load at its end")
    return [*table(columns, rows), ""]


def _machine(machine: Mapping[str, Any]) -> str:
    return f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}"


def _network(chosen: Mapping[str, Any]) -> str:
    blocks = "-".join(map(str, chosen["blocks"]))
    return f"DenseED {blocks}, K = {chosen['growth_rate']}, {chosen['samples']} samples"


def _targets(results: Results) -> list[str]:
    targets = judged(results.overhead, results.peers)
    rows = [[target.claim, target.found, f"**{target.verdict}**"] for target in targets]
    whys = [f"- {target.claim}: {target.why}" for target in targets if target.why]
    found = ["## Targets", "", *table(("Target", "Measured", ""), rows), ""]
    return [*found, "Why targets were missed:", "", *whys, ""] if whys else found


def _overhead(result: Result) -> list[str]:
    """All configurations, and where the time on the training thread goes."""
    columns = (
        "Epochs",
        "Rate",
        "Decay",
        "Momentum",
        "Plain, s",
        "Whole process",
        "fit()",
        "CPU",
        "Training thread, µs per epoch",
        "Exporter, ms CPU",
        "MonetDB, ms CPU",
    )
    rows = [
        [
            *(summary["configuration"][name] for name in GRID),
            f"{summary['plain_seconds']:.2f}",
            *(_ratio(summary["ratios"][name]) for name in ("whole", "fit", "cpu")),
            f"{summary['inside_per_epoch_us']:.0f}",
            *(milliseconds(summary[f"{name}_cpu_seconds"]) for name in ("exporter", "server")),
        ]
        for summary in result["configurations"]
    ]
    chosen, pairs = result["configurations"][0]["configuration"], _pairs(result)
    return [
        "## What capture adds to the paper's trainings",
        "",
        f"{_network(chosen)}; "
        f"{pairs} pairs of fresh processes, plain and captured in alternation, {SAME_WEIGHTS}. "
        "Medians of the pairs' ratios, their 95 % intervals, and standard deviations.",
        "",
        *table(columns, rows, numbers="r" * len(columns)),
        "",
        "![What capture adds, with intervals](overhead.png)",
        "",
        *_profile(result),
    ]


GRID = ("epochs", "learning_rate", "decay", "momentum")


def _pairs(result: Result) -> int:
    return int(result["configurations"][0]["ratios"]["whole"]["pairs"])


def _profile(result: Result) -> list[str]:
    rows = [
        [
            f"`{function['function']}`",
            function["calls"],
            *(f"{function[name] * 1e6:.0f}" for name in ("own", "whole")),
        ]
        for function in result["profile"]
    ]
    columns = ("Function", "Calls per epoch", "Own time, µs", "With what it calls, µs")
    return [
        "Where an epoch's time on the training thread goes; the profiler itself slows everything "
        "down, so only the proportions count:",
        "",
        *table(columns, rows, numbers="lrrr"),
        "",
    ]


def _peers(result: Result) -> list[str]:
    chosen = result["configuration"]
    return [
        "## Beside other tools",
        "",
        f"{_network(chosen)}, {chosen['epochs']} epochs; {result['pairs']} rounds of fresh "
        f"processes in alternation (A B C, C B A, …), {SAME_WEIGHTS}. {COLUMNS_OF_PEERS}",
        "",
        *peer_table.lines(result),
        "",
        "![What each tool adds](peers.png)",
        "",
        "### What each tool recorded of the same training",
        "",
        peer_records.NOTES,
        "",
        *peer_records.record_lines(result),
        "",
    ]


def _epochs(result: Result) -> list[str]:
    """Epochs of several lengths, with what their intervals show."""
    return [
        "## What capture adds to an epoch",
        "",
        "One compiled model trains plain and captured in alternation (A B B A), on one core with "
        "one thread, while our exporter and the server have the others. Medians of the blocks and "
        "their 95 % intervals. *Our code* is measured directly, in further fits; *CPU added to the "
        "thread* also contains Keras' calls of our callbacks, and what becomes slower beside them.",
        "",
        *epoch_table.lines(result),
        "",
    ]


def _queries(result: Result) -> list[str]:
    lines = [
        "## What can be asked",
        "",
        "What `keras-prov questions` lists, asked of the database that the quick grid filled. "
        "No rows means that nothing of the kind has happened: the grid's learning rate follows a "
        "schedule, which is one configuration and no adaptation.",
        "",
    ]
    for answer in result["answers"]:
        title = [f"### `{answer['name']}`", "", answer["title"], ""]
        lines += [*title, *questions.lines(answer), ""]
    return lines


def _costs(results: Results) -> list[str]:
    """The main tables: targets, other tools, and where they were measured."""
    result = results.overhead or results.peers or results.epochs
    if result is None:
        return ["Nothing was measured yet: `make bench`."]
    rows = [
        [target.claim, target.found, target.verdict]
        for target in judged(results.overhead, results.peers)
    ]
    peers = [] if results.peers is None else _costs_of_peers(results.peers)
    epochs = [] if results.epochs is None else [*epoch_table.short(results.epochs), ""]
    where = f"Measured on {_machine(result['machine'])}, on {result['machine']['date']}."
    return [*table(("Aim", "Measured", ""), rows), "", *peers, *epochs, where]


def _costs_of_peers(result: Result) -> list[str]:
    """What each tool costs, and what it recorded for that."""
    recorded = [peer_records.NOTES, "", *peer_records.record_lines(result)]
    return [*peer_table.short(result), "", *recorded, ""]


def _ratio(values: Mapping[str, Any]) -> str:
    ratio = Comparison(**values)
    return (
        f"{ratio.median - 1:+.2%} ({ratio.low - 1:+.2%} … {ratio.high - 1:+.2%}; "
        f"σ {ratio.deviation:.2%})"
    )
