"""What an address says of the list of executions: a view can be reloaded, kept and sent."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Query

from .pages import address

__all__ = ["ListState", "State"]


@dataclass(frozen=True)
class ListState:
    """Which executions are shown, and how.

    Attributes:
        where: a condition, as `runs` takes it.
        sort: an order, likewise.
        dataflow: the tag of the only dataflow; empty: all.
        status: the only status; empty: all.
        columns: the names of the columns; empty: those that tell the executions apart.
        page: from 1.
    """

    where: str = ""
    sort: str = ""
    dataflow: str = ""
    status: str = ""
    columns: tuple[str, ...] = ()
    page: int = 1

    def address(self, path: str = "./", **changed: Any) -> str:
        """The address of this view with some things changed; another page begins at 1."""
        state = replace(self, **{"page": 1, **changed})
        query = asdict(state)
        query["page"] = None if state.page == 1 else state.page
        return address(path, **query)

    def sorted_by(self, name: str) -> str:
        """The address of this view in the order of a column; a second time, the other way round."""
        quoted = f"{name} DESC"
        return self.address(sort=quoted if self.sort != quoted else name)

    def direction(self, name: str) -> str:
        """How a column is sorted, in the words of ARIA."""
        return {name: "ascending", f"{name} DESC": "descending"}.get(self.sort, "none")


def _state(
    where: str = "",
    sort: str = "",
    dataflow: str = "",
    status: str = "",
    columns: Annotated[list[str] | None, Query()] = None,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> ListState:
    return ListState(
        where.strip(), sort.strip(), dataflow.strip(), status.strip(), tuple(columns or ()), page
    )


State = Annotated[ListState, Depends(_state)]
