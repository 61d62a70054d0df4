"""Comparison of two arms that ran in alternation, pair by pair, with its uncertainty."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Comparison", "added", "alternating", "blocks", "compared", "spread"]

Arm = TypeVar("Arm")

RESAMPLES = 10_000
CONFIDENCE = 95.0
SEED = 1


@dataclass(frozen=True)
class Comparison:
    """How many times as long one arm takes as the other, or how much longer.

    Attributes:
        median: median of the pairs' ratios or differences.
        low: lower bound of its 95 % confidence interval (percentile bootstrap).
        high: upper bound.
        deviation: standard deviation of the ratios or differences.
        pairs: the number of pairs.
    """

    median: float
    low: float
    high: float
    deviation: float
    pairs: int


def alternating(arms: Sequence[Arm], rounds: int) -> Iterator[tuple[int, Arm]]:
    """Round and arm, in the order A B, B A, A B, …, so that a drift of the machine affects both."""
    for number in range(rounds):
        for arm in arms if number % 2 == 0 else reversed(arms):
            yield number, arm


def compared(base: Sequence[float], other: Sequence[float]) -> Comparison:
    """The ratios of `other` to `base`, round by round.

    Raises:
        ValueError: they have different lengths, or are empty.
    """
    _check(base, other)
    return _summary(np.asarray(other) / np.asarray(base))


def added(base: Sequence[float], other: Sequence[float]) -> Comparison:
    """The differences of `other` and `base`, round by round.

    Raises:
        ValueError: they have different lengths, or are empty.
    """
    _check(base, other)
    return _summary(np.asarray(other) - np.asarray(base))


def spread(values: Sequence[float]) -> Comparison:
    """The median of values that are not compared, with its interval.

    Raises:
        ValueError: there are none.
    """
    return added([0.0] * len(values), values)


def blocks(values: Sequence[float]) -> list[float]:
    """The means of two rounds each, A B B A, in which a steady drift affects both arms alike.

    Raises:
        ValueError: the last block is half.
    """
    if len(values) % 2:
        raise ValueError(
            f"A block has two rounds, A B B A. Received: {len(values)} rounds. Expected: an even "
            "number."
        )
    return [(first + second) / 2 for first, second in zip(values[::2], values[1::2], strict=True)]


def _check(base: Sequence[float], other: Sequence[float]) -> None:
    if len(base) != len(other) or not base:
        raise ValueError(
            "Arms are compared round by round, so both have the same number of values. Received: "
            f"{len(base)} and {len(other)}."
        )


def _summary(values: NDArray[np.float64]) -> Comparison:
    random = np.random.default_rng(SEED)
    medians = np.median(random.choice(values, (RESAMPLES, len(values))), axis=1)
    low, high = np.percentile(medians, [(100 - CONFIDENCE) / 2, (100 + CONFIDENCE) / 2])
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Comparison(float(np.median(values)), float(low), float(high), deviation, len(values))
