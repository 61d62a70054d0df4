"""What of a task does not fit: refused, or left out and logged, as KERAS_PROV_MISFITS says.

DfAnalyzer's server dropped it in silence, and scripts may rely on not being stopped.
"""

from __future__ import annotations

import logging

from ..config import settings
from ..config.table import BY_KEY, LEAVE_OUT
from ..declarations.messages import TaskMessage
from ..declarations.misfit import Misfit
from ..errors import ElementError
from ..masking import MAX_ERROR_CHARACTERS, captured_text, masked_value

__all__ = ["Misfits"]

logger = logging.getLogger(__name__)

LENIENT = f"{BY_KEY['misfits'].variable}={LEAVE_OUT}"


class Misfits:
    """What does not fit of the messages of one task."""

    def __init__(self, task: TaskMessage) -> None:
        self._task = task
        self._left_out: list[str] = []

    def add(self, misfit: Misfit) -> None:
        """Leave out a value or an element.

        Raises:
            ElementError: nothing is left out here; the message says how to change that.
            DfAnalyzerError: the setting has a value that it may not have.
        """
        if not settings.leaves_out_misfits():
            raise ElementError(
                f"{misfit.error} Correct it, or set {LENIENT} to store the task without it."
            ) from None
        self._left_out.append(f"{misfit.where}: {_shown(misfit)}")

    def log(self) -> None:
        """Log in one line what was left out since the last time, if anything was."""
        if not self._left_out:
            return
        task, left_out = self._task, "; ".join(self._left_out)
        self._left_out = []
        logger.warning(
            "Task %s of %r in execution %r is stored without what does not fit (%s): %s",
            task["id"],
            task["transformation"],
            task["exec"],
            LENIENT,
            left_out,
        )


def _shown(misfit: Misfit) -> str:
    """The content, masked as everything that is shown."""
    text = repr(misfit.content)
    return captured_text(
        text, MAX_ERROR_CHARACTERS, mask=lambda part: masked_value(misfit.name, part)
    )
