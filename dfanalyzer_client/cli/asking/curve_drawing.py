"""Draw curves in characters, and say what cannot be drawn: NaN and infinity."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...support.terminal import terminal_line

if TYPE_CHECKING:
    from ...analysis.curve_table import Curves

__all__ = ["drawn_curves"]

HEIGHT = 20
TICKS = 9
"""At most so many epochs are labelled."""

MARKERS = "x+o*#@"
"""What tells lines apart without colours."""

LISTED = 10
"""So many epochs are named in which a metric is not finite."""

Point = tuple[int, float]


@dataclass
class Line:
    """One line of a drawing: a metric in a training, and in those that continued its epochs."""

    metric: str
    trainings: list[int]
    points: list[Point] = field(default_factory=list)


def drawn_curves(
    curves: Curves, metrics: Sequence[str], width: int, *, coloured: bool
) -> Iterator[str]:
    """The curves of one run as text, then a sentence for each that has values without a place.

    Args:
        curves: of one run.
        metrics: the metrics, in the order of the legend.
        width: of the drawing, in characters.
        coloured: whether the text may have a terminal's colours.
    """
    lines = list(_lines(curves, metrics))
    labels = _labels(lines)
    finite = [[point for point in line.points if math.isfinite(point[1])] for line in lines]
    if any(finite):
        adapted = sorted({int(epoch) for epoch in curves.adaptations.column("epoch")})
        named = [(label, found) for label, found in zip(labels, finite, strict=True) if found]
        yield _drawn(named, adapted, width, coloured=coloured)
    else:
        yield "There is no finite value to draw."
    for label, line in zip(labels, lines, strict=True):
        yield from _not_finite(label, line)


def _lines(curves: Curves, metrics: Sequence[str]) -> Iterator[Line]:
    """The lines; a training that begins behind the last epoch of the one before continues it."""
    series = {(training, metric): points for (_, training, metric), points in curves.series.items()}
    for metric in metrics:
        last: Line | None = None
        for training in sorted(number for number, name in series if name == metric):
            points = [(at, value) for at, value in series[training, metric] if value is not None]
            if last is not None and points and last.points and points[0][0] > last.points[-1][0]:
                last.trainings.append(training)
                last.points += points
                continue
            if last is not None:
                yield last
            last = Line(metric, [training], points)
        if last is not None:
            yield last


def _labels(lines: Sequence[Line]) -> list[str]:
    """What the legend calls the lines: by metric, and by training if there are several."""
    several = len({tuple(line.trainings) for line in lines}) > 1
    labels = []
    for line in lines:
        label, numbers = terminal_line(line.metric), line.trainings
        if several:
            span = f"{numbers[0]}-{numbers[-1]}" if numbers[1:] else f"{numbers[0]}"
            label += f" (training{'s' * (len(numbers) > 1)} {span})"
        labels.append(label)
    return labels


def _drawn(
    lines: Sequence[tuple[str, Sequence[Point]]],
    adapted: Sequence[int],
    width: int,
    *,
    coloured: bool,
) -> str:
    import plotext

    plotext.clear_figure()
    plotext.plot_size(width, HEIGHT)
    plotext.theme("clear")
    markers = ["braille"] if coloured or len(lines) == 1 else MARKERS
    for marker, (label, points) in zip(itertools.cycle(markers), lines, strict=False):
        plotext.plot(*map(list, zip(*points, strict=True)), label=label, marker=marker)
    plotext.xticks(_ticks([at for _, points in lines for at, _ in points]))
    for epoch in adapted:
        plotext.vline(epoch)
    plotext.xlabel("epoch (a vertical line is an adaptation)" if adapted else "epoch")
    drawn = plotext.build()
    return str(drawn if coloured else plotext.uncolorize(drawn))


def _ticks(epochs: Sequence[int]) -> list[int]:
    """The epochs to label: whole numbers, as epochs are."""
    first, last = min(epochs), max(epochs)
    return list(range(first, last + 1, max(1, math.ceil((last - first) / (TICKS - 1)))))


def _not_finite(label: str, line: Line) -> Iterator[str]:
    """Sentences that say where a metric is NaN or infinite."""
    odd = [(_kind(value), epoch) for epoch, value in line.points if not math.isfinite(value)]
    for kind, found in itertools.groupby(sorted(odd), key=lambda each: each[0]):
        epochs = [epoch for _, epoch in found]
        if len(epochs) == len(line.points) > 1:
            yield f"{label} is {kind} in all {len(epochs)} epochs."
            continue
        listed = ", ".join(map(str, epochs[:LISTED]))
        more = f" and {len(epochs) - LISTED} more" if len(epochs) > LISTED else ""
        yield f"{label} is {kind} in epoch{'s' * (len(epochs) > 1)} {listed}{more}."


def _kind(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "infinite" if value > 0 else "negatively infinite"
