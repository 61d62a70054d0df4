"""How a training's progress looks: a bar, its metrics and a small picture of its loss."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dfanalyzer_client.support.terminal import terminal_line

__all__ = ["State", "progress_html"]

WIDTH, HEIGHT = 240, 40
MAX_METRICS = 8
COLOURS = {"loss": "#1f77b4", "val_loss": "#ff7f0e"}
"""Legible on white as on black."""

BAR = (
    '<div style="background: rgba(128, 128, 128, 0.25); border-radius: 3px; height: 6px; '
    'max-width: 40em; margin: 4px 0"><div style="background: {colour}; border-radius: 3px; '
    'height: 6px; width: {percent:.1f}%"></div></div>'
)

FAILURES = ("exception", "interrupt", "exit", "TerminateOnNaN")
"""How the outcomes of trainings begin that have not ended as somebody wished."""


@dataclass
class State:
    """What is known of a training that runs.

    Attributes:
        title: what is trained.
        epochs: the last epoch that was asked for; 0 if unknown.
        first: the epoch that it began with, counted from 0.
        done: how many epochs have ended.
        seconds: how long that took.
        metrics: of the last epoch.
        curves: points of the loss, as epoch and value.
        adaptations: the newest changes of the configuration.
        outcome: how it ended; empty while it runs.
    """

    title: str
    epochs: int
    first: int = 0
    done: int = 0
    seconds: float = 0.0
    metrics: Mapping[str, Any] = field(default_factory=dict)
    curves: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    adaptations: Sequence[str] = ()
    outcome: str = ""

    @property
    def share(self) -> float:
        """The share of the epochs that have ended, from 0 to 1."""
        asked = self.epochs - self.first
        return min(self.done / asked, 1.0) if asked > 0 else 0.0

    def line(self) -> str:
        """All of it on one line, for front ends without HTML."""
        parts = [f"{self.title}: epoch {self.first + self.done} of {self.epochs}", self._time()]
        return ", ".join([*parts, *_metrics(self.metrics)])

    def _time(self) -> str:
        if self.outcome:
            return f"{self.outcome} after {_duration(self.seconds)}"
        if not self.done:
            return "running"
        left = self.seconds / self.done * max(self.epochs - self.first - self.done, 0)
        return f"{_duration(left)} left"


def progress_html(state: State) -> str:
    """The state of a training as HTML; texts are escaped."""
    failed = state.outcome.startswith(FAILURES)
    lines = [
        f"<b>{_escaped(state.title)}</b> epoch {state.first + state.done} of {state.epochs}, "
        f"{_escaped(state._time())}",
        BAR.format(colour="#d62728" if failed else "#2ca02c", percent=100 * state.share),
        _escaped("  ".join(_metrics(state.metrics))),
        _picture(state.curves),
        *(f"<div>{_escaped(each)}</div>" for each in state.adaptations),
    ]
    return f'<div style="font-size: 90%">{"".join(_block(each) for each in lines if each)}</div>'


def _block(text: str) -> str:
    return text if text.startswith("<div") else f"<div>{text}</div>"


def _escaped(text: str) -> str:
    return html.escape(terminal_line(text))


def _metrics(metrics: Mapping[str, Any]) -> list[str]:
    shown = [
        f"{name}: {value:.4g}" if isinstance(value, float) else f"{name}: {value}"
        for name, value in list(metrics.items())[:MAX_METRICS]
    ]
    left = len(metrics) - len(shown)
    return [*shown, f"and {left} more"] if left else shown


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {whole % 60:02} s"


def _picture(curves: Mapping[str, Sequence[tuple[int, float]]]) -> str:
    """The curves as a small SVG; empty until there are two points."""
    points = [point for curve in curves.values() for point in curve]
    epochs, values = [x for x, _ in points], [y for _, y in points]
    if len(set(epochs)) < 2:
        return ""
    left, low = min(epochs), min(values)
    across, up = max(epochs) - left, (max(values) - low) or 1.0
    lines = []
    for name, curve in curves.items():
        path = " ".join(
            f"{(x - left) / across * WIDTH:.1f},{HEIGHT - (y - low) / up * HEIGHT:.1f}"
            for x, y in curve
        )
        lines.append(
            f'<polyline points="{path}" fill="none" stroke="{COLOURS[name]}" stroke-width="1.5">'
            f"<title>{name}</title></polyline>"
        )
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT + 2}" viewBox="-1 -1 {WIDTH + 2} {HEIGHT + 2}" '
        f'role="img" aria-label="{" and ".join(curves)}">{"".join(lines)}</svg>'
    )
