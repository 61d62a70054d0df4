"""What two arms that ran in alternation tell: ratios pair by pair, with their uncertainty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Comparison", "alternating", "compared"]

RESAMPLES = 10_000
CONFIDENCE = 95.0
SEED = 1


@dataclass(frozen=True)
class Comparison:
    """How many times as long the one arm takes as the other.

    Attributes:
        median: of the pairs' ratios.
        low: lower bound of its 95 % confidence interval (percentile bootstrap).
        high: upper bound.
        deviation: standard deviation of the ratios.
        pairs: how many there were.
    """

    median: float
    low: float
    high: float
    deviation: float
    pairs: int


def alternating(arms: Sequence[str], rounds: int) -> Iterator[tuple[int, str]]:
    """Round and arm, in the order A B, B A, A B, …, so that a drift of the machine hits both."""
    for number in range(rounds):
        for arm in arms if number % 2 == 0 else reversed(arms):
            yield number, arm


def compared(base: Sequence[float], other: Sequence[float]) -> Comparison:
    """`other` by `base`, value by value of the same round.

    Raises:
        ValueError: they are not as many, or none.
    """
    if len(base) != len(other) or not base:
        raise ValueError(
            "Arms are compared round by round, so both have as many values. Received: "
            f"{len(base)} and {len(other)}."
        )
    ratios = np.asarray(other) / np.asarray(base)
    random = np.random.default_rng(SEED)
    medians = np.median(random.choice(ratios, (RESAMPLES, len(ratios))), axis=1)
    low, high = np.percentile(medians, [(100 - CONFIDENCE) / 2, (100 + CONFIDENCE) / 2])
    deviation = float(ratios.std(ddof=1)) if len(ratios) > 1 else 0.0
    return Comparison(float(np.median(ratios)), float(low), float(high), deviation, len(ratios))
