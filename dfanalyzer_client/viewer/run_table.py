"""The table of executions: its rows, and the columns that tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..analysis import Runs, RunSummary
from ..analysis.finding import count_with, ids_with, summaries_with_ids
from ..store import Connection
from .sparks import Spark, Sparks
from .state import ListState

__all__ = ["PAGE_ROWS", "Column", "RunTable", "epochs_asked", "read_table", "seconds_left"]

PAGE_ROWS = 50
MAX_HYPERPARAMETERS, MAX_METRICS = 5, 3
EPOCHS_ASKED, INITIAL_EPOCH = "num_epochs", "initial_epoch"
FIRST_METRICS = ("loss", "val_loss", "accuracy", "val_accuracy")


@dataclass(frozen=True)
class Column:
    """A column beside those that every table has.

    Attributes:
        name: as conditions and orders name it.
        title: what is written above it.
    """

    name: str
    title: str

    def of(self, run: RunSummary) -> Any:
        """Its value for an execution."""
        group, _, rest = self.name.partition(".")
        return getattr(run, group).get(rest)


@dataclass(frozen=True)
class RunTable:
    """One page of the table.

    Attributes:
        runs: the executions.
        columns: those that are shown.
        others: those that could be, too.
        has_more: whether there is another page.
        total: how many executions all pages have.
        sparks: small pictures of the loss, by the executions' ids.
    """

    runs: Runs
    columns: Sequence[Column]
    others: Sequence[Column]
    has_more: bool
    total: int
    sparks: Mapping[int, Spark]


def read_table(connection: Connection, state: ListState, sparks: Sparks) -> RunTable:
    """The page of the table that an address names; raises SelectionError, UnknownTagError."""
    first = (state.page - 1) * PAGE_ROWS
    with connection.transaction():
        ids = ids_with(
            connection,
            state.where,
            order_by=state.sort or (),
            limit=first + PAGE_ROWS + 1,
            dataflow=state.dataflow or None,
            status=state.status or None,
        )
        found = summaries_with_ids(connection, ids[first : first + PAGE_ROWS], ends=False)
        has_more, total = len(ids) > first + PAGE_ROWS, len(ids)
        if has_more:
            total = count_with(
                connection,
                state.where,
                dataflow=state.dataflow or None,
                status=state.status or None,
            )
        small_curves = sparks.of(connection, found.summaries)
    columns, others = _columns(found, state.columns)
    return RunTable(found, columns, others, has_more, total, small_curves)


def epochs_asked(run: RunSummary) -> int | None:
    """How many epochs the training was asked for, if that was captured.

    It is the last training's: an execution that has trained several times has more epochs. If the
    execution continues another one, `initial_epoch` of them were that one's, so they do not count.
    """
    asked = run.hyperparameters.get(EPOCHS_ASKED)
    if not isinstance(asked, int):
        return None
    done_before = run.hyperparameters.get(INITIAL_EPOCH)
    own = asked - done_before if isinstance(done_before, int) else asked
    return next((count for count in (own, asked) if count >= run.epochs), None)


def seconds_left(run: RunSummary) -> float | None:
    """How long a training may still take, if its epochs go on as they did."""
    asked = epochs_asked(run)
    if run.status != "RUNNING" or not asked or not run.epochs or run.seconds is None:
        return None
    return max(0, asked - run.epochs) * run.seconds / run.epochs


def _columns(found: Runs, chosen: Sequence[str]) -> tuple[list[Column], list[Column]]:
    """The columns that are shown, and the others."""
    known = {name: Column(name, name.partition(".")[2]) for name in _names(found)}
    if chosen:
        shown = [known[name] for name in chosen if name in known]
    else:
        shown = [known[name] for name in _telling(found)]
    return shown, [column for column in known.values() if column not in shown]


def _names(found: Runs) -> list[str]:
    """All hyperparameters, those that differ first, and all metrics."""
    groups = ("hyperparameters", "metrics")
    names = [name for name in found.columns if name.partition(".")[0] in groups]
    values = {name: len({repr(value) for value in found.column(name)}) for name in names}
    return sorted(names, key=lambda name: (groups.index(name.partition(".")[0]), values[name] < 2))


def _telling(found: Runs) -> list[str]:
    """The hyperparameters that differ, and the metrics that most trainings have."""
    names = _names(found)
    differing = [
        name
        for name in names
        if name.startswith("hyperparameters.")
        and name != f"hyperparameters.{EPOCHS_ASKED}"  # the table says how many of them are done
        and len({repr(value) for value in found.column(name)}) > 1
    ]
    metrics = [name for name in names if name.startswith("metrics.")]
    order = {f"metrics.{name}": place for place, name in enumerate(FIRST_METRICS)}
    metrics.sort(key=lambda name: order.get(name, len(order)))
    return [*differing[:MAX_HYPERPARAMETERS], *metrics[:MAX_METRICS]]
