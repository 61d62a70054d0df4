"""The chain of trainings that an execution is in: each continued the model of the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ..executions.training_numbers import training_numbers
from ..store.connection import Connection
from ..store.reading import Catalogue
from .relatives import children, parents
from .uses import Use, check_contents, uses_of

__all__ = ["Link", "chain_with"]

LONGEST = 50
"""So many executions are followed."""


@dataclass(frozen=True)
class Link:
    """An execution of a chain, and where the next one went on from.

    Attributes:
        df_exec: its id.
        file: the name of the file that the next one loaded; None if that used the model itself, or
            if this is the last.
        training: in which training the file was written, from 1; None: after the last.
        epoch: after which epoch, from 0; None: after the last.
    """

    df_exec: int
    file: str | None = None
    training: int | None = None
    epoch: int | None = None


def chain_with(connection: Connection, df_exec: int) -> list[Link]:
    """The chain up to an execution, and on from it as long as only one goes on; oldest first."""
    with connection.transaction():
        catalogue = Catalogue(connection)
        check_contents(catalogue)
        chain = [df_exec]
        while len(chain) < LONGEST:
            before = _before(connection, chain[0])
            if before is None or before in chain:
                break
            chain.insert(0, before)
        while len(chain) < LONGEST:
            after = _after(connection, catalogue, chain[-1])
            if after is None or after in chain:
                break
            chain.append(after)
        return _links(connection, catalogue, chain)


def _before(connection: Connection, df_exec: int) -> int | None:
    """What an execution went on from: if there are several, the one whose file it read last."""
    rows = parents(connection, [df_exec])
    by_path: dict[str | None, int] = {path: id_ for _, id_, _, _, path in rows if path and id_}
    read = [use for use in uses_of(connection, [df_exec]) if use.mode != "written"]
    for use in reversed(read):
        if use.path in by_path:
            return by_path[use.path]
    return next((id_ for _, id_, *_ in reversed(rows) if id_ is not None), None)


def _after(connection: Connection, catalogue: Catalogue, df_exec: int) -> int | None:
    """The only execution that trained on from this one."""
    only = None
    for id_ in sorted({id_ for _, id_, *_ in children(connection, [df_exec]) if id_ is not None}):
        if training_numbers(connection, catalogue, [id_]):
            if only is not None:
                return None
            only = int(id_)
    return only


def _links(connection: Connection, catalogue: Catalogue, chain: Sequence[int]) -> list[Link]:
    uses: dict[int, list[Use]] = {id_: [] for id_ in chain}
    for use in uses_of(connection, chain):
        uses[use.df_exec].append(use)
    links = []
    for id_, after in zip(chain, [*chain[1:], None], strict=True):
        read = {use.sha256 for use in uses.get(after or 0, ()) if use.mode != "written"}
        written = [use for use in uses[id_] if use.mode == "written" and use.sha256 in read]
        numbers = training_numbers(connection, catalogue, [id_]) if written else {}
        links.append(_link(id_, written, numbers))
    return links


def _link(id_: int, written: Sequence[Use], numbers: Mapping[int, int]) -> Link:
    """A link through the newest of the files that were written here and read by the next one."""
    if not written:
        return Link(id_)
    use = written[-1]
    begun = [number for task, number in numbers.items() if task < use.task_id]
    return Link(id_, PurePath(use.path or "").name, max(begun, default=None), use.epoch)
