"""The moment between two steps at which requests are answered."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Moment"]


class Moment(NamedTuple):
    """Where a training is.

    Attributes:
        epoch: the epoch that runs or has just ended; None before the first one.
        batch: the batch of that epoch which ended last; None between two epochs.
        first_epoch: the first epoch that a change holds for, in mid-epoch the one that runs.
        is_last: whether no step will follow.
    """

    epoch: int | None
    batch: int | None
    first_epoch: int
    is_last: bool = False

    def has_begun(self, epoch: int) -> bool:
        """Whether steps of `epoch` were taken before."""
        return epoch < self.first_epoch or (epoch == self.first_epoch and self.batch is not None)
