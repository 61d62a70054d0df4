"""What `keras-prov runs` is asked."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Asked"]


@dataclass(frozen=True)
class Asked:
    """Which executions to list, in which order, and how many at most."""

    dataflow: str | None
    status: str | None
    where: tuple[str, ...]
    sort: str | None
    limit: int | None

    @property
    def is_by_age(self) -> bool:
        """Whether they are simply the newest ones, of one dataflow or of all."""
        return not (self.status or self.where or self.sort)

    @property
    def order(self) -> str | None:
        """The order in the words of `analysis.runs`, which has no column `duration`."""
        if not self.sort:
            return None
        name, space, direction = self.sort.strip().partition(" ")
        return f"{'seconds' if name == 'duration' else name}{space}{direction}"
