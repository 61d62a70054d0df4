"""What an address says of a path query: the same as the options of `keras-prov query`."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Query

from ..path_query import MAPPINGS
from .pages import address

__all__ = ["PathQuery", "PathState"]

PHYSICAL = MAPPINGS[0]

Names = Annotated[list[str] | None, Query()]


@dataclass(frozen=True)
class PathState:
    """A dataflow, and the query that is built on it.

    Attributes:
        tag: of the dataflow; empty: the newest.
        source: the sets where paths begin.
        target: the sets where they end.
        projection: the values that are shown; empty: all of the source and target sets.
        selection: a condition.
        include: sets that paths must pass.
        exclude: sets that paths must not pass.
        mapping: how sets are joined.
        page: of the rows, from 1.
    """

    tag: str = ""
    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()
    projection: tuple[str, ...] = ()
    selection: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    mapping: str = PHYSICAL
    page: int = 1

    @property
    def is_complete(self) -> bool:
        """Whether it can be asked."""
        return bool(self.source and self.target)

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of `query_with`."""
        return {name: value for name, value in asdict(self).items() if name not in ("tag", "page")}

    @property
    def command(self) -> str:
        """The command line that prints all rows."""
        options: list[str] = []
        for name in ("source", "target", "projection", "include", "exclude"):
            for value in getattr(self, name):
                options += [f"--{name}", value] if value[:1] != "-" else [f"--{name}={value}"]
        if self.selection:
            options.append(f"--selection={self.selection}")
        if self.mapping != PHYSICAL:
            options += ["--mapping", self.mapping]
        dataflow = ["--", self.tag] if self.tag.startswith("-") else [self.tag]
        return shlex.join(["keras-prov", "query", *options, *dataflow])

    def address(self, path: str = "dataflow", **changed: Any) -> str:
        """The address of this view with some things changed; another page begins at 1."""
        state = replace(self, **{"page": 1, **changed})
        query = asdict(state)
        if state.page == 1:
            del query["page"]
        if state.mapping == PHYSICAL:
            del query["mapping"]
        return address(path, **query)


def _state(
    tag: str = "",
    source: Names = None,
    target: Names = None,
    projection: Names = None,
    selection: str = "",
    include: Names = None,
    exclude: Names = None,
    mapping: str = PHYSICAL,
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> PathState:
    return PathState(
        tag.strip(),
        _named(source),
        _named(target),
        _named(projection),
        selection.strip(),
        _named(include),
        _named(exclude),
        mapping,
        page,
    )


def _named(names: list[str] | None) -> tuple[str, ...]:
    return tuple(name.lower() for name in names or () if name)


PathQuery = Annotated[PathState, Depends(_state)]
