"""How far a training is, shown in a notebook if that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from dfanalyzer_client.keras_schema import names as tags
from dfanalyzer_client.support.forks import fork_lock

from .._guard import guarded
from .._recording.events import Adaptation
from .._recording.rows import Row

if TYPE_CHECKING:
    from .._notebook.progress import ProgressDisplay

__all__ = ["ShownProgress"]


class ShownProgress:
    """What a notebook shows of one training; nothing until `begin`, and nowhere else.

    Attributes:
        is_on: whether anything is shown.
    """

    def __init__(self) -> None:
        self._display: ProgressDisplay | None = None
        self.is_on = False

    @property
    def show(self) -> Callable[[Adaptation], None] | None:
        """Shows an adaptation; None if nothing is shown."""
        return None if self._display is None else self._adaptation

    def begin(self, title: str, arguments: Mapping[str, Any]) -> None:
        """Show a training that begins, if this is a notebook.

        Args:
            title: what is trained.
            arguments: those of `fit`.
        """
        with guarded("the progress of a training", self, lost="its progress"):
            with fork_lock():
                from .._notebook.progress import progress_display  # here: few trainings need it

            self._display = progress_display(
                title, arguments.get("epochs"), arguments.get("initial_epoch")
            )
            self.is_on = self._display is not None

    def epoch(self, epoch: int, logs: Mapping[Any, Any]) -> None:
        """An epoch has ended with these metrics."""
        if self._display is not None:
            with guarded("the progress of a training", self, lost="its progress"):
                self._display.epoch(epoch, logs)

    def end(self, outcome: Row) -> None:
        """The training has ended, as its outcome says."""
        if self._display is not None:
            with guarded("the progress of a training", self, lost="its progress"):
                reasons = (outcome.get(tags.STOP_REASON), outcome.get(tags.STOP_DETAIL))
                self._display.end(": ".join(str(each) for each in reasons if each))

    def detach(self) -> None:
        """In a forked child, show nothing."""
        self._display, self.is_on = None, False

    def _adaptation(self, adaptation: Adaptation) -> None:
        with guarded("the progress of a training", self, lost="its progress"):
            if self._display is not None:
                self._display.adaptation(adaptation)
