"""Find runs: by a condition, or one by its name."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from ..errors import DefinitionError, RefusedError, SelectionError, UnknownTagError
from ..executions.summaries import find_executions
from ..store import Connection
from ..store.driver_errors import lacks_rights
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import literal
from .completing import summaries_of
from .named import Named
from .names import Names
from .one_run import Open, Run
from .run_list import Runs
from .run_summary import RunSummary

__all__ = [
    "Named",
    "explained_refusal",
    "ids_with",
    "run_of",
    "run_with",
    "runs_with",
    "summaries_with",
    "summaries_with_ids",
    "summary_with",
]

MOST_NAMED = 20
"""So many dataflows are named in an error, the newest."""


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
    with connection.transaction():
        ids = ids_with(
            connection, where, order_by=order_by, limit=limit, dataflow=dataflow, status=status
        )
        return summaries_with_ids(connection, ids)


def ids_with(
    connection: Connection,
    where: str = "",
    *,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    dataflow: str | None = None,
    status: str | None = None,
) -> list[int]:
    """The ids of the runs that `runs` finds, in order; in the connection's transaction."""
    if limit is not None and limit < 0:
        raise DefinitionError(f"A limit must be 0 or more. Received: {limit}.")
    catalogue = Catalogue(connection)
    if not catalogue.exists:
        return []
    try:
        return _ids(connection, catalogue, where, order_by, limit, dataflow, status)
    except RefusedError as error:
        raise _explained(error) from None


def summaries_with_ids(connection: Connection, ids: Sequence[int]) -> Runs:
    """The runs with these ids, in this order; in the connection's transaction."""
    try:
        return Runs(summaries_of(connection, Catalogue(connection), ids) if ids else [])
    except RefusedError as error:
        raise _explained(error) from None


def _ids(
    connection: Connection,
    catalogue: Catalogue,
    where: str,
    order_by: str | Sequence[str],
    limit: int | None,
    dataflow: str | None,
    status: str | None,
) -> list[int]:
    """The ids of the runs, in the order that is asked for."""
    names, values, conditions = Names(connection, catalogue), list[Any](), list[str]()
    if dataflow is not None:
        _must_exist(connection, catalogue, dataflow)
    if where.strip():
        from ..support.conditions import condition  # a parser, which takes long to import

        text, values = condition(where, names.column, names.text_column)
        conditions.append(f"({text})")
    for field, wanted in (("dataflow", dataflow and dataflow.lower()), ("status", status)):
        if wanted:
            conditions.append(f"{names.column(None, field)} = %s")
            values.append(wanted.upper() if field == "status" else wanted)
    orders = [_order(names, each) for each in _listed(order_by)]
    statement = (
        f"SELECT e.id FROM {literal(catalogue.table('dataflow_execution'))} AS e "
        f"JOIN {table('dataflow')} AS d ON d.id = e.df_id {' '.join(names.joins)} "
        f"{'WHERE ' + ' AND '.join(conditions) if conditions else ''} "
        f"ORDER BY {', '.join([*orders, 'e.id DESC'])}"
    )
    parameters = [*names.parameters, *values]
    if limit is not None:
        statement, parameters = f"{statement} LIMIT %s", [*parameters, max(1, limit)]
    if not parameters:
        statement = statement.replace("%%", "%")
    return [id_ for (id_,) in connection.query(statement, parameters)][:limit]


def _order(names: Names, text: str) -> str:
    """What `order_by` says as SQL; raises SelectionError."""
    words = text.rsplit(None, 1)
    direction = words.pop().upper() if words[1:] and words[1].upper() in ("ASC", "DESC") else "ASC"
    name = words[0].strip().replace('"', "") if words else ""
    if not name or len(words) > 1:
        raise SelectionError(
            "An order is a name, with ASC or DESC behind it, as 'val_loss DESC'. "
            f"Received: {text!r}."
        )
    group, dot, rest = name.partition(".")
    column = names.column(group, rest) if dot else names.column(None, name)
    return f"{column} {direction} NULLS LAST"


def _must_exist(connection: Connection, catalogue: Catalogue, dataflow: str) -> None:
    known = [tag for _, tag in catalogue.dataflows()]
    if dataflow.lower() not in known:
        close = difflib.get_close_matches(dataflow.lower(), known, 3)
        expected = ", ".join(known[-MOST_NAMED:])
        meant = f"Did you mean {' or '.join(map(repr, close))}?" if close else ""
        hint = meant or (f"Expected one of {expected}." if known else "There is none.")
        raise UnknownTagError(f"There is no dataflow {dataflow!r}. {hint}")


def _explained(error: RefusedError) -> RefusedError | SelectionError:
    """An error of the database, with what helps."""
    if lacks_rights(error):
        return explained_refusal(error)
    if "conversion" in str(error).lower() or "types" in str(error).lower():
        return SelectionError(
            f"A condition compares a number with a text, or the other way round ({error}): texts "
            "are in single quotes, numbers are not."
        )
    return error


def explained_refusal(error: RefusedError) -> RefusedError:
    """The error of an account that may not read something, with what helps; another as it is."""
    if not lacks_rights(error) or not str(error).startswith("SELECT"):
        return error
    return RefusedError(
        f"This account may not read all that the answer takes ({error}): whoever administers the "
        "database can GRANT it SELECT on the tables in the schema public and in the dataflow's."
    )


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


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
    (summary,) = _summaries_of_names(connection, [str(name)])
    return summary


def summaries_with(
    connection: Connection, names: Runs | Named | Sequence[Runs | Named | Sequence[Named]]
) -> list[RunSummary]:
    """The summaries of several runs, each once; raises UnknownTagError."""
    found = list(_listed_runs(names))
    wanted = list(dict.fromkeys(name for name in found if isinstance(name, str)))
    named = dict(zip(wanted, _summaries_of_names(connection, wanted), strict=True))
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
    elif isinstance(names, (str, int)):
        yield str(names)
    else:
        for name in names:
            yield from _listed_runs(name)


def _summaries_of_names(connection: Connection, names: Sequence[str]) -> list[RunSummary]:
    ids = [each.id for each in find_executions(connection, names)]
    found = {each.id: each for each in summaries_of(connection, Catalogue(connection), ids)}
    return [found[id_] for id_ in ids]
