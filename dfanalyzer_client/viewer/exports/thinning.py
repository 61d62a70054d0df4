"""Fewer points of long curves, which look the same: the highest and the lowest of each stretch."""

from __future__ import annotations

import math
from typing import Any

from ..curve_data import with_drawn_epochs

__all__ = ["MAX_POINTS", "thinned"]

MAX_POINTS = 400_000
"""Of all curves of a file together, about 8 MB."""


def thinned(curves: dict[str, Any], most: int = MAX_POINTS) -> dict[str, int]:
    """Thin curves out in place, if they have more points than `most` together.

    ``stretch`` of `curves` then says how far, as `curve_data` does.

    Returns:
        ``all``, the points that there were, and ``kept``.
    """
    series = curves["series"]
    count = sum(len(each["epochs"]) for each in series)
    if count > most:
        each_most = max(2, most // len(series))
        longest = max(len(each["epochs"]) for each in series)
        curves["stretch"] = _stretch(longest, each_most)
        for each in series:
            places = _kept(each["values"], each_most)
            each["epochs"] = [each["epochs"][place] for place in places]
            each["values"] = [each["values"][place] for place in places]
        with_drawn_epochs(curves.get("times", []), series)
    return {"all": count, "kept": sum(len(each["epochs"]) for each in series)}


def _kept(values: list[Any], most: int) -> list[int]:
    """The places of the points that stay: two of each stretch, and the last."""
    length = _stretch(len(values), most)
    if length == 1:
        return list(range(len(values)))
    kept = {len(values) - 1}
    for first in range(0, len(values), length):
        stretch = range(first, min(first + length, len(values)))
        numbers = [place for place in stretch if _is_drawn(values[place])]
        kept |= (
            {min(numbers, key=values.__getitem__), max(numbers, key=values.__getitem__)}
            if (numbers)
            else {first}
        )
    return sorted(kept)


def _stretch(points: int, most: int) -> int:
    return 1 if points <= most else math.ceil(2 * points / most)


def _is_drawn(value: Any) -> bool:
    return isinstance(value, float | int) and math.isfinite(value)
