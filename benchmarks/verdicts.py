"""Whether an effect with an interval meets its target, or how many more fits it takes to tell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .paired import Comparison

__all__ = ["EPOCH_TARGETS", "FIT_TARGET", "LEAST_BLOCKS", "Verdict", "number", "verdict"]

EPOCH_TARGETS = {"constant": 60e-6, "scheduled": 100e-6}
"""Seconds of the training thread that capture may add to an epoch, by kind of learning rate."""

FIT_TARGET = 0.01
"""How much longer a `fit()` with epochs of 30 ms or more may take."""

LEAST_BLOCKS = 6
"""So many blocks all lie on one side of the true median in fewer than 5 % of all cases."""

MOST_TIMES = 1_000


@dataclass(frozen=True)
class Verdict:
    """What an interval shows about a target.

    Attributes:
        word: `met`, `missed`, or `open` if the interval does not show which.
        why: if it is open, what is missing.
        times: if it is open, how many times as many fits would decide it; None if nobody can tell.
    """

    word: str
    why: str = ""
    times: int | None = None

    def __str__(self) -> str:
        return f"{self.word}: {self.why}" if self.why else self.word


def verdict(found: Comparison, target: float, factor: float = 1.0, unit: str = "") -> Verdict:
    """Compare the added `found` with what may be added; `factor` makes it the unit of the text.

    It is met only if the interval is also narrower than the target: one that is wide enough to hold
    anything shows nothing, even if it ends below the target.
    """
    if found.low > target and found.pairs >= LEAST_BLOCKS:
        return Verdict("missed")
    half = (found.high - found.low) / 2
    if found.pairs < LEAST_BLOCKS:
        times = math.ceil(LEAST_BLOCKS / found.pairs)
        return Verdict("open", f"{found.pairs} values are too few for an interval", times)
    if half > target:
        what = f"interval ±{number(half * factor)}{unit} is wider than the target"
        return _open(what, half, target)
    if found.high <= target:
        return Verdict("met")
    what = f"target within the interval ±{number(half * factor)}{unit}"
    return _open(what, half, abs(target - found.median))


def number(value: float, sign: str = "") -> str:
    """Three digits, or as many as a larger number has before its point; `sign` may be `+`."""
    return f"{value:{sign},.0f}" if abs(value) >= 100 else f"{value:{sign}.3g}"


def _open(what: str, half: float, wanted: float) -> Verdict:
    """An interval narrows with the square root of the number of fits."""
    if half**2 > MOST_TIMES * wanted**2:
        return Verdict("open", f"{what}: more than {MOST_TIMES:,} times as many fits", None)
    times = max(2, math.ceil((half / wanted) ** 2))
    return Verdict("open", f"{what}: about {times:,} times as many fits would decide it", times)
