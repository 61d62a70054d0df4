"""One policy, as the process that trains looks after it."""

from __future__ import annotations

import logging

from ..errors import SelectionError
from ..store.connection import Connection
from ._condition import Condition, Row, short
from ._epochs import EPOCH, Training, epochs_after, newest_training
from ._parsing import parse_condition

__all__ = ["Policy"]

logger = logging.getLogger(__name__)


class Policy:
    """A condition that waits for the epochs of an execution, and is fulfilled once.

    The epochs that had ended when it came count for ``min``, ``max`` and ``avg``; of these, only
    the last one may fulfil it, and each one afterwards.

    Args:
        text: the condition; one that cannot be read is never fulfilled.
        df_exec: the id of the execution.

    Attributes:
        fulfilled_by: what fulfilled it, in words; None while nothing has.
    """

    def __init__(self, text: str, df_exec: int) -> None:
        self.fulfilled_by: str | None = None
        self._df_exec = df_exec
        self._training: Training | None = None
        self._last: float | None = None
        self._is_new = True
        self._condition: Condition | None = None
        try:
            self._condition = parse_condition(text)
        except SelectionError as error:  # somebody wrote it with SQL
            logger.warning("A policy is never fulfilled: %s", error)

    def look(self, connection: Connection) -> None:
        """Look at the epochs that came since the last time."""
        if self._condition is None or self.fulfilled_by is not None:
            return
        training = newest_training(connection, self._df_exec)
        if training is None:
            return
        if self._training is None or training.task != self._training.task:
            self._condition.begin()
            self._training, self._last = training, None
        rows = epochs_after(connection, training, self._last, self._condition.names)
        counted_from = len(rows) - 1 if self._is_new else 0
        for place, row in enumerate(rows):
            self._see(self._condition, row, is_counted=place >= counted_from)
        self._is_new = False

    def _see(self, condition: Condition, row: Row, *, is_counted: bool) -> None:
        self._last = row[EPOCH]
        found = condition.see(row)
        if found is not None and is_counted and self.fulfilled_by is None:
            self.fulfilled_by = f"epoch {short(row[EPOCH])}: {found}"
