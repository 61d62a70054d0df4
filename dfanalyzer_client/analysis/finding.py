"""Find runs: by a condition, or one by its name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..errors import RefusedError, SelectionError
from ..executions.dataflow_tags import check_dataflow
from ..executions.run_names import checked_run_name
from ..executions.summaries import execution_ids
from ..store import Connection
from ..store.driver_errors import explained_refusal, lacks_rights
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import literal
from .completing import summaries_of
from .conditions import Names, checked_question, conditions_of, known_status, order_of
from .named import Named
from .one_run import Open, Run
from .run_list import Runs
from .run_summary import RunSummary

__all__ = [
    "Named",
    "count_with",
    "ids_with",
    "run_of",
    "run_with",
    "runs_with",
    "summaries_with",
    "summaries_with_ids",
    "summary_with",
]

CURES = (
    (
        ("conversion", "types", "no such binary operator", "cannot be cast"),
        "The condition or order compares or computes with a number and a text, or a time: texts "
        "and times are in single quotes, numbers are not.",
    ),
    (("division by zero",), "The condition or order divides by zero in some run."),
    (("overflow",), "The condition or order computes a number that is too large."),
)
"""What the database's errors say, and what we say in their place."""


def runs_with(
    connection: Connection,
    where: str = "",
    *,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    dataflow: str | None = None,
    status: str | None = None,
    ends: bool = True,
) -> Runs:
    """`runs` over an open connection; without `ends`, stop reasons are not read."""
    with connection.transaction():
        ids = ids_with(
            connection, where, order_by=order_by, limit=limit, dataflow=dataflow, status=status
        )
        return summaries_with_ids(connection, ids, ends=ends)


def ids_with(
    connection: Connection,
    where: str = "",
    *,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    dataflow: str | None = None,
    status: str | None = None,
    also: Sequence[str] = (),
) -> list[int]:
    """The ids of the runs that `runs` finds, in order; in the connection's transaction.

    `also` has further conditions, which must be fulfilled, too.
    """
    orders = checked_question(where, order_by, limit, dataflow, status)
    catalogue = Catalogue(connection)
    if not catalogue.exists:
        return []
    try:
        return _ids(connection, catalogue, [where, *also], orders, limit, dataflow, status)
    except RefusedError as error:
        raise _explained(error) from None


def count_with(
    connection: Connection,
    where: str = "",
    *,
    dataflow: str | None = None,
    status: str | None = None,
) -> int:
    """How many runs `ids_with` finds without a limit; in the connection's transaction."""
    checked_question(where, (), None, dataflow, status)
    catalogue = Catalogue(connection)
    if not catalogue.exists:
        return 0
    try:
        source, parameters, _ = _source(connection, catalogue, [where], (), dataflow, status)
        ((count,),) = _rows(connection, f"SELECT count(*) {source}", parameters)
    except RefusedError as error:
        raise _explained(error) from None
    return int(count)


def summaries_with_ids(connection: Connection, ids: Sequence[int], *, ends: bool = True) -> Runs:
    """The runs with these ids, in this order; in the connection's transaction.

    Without `ends`, their stop reasons are not read, which takes a third of the time.
    """
    try:
        return Runs(summaries_of(connection, Catalogue(connection), ids, ends=ends))
    except RefusedError as error:
        raise explained_refusal(error) from None


def _ids(
    connection: Connection,
    catalogue: Catalogue,
    wheres: Sequence[str],
    order_by: Sequence[str],
    limit: int | None,
    dataflow: str | None,
    status: str | None,
) -> list[int]:
    """The ids of the runs, in the order that is asked for."""
    source, parameters, orders = _source(connection, catalogue, wheres, order_by, dataflow, status)
    statement = f"SELECT e.id {source} ORDER BY {', '.join([*orders, 'e.id DESC'])}"
    if limit is not None:
        statement, parameters = f"{statement} LIMIT %s", [*parameters, limit]
    return [id_ for (id_,) in _rows(connection, statement, parameters)]


def _source(
    connection: Connection,
    catalogue: Catalogue,
    wheres: Sequence[str],
    order_by: Sequence[str],
    dataflow: str | None,
    status: str | None,
) -> tuple[str, list[Any], list[str]]:
    """What follows the columns in a statement about runs, its parameters, and the orders."""
    names = Names(connection, catalogue)
    if dataflow is not None:
        check_dataflow(catalogue, dataflow)
    conditions, values = conditions_of(names, wheres)
    for field, wanted in (("dataflow", dataflow and dataflow.lower()), ("status", status)):
        if wanted is not None:
            conditions.append(f"{names.column(None, field)} = %s")
            values.append(known_status(wanted) if field == "status" else wanted)
    orders = [order_of(names, each) for each in order_by]
    text = (
        f"FROM {literal(catalogue.table('dataflow_execution'))} AS e "
        f"JOIN {table('dataflow')} AS d ON d.id = e.df_id {' '.join(names.joins)} "
        f"{'WHERE ' + ' AND '.join(conditions) if conditions else ''}"
    )
    return text, [*names.parameters, *values], orders


def _rows(connection: Connection, statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    """The rows of a statement, in which each ``%`` is doubled."""
    if not parameters:
        statement = statement.replace("%%", "%")
    return connection.query(statement, parameters)


def _explained(error: RefusedError) -> RefusedError | SelectionError:
    """An error of the database, with what helps."""
    text = str(error).lower()
    if lacks_rights(error):
        return explained_refusal(error)
    for words, cure in CURES:
        if any(word in text for word in words):
            return SelectionError(cure)
    return error


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
    if isinstance(name, RunSummary):
        return name
    if isinstance(name, Run):
        return name.summary
    (summary,) = _summaries_of_names(connection, [checked_run_name(name)])
    return summary


def summaries_with(
    connection: Connection,
    names: Runs | Named | Sequence[Runs | Named | Sequence[Named]],
    *,
    ends: bool = True,
) -> list[RunSummary]:
    """The summaries of several runs, each once; raises UnknownTagError.

    Without `ends`, the stop reasons of the runs that are named by texts are not read.
    """
    found = list(_listed_runs(names))
    wanted = list(dict.fromkeys(name for name in found if isinstance(name, str)))
    named = dict(zip(wanted, _summaries_of_names(connection, wanted, ends=ends), strict=True))
    summaries = [named[name] if isinstance(name, str) else name for name in found]
    return list({each.id: each for each in summaries}.values())


def _listed_runs(
    names: Runs | Named | Sequence[Runs | Named | Sequence[Named]],
) -> Iterator[str | RunSummary]:
    """The names of the runs, and the summaries of those that were read before."""
    if isinstance(names, Run):
        yield names.summary
    elif isinstance(names, RunSummary):
        yield names
    elif isinstance(names, Iterable) and not isinstance(names, (str, bytes)):
        for name in names:
            yield from _listed_runs(name)
    else:
        yield checked_run_name(names)


def _summaries_of_names(
    connection: Connection, names: Sequence[str], *, ends: bool = True
) -> list[RunSummary]:
    ids = execution_ids(connection, names)
    summaries = summaries_of(connection, Catalogue(connection), ids, ends=ends)
    found = {each.id: each for each in summaries}
    return [found[id_] for id_ in ids]
