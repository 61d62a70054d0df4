"""Tell the user once that the store cannot be reached, and once that it can again."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import ConflictError

if TYPE_CHECKING:
    from tenacity import RetryCallState

__all__ = ["Outage"]

logger = logging.getLogger(__name__)


class Outage:
    """Whether the store cannot be reached now.

    Args:
        journal: the file in which messages wait meanwhile.

    Attributes:
        is_on: whether the last attempt failed.
        may_read: whether the database answers: no attempt has failed, or another writer was in the
            way of the last one.
    """

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self.is_on, self.may_read = False, True

    def report(self, state: RetryCallState) -> None:
        """Called after each failed attempt."""
        error = state.outcome.exception() if state.outcome is not None else None
        self.may_read = isinstance(error, ConflictError)
        if not self.is_on and error is not None:
            logger.warning(
                "%s Training goes on and nothing is lost: what is captured waits in %s.",
                error,
                self._journal,
            )
        self.is_on = True

    def end(self) -> None:
        """Called after each attempt that succeeded."""
        if self.is_on:
            logger.warning("The store is back; what waited is being stored.")
        self.is_on, self.may_read = False, True
