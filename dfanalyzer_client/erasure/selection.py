"""Which executions are to be erased, by name, dataflow or age."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ..errors import DfAnalyzerError, UnknownTagError
from ..store.connection import Connection
from ..store.erasing.erase import StoredExecution, stored_executions
from ..store.schema import table
from ..support.name_lists import listed
from ..task_status import ENDED

__all__ = ["check_ended", "selected"]

SHOWN = 10
ENDED_NAMES = frozenset(status.value for status in ENDED)


def selected(
    connection: Connection,
    names: Sequence[str] = (),
    dataflow: str | None = None,
    before: datetime | None = None,
) -> list[StoredExecution]:
    """The executions that are meant, oldest first.

    Args:
        connection: in a transaction.
        names: ids, tags, beginnings of tags, or ``last``.
        dataflow: only executions of the dataflow with this tag.
        before: only executions that began before, in UTC without a time zone.

    Raises:
        UnknownTagError: a name is nobody's or several executions', or there is no such dataflow.
    """
    found = stored_executions(connection)
    if dataflow is not None:
        _check_dataflow(connection, dataflow)
        found = [each for each in found if each.dataflow == dataflow.lower()]
    if before is not None:
        began = _beginnings(connection)
        found = [each for each in found if (when := began.get(each.id)) and when < before]
    if names:
        chosen = {_named(found, name, dataflow) for name in names}
        found = [each for each in found if each in chosen]
    return found


def check_ended(connection: Connection, executions: Sequence[StoredExecution]) -> None:
    """Raise DfAnalyzerError if one of these is still running."""
    rows = connection.query(
        f"SELECT DISTINCT b.df_exec, b.status FROM {table('task_begun')} b "
        f"LEFT JOIN {table('task_ended')} e ON e.task_id = b.id WHERE e.task_id IS NULL"
    )
    open_ = {id_ for id_, status in rows if status not in ENDED_NAMES}
    for execution in executions:
        if execution.id in open_:
            raise DfAnalyzerError(
                f"Execution {execution.id} ({execution.tag}) is still running: stop it first. If "
                "its process is known to be gone, as on another machine, add --abandoned."
            )


def _named(
    found: Sequence[StoredExecution], name: str, dataflow: str | None = None
) -> StoredExecution:
    exact = [each for each in found if name in (each.tag, str(each.id))]
    if name == "last":
        exact = list(found[-1:])
    matching = exact or [each for each in found if each.tag.lower().startswith(name.lower())]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        of = "" if dataflow is None else f" of the dataflow {dataflow.lower()!r}"
        listing = "keras-prov runs" if dataflow is None else "keras-prov runs --dataflow"
        raise UnknownTagError(f"No execution {name!r}{of}: `{listing}` lists them.")
    ids = listed((each.id for each in matching), SHOWN)
    raise UnknownTagError(
        f"{len(matching)} executions are called {name!r} or begin so: give the id ({ids})."
    )


def _check_dataflow(connection: Connection, tag: str) -> None:
    known = connection.query(f"SELECT tag FROM {table('dataflow')} ORDER BY tag")
    if (tag.lower(),) not in known:
        are = listed(each for (each,) in known) or "none"
        raise UnknownTagError(f"No dataflow {tag!r}. There are: {are}.")


def _beginnings(connection: Connection) -> dict[int, datetime]:
    rows = connection.query(
        f"SELECT df_exec, min(began) FROM {table('task_begun')} GROUP BY df_exec"
    )
    return {id_: began for id_, began in rows if began is not None}
