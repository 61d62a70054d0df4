"""What is claimed, and whether the figures bear it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .overhead import PAPER, TARGET, TARGET_BOUND, milliseconds

__all__ = ["Target", "judged"]

EPOCH_MICROSECONDS = 100
TIMES_LESS = 10

Result = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """One claim.

    Attributes:
        claim: what is aimed at.
        found: what was measured.
        met: whether it was met; None where it was not measured.
        why: where it was missed, what the figures say of the reason.
    """

    claim: str
    found: str
    met: bool | None
    why: str = ""

    @property
    def verdict(self) -> str:
        """In a word."""
        return {True: "met", False: "missed", None: "not measured"}[self.met]


def judged(overhead: Result | None, peers: Result | None) -> list[Target]:
    """Each target, held against what was measured."""
    return [_whole(overhead), _epoch(overhead, peers), _less(peers)]


def _whole(overhead: Result | None) -> Target:
    claim = (
        f"Worst configuration: the whole process takes ≤ {TARGET - 1:.1%} longer in the median, "
        f"upper bound of the 95 % interval ≤ {TARGET_BOUND - 1:.0%} (the paper: < {PAPER - 1:.1%})"
    )
    if overhead is None:
        return Target(claim, "", None)
    ratios = [each["ratios"]["whole"] for each in overhead["configurations"]]
    median, high = (max(ratio[name] for ratio in ratios) for name in ("median", "high"))
    together = overhead["together"]
    found = (
        f"worst median {median - 1:+.2%}, worst upper bound {high - 1:+.2%}; all "
        f"{together['pairs']} pairs together {together['median'] - 1:+.2%} "
        f"({together['low'] - 1:+.2%} … {together['high'] - 1:+.2%})"
    )
    met = median <= TARGET and high <= TARGET_BOUND
    return Target(claim, found, met, "" if met else _why_whole(overhead))


def _why_whole(overhead: Result) -> str:
    """Where the worst configuration's time is, and how much of it the machine's own noise."""
    worst = max(overhead["configurations"], key=lambda each: each["ratios"]["whole"]["median"])
    ratio, parts, plain = worst["ratios"]["whole"], worst["added_seconds"], worst["plain_seconds"]
    others = worst["configuration"]["epochs"] - 1
    split = ", ".join(
        f"{parts[name]['median'] * times * 1e3:+.0f} ms {what}"
        for name, times, what in (
            ("start", 1, "until the first epoch has ended"),
            ("epoch", others, f"in the {others} other epochs"),
            ("end", 1, "after the last"),
        )
    )
    noise = (
        f"; the interval reaches down to {ratio['low'] - 1:+.2%}, so {ratio['pairs']} pairs on this"
        " machine cannot tell it from the target"
        if ratio["low"] <= TARGET
        else ""
    )
    return (
        f"Of a process of {plain:.1f} s, capture adds {split}. {_accounted(worst)}; the rest is "
        f"the import, and the machine{noise}."
    )


def _accounted(worst: Result) -> str:
    """The work that is ours, whoever does it; as a share of one core, as if none were parallel."""
    names = ("inside_seconds", "exporter_cpu_seconds", "server_cpu_seconds")
    share = sum(worst[name] or 0 for name in names) / worst["plain_seconds"]
    inside, exporter, server = (milliseconds(worst[name]) for name in names)
    return (
        f"Of that, {inside} ms are our code on the training thread, {exporter} ms of CPU the "
        f"exporter's and {server} ms MonetDB's: {share:.2%} of the process, were none of it done "
        "beside the training"
    )


def _epoch(overhead: Result | None, peers: Result | None) -> Target:
    claim = f"Our code takes ≤ {EPOCH_MICROSECONDS} µs of the training thread per epoch (median)"
    found = (
        []
        if overhead is None
        else [each["inside_per_epoch_us"] for each in overhead["configurations"]]
    )
    ours = _arm(peers, "captured")
    if ours is not None:
        found.append(ours["inside"]["median"] * 1e6)
    if not found:
        return Target(claim, "", None)
    met = max(found) <= EPOCH_MICROSECONDS
    why = (
        "Most of it is reading the learning rate from its variable, the append to the journal "
        "that makes the epoch safe from a kill, and Python with cold caches after an epoch of "
        "TensorFlow, as the profile below shows. What was tried is in "
        "docs/explanation/benchmarks.md."
    )
    return Target(claim, f"{min(found):.0f} to {max(found):.0f} µs", met, "" if met else why)


def _less(peers: Result | None) -> Target:
    claim = f"≥ {TIMES_LESS} times less added per epoch than by MLflow autologging (models off)"
    ours, theirs = _arm(peers, "captured"), _arm(peers, "mlflow")
    if ours is None or theirs is None:
        return Target(claim, "", None)
    times = theirs["inside"]["median"] / ours["inside"]["median"]
    cpu, whole = (
        f"{theirs['added'][name]['median'] * 1e3:+.1f} ms beside our "
        f"{ours['added'][name]['median'] * 1e3:+.1f} ms"
        for name in ("epoch_cpu", "epoch")
    )
    found = (
        f"{times:.1f} times less on the training thread; "
        f"CPU of all threads {cpu}; whole epoch {whole}"
    )
    why = (
        "MLflow's callback hands the metrics to a thread of its own (`synchronous=False`), so that "
        "most of its work is not on the training thread."
    )
    return Target(claim, found, times >= TIMES_LESS, "" if times >= TIMES_LESS else why)


def _arm(peers: Result | None, name: str) -> Result | None:
    found: Result
    for found in [] if peers is None else peers["arms"]:
        if found["name"] == name:
            return found
    return None
