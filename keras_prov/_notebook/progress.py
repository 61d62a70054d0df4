"""A training's progress in a notebook, if asked for: one display that is replaced as it goes.

It shows what is recorded anyway: nothing more is read from the model or the device. Elsewhere than
in a notebook nothing is shown, as Keras has a progress bar for terminals.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from typing import Any

from .progress_html import State, progress_html
from .shell import is_kernel

__all__ = ["ProgressDisplay", "progress_display"]

SECONDS = 0.5
"""Between two updates, but for the first and the last, and for adaptations."""

MAX_ADAPTATIONS = 5
MAX_POINTS = 400
"""Of the picture: of more epochs, every second, fourth, … one is kept."""

_shown = 0


def progress_display(title: str, epochs: Any, first: Any = 0) -> ProgressDisplay | None:
    """The display of a training, shown from now on; None where there is no notebook.

    Args:
        title: what is trained.
        epochs: the number of the last epoch that was asked for, as `fit` has it.
        first: the epoch that it begins with, counted from 0.
    """
    if not is_kernel():
        return None
    asked = epochs if isinstance(epochs, int) else 0
    return ProgressDisplay(State(title, asked, first if isinstance(first, int) else 0))


class ProgressDisplay:
    """One display of a notebook, updated at the end of epochs."""

    def __init__(self, state: State) -> None:
        global _shown
        _shown += 1
        self._state = state
        self._id = f"keras-prov-progress-{_shown}"
        self._began = self._updated = time.monotonic()
        self._stride = 1
        self._show(update=False)

    def epoch(self, epoch: int, logs: Mapping[Any, Any]) -> None:
        """An epoch has ended, counted from 0, with these metrics."""
        state = self._state
        state.done = epoch + 1 - state.first
        state.metrics = {str(name): value for name, value in logs.items()}
        state.seconds = time.monotonic() - self._began
        self._add_point(epoch, logs)
        if time.monotonic() - self._updated >= SECONDS:
            self._show()

    def adaptation(self, adaptation: Any) -> None:
        """The configuration has changed; the newest changes are shown."""
        shown = f"epoch {adaptation.epoch + 1}: {adaptation.cause}"
        if adaptation.attribute not in (None, "learning_rate"):
            old, new = adaptation.old_value, adaptation.new_value
            shown += f", {adaptation.attribute} {old} → {new}"
        elif adaptation.old_rate != adaptation.new_rate:
            old, new = (_short(rate) for rate in (adaptation.old_rate, adaptation.new_rate))
            shown += f", learning rate {old} → {new}"
        if adaptation.person is not None:
            shown += f" ({adaptation.person})"
        self._state.adaptations = [*self._state.adaptations, shown][-MAX_ADAPTATIONS:]
        self._show()

    def end(self, outcome: str) -> None:
        """The training has ended; this display stays in the notebook as it is now."""
        self._state.outcome = outcome
        self._state.seconds = time.monotonic() - self._began
        self._show()

    def _add_point(self, epoch: int, logs: Mapping[Any, Any]) -> None:
        if epoch % self._stride:
            return
        for name in ("loss", "val_loss"):
            value = logs.get(name)
            if isinstance(value, (int, float)) and math.isfinite(value):
                self._state.curves.setdefault(name, []).append((epoch, float(value)))
        if max(map(len, self._state.curves.values()), default=0) > MAX_POINTS:
            self._stride *= 2
            for name, points in self._state.curves.items():
                self._state.curves[name] = [p for p in points if p[0] % self._stride == 0]

    def _show(self, *, update: bool = True) -> None:
        self._updated = time.monotonic()
        data = {"text/html": progress_html(self._state), "text/plain": self._state.line()}
        display = sys.modules["IPython.display"].display
        display(data, raw=True, display_id=self._id, update=update)


def _short(rate: float | None) -> str:
    return "?" if rate is None else f"{rate:.4g}"
