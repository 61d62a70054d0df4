"""Find the execution that is to be annotated: in the database, or in the journals."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from ..config.store_url import StoreURL
from ..errors import PrivateServerError, StoreError, UnknownTagError
from ..journal import executions_in
from ..support.safe_home import check_home

__all__ = ["HasExecution", "Named", "check_tagged", "named_execution"]

NEWEST = "last"


class Named(NamedTuple):
    """An execution, by the tags that messages name it with."""

    dataflow: str
    execution: str


@runtime_checkable
class HasExecution(Protocol):
    """An execution as an object, such as one that `run` returns."""

    @property
    def dataflow(self) -> str:
        """The dataflow's tag."""

    @property
    def execution(self) -> str:
        """Its own tag."""


def named_execution(name: str | int | HasExecution, store: StoreURL | None, home: Path) -> Named:
    """The execution with this id, tag or beginning of a tag; ``last`` is the newest.

    If the database does not answer, or does not have it yet, it is looked for in the journals.

    Raises:
        TypeError: `name` is of another type.
        UnknownTagError: no execution matches, or several do.
        StoreError: the database does not answer, and the journals do not know it either.
    """
    if isinstance(name, HasExecution):
        return Named(name.dataflow, name.execution)
    # these import the driver, for which a training does not wait
    from ..delivery.leftovers import drain_leftovers
    from ..executions.run_names import checked_run_name
    from ..executions.summaries import find_execution
    from ..store import reader_connection

    text = checked_run_name(name)
    try:
        drain_leftovers(store, home)  # else the annotation may be stored before its execution
        with reader_connection(store, home) as connection:
            found = find_execution(connection, text)
        return Named(found.dataflow, found.tag)
    except (UnknownTagError, StoreError, PrivateServerError):
        recorded = _recorded(text, home)
        if recorded is None:
            raise
        return recorded


def check_tagged(
    execution: Named, names: Collection[str], store: StoreURL | None, home: Path
) -> None:
    """Raise UnknownTagError if an execution has no such tags, as far as the database can say."""
    if not names:
        return
    from ..executions.annotations import tags_of
    from ..executions.summaries import find_execution
    from ..store import reader_connection

    try:
        with reader_connection(store, home) as connection:
            found = find_execution(connection, execution.execution)
            known = [each.name for each in tags_of(connection, found.id)]
    except (UnknownTagError, StoreError, PrivateServerError):
        return  # what removes the tag waits in the journal until it can be stored
    for name in names:
        if name not in known:
            has = f"Its tags are {', '.join(map(repr, known))}." if known else "It has no tags."
            raise UnknownTagError(f"Execution {execution.execution} has no tag {name!r}. {has}")


def _recorded(name: str, home: Path) -> Named | None:
    """The one execution in the journals that has this tag, or whose tag begins so."""
    check_home(home, "journals")
    known = [Named(*each) for each in executions_in(home / "journals")]
    if name == NEWEST:
        return known[-1] if known else None
    exact = [each for each in known if each.execution == name]
    found = exact or [each for each in known if each.execution.lower().startswith(name.lower())]
    return found[0] if len(found) == 1 else None
