"""Figures without pyplot, labels that fit, and colours for any number of runs."""

from __future__ import annotations

import functools
import io
from collections.abc import Sequence
from typing import Any

from ...support.distribution import install_command
from ...support.terminal import terminal_line

__all__ = ["colours", "finite", "integer_ticks", "label", "new_axes", "note"]

CHARACTERS = 32
DOTS = 110
TEN = 10
"""So many colours are told apart; of more runs, the colour says the order."""


def new_axes(ax: Any, panels: int = 1, *, height: float = 3.2, columns: int = 2) -> list[Any]:
    """Axes for some panels: `ax` if one is given, else those of a new figure.

    Raises:
        ImportError: matplotlib is not installed.
    """
    if ax is not None:
        return [ax]
    wide = min(panels, columns)
    rows = -(-panels // wide)
    figure = _figure_class()(
        figsize=(6.4 if wide == 1 else 5.2 * wide, height * rows), dpi=DOTS, layout="constrained"
    )
    axes = figure.subplots(rows, wide, squeeze=False).flatten().tolist()
    for unused in axes[panels:]:
        unused.remove()
    return list(axes[:panels])


def label(text: object, characters: int = CHARACTERS) -> str:
    """A name as it is drawn: on one line, cut in its middle, and never read as a formula."""
    line = terminal_line(text)
    if len(line) > characters:
        half = (characters - 1) // 2
        line = f"{line[:half]}…{line[-half:]}"
    line = line.replace("$", r"\$")
    return f"\u200b{line}" if line.startswith("_") else line  # else a legend leaves it out


def colours(count: int) -> list[Any]:
    """A colour for each of several runs."""
    if count <= TEN:
        return [f"C{number}" for number in range(count)]
    import matplotlib

    scale = matplotlib.colormaps["viridis"]
    return [scale(number / (count - 1)) for number in range(count)]


def integer_ticks(ax: Any) -> None:
    """Number epochs: no half ones."""
    from matplotlib.ticker import MaxNLocator

    locator = MaxNLocator(nbins="auto", steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
    ax.xaxis.set_major_locator(locator)


def note(ax: Any, text: str) -> None:
    """Say something in small letters above the axes, where no label of theirs is."""
    ax.annotate(
        text,
        (0, 1),
        (0, 3),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize="x-small",
        color="gray",
        va="bottom",
    )


def finite(values: Sequence[Any]) -> list[float]:
    """The values as numbers; None and what is no number become NaN, which is a gap."""
    return [float(value) if isinstance(value, (int, float)) else float("nan") for value in values]


@functools.cache
def _figure_class() -> Any:
    """The Figure of matplotlib, which notebooks show without a backend of their own."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            f"Pictures need matplotlib: {install_command('plot')}.", name="matplotlib"
        ) from error

    class ShownFigure(Figure):
        """A figure that is its own picture."""

        def _repr_png_(self) -> bytes:
            picture = io.BytesIO()
            canvas: Any = FigureCanvasAgg(self)
            canvas.print_png(picture)
            return picture.getvalue()

    ShownFigure.__name__ = ShownFigure.__qualname__ = "Figure"
    return ShownFigure
