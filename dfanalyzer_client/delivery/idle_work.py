"""What the exporter does, step by step, while it has nothing to store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import DfAnalyzerError
from .batches import TRANSIENT_ERRORS

__all__ = ["IdleWork"]

logger = logging.getLogger(__name__)


class IdleWork:
    """Work that may wait: storing what earlier processes left behind.

    Args:
        begin: begins the work, given the store; None if there is none to do.
    """

    def __init__(self, begin: Callable[[Any], Iterator[None]] | None) -> None:
        self._begin = begin
        self._steps: Iterator[None] | None = None
        self._has_begun = False

    @property
    def is_left(self) -> bool:
        """Whether a step can be done now."""
        return self._steps is not None

    def begin(self, store: Any) -> None:
        """Begin, unless it has begun; begin again if the store could not be reached then."""
        if self._begin is not None and not self._has_begun:
            self._steps, self._has_begun = self._begin(store), True

    def step(self) -> None:
        """Do one step; its errors never keep messages from being stored."""
        try:
            if self._steps is not None:
                next(self._steps)
        except StopIteration:
            self._steps = None
        except DfAnalyzerError as error:
            self._steps, self._has_begun = None, not isinstance(error, TRANSIENT_ERRORS)
            logger.info("What earlier processes left is not stored yet: %s", error)
        except Exception:
            self._steps = None
            logger.exception("Storing what earlier processes left failed because of a bug.")

    def stop(self) -> None:
        """Do no more steps."""
        self._steps = None
