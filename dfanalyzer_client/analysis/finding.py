"""Find runs: by a condition, or one by its name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from ..store import Connection
from .run import Open, Run
from .run_summary import RunSummary
from .runs import Runs

__all__ = ["Named", "run_of", "run_with", "runs_with", "summaries_with", "summary_with"]

Named: TypeAlias = str | int | Run | RunSummary
"""What names a run: its id, its tag, the beginning of its tag, ``last``, or what was found."""


def runs_with(
    connection: Connection,
    where: str = "",
    *,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    dataflow: str | None = None,
    status: str | None = None,
) -> Runs:
    """`runs` over an open connection."""
    raise NotImplementedError


def run_with(connection: Connection, name: Named = "last") -> Run:
    """`run` over a connection, which must stay open while more of the run is read."""

    @contextlib.contextmanager
    def opened() -> Iterator[Connection]:
        yield connection

    return run_of(summary_with(connection, name), opened)


def run_of(summary: RunSummary, open_: Open) -> Run:
    """The run of a summary."""
    return Run(summary, open_)


def summary_with(connection: Connection, name: Named) -> RunSummary:
    """The summary of one run; raises UnknownTagError."""
    raise NotImplementedError


def summaries_with(
    connection: Connection, names: Runs | Named | Sequence[Runs | Named | Sequence[Named]]
) -> list[RunSummary]:
    """The summaries of several runs, each once; raises UnknownTagError."""
    raise NotImplementedError
