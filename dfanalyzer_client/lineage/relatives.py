"""What executions were derived from, and what was derived from them, step by step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from ..store.connection import Connection
from ..store.schema import table
from ..store.sql import placeholders

__all__ = ["Relative", "ancestors", "children", "descendants", "parents", "said_parents"]

SHOWN = 20
"""So many relatives of an execution are looked at; of the others, there is only the number."""


@dataclass
class Relative:
    """An execution that another was derived from, or that was derived from it.

    Attributes:
        df_exec: its id; None if it is not in the database, or was erased.
        execution: its tag.
        dataflow: its dataflow's tag.
        through: the name of the file that led from one to the other; None if the program said so.
        relatives: those in the same direction from there on.
        more: how many relatives are not among them.
        wrote: names of files that it wrote.
    """

    df_exec: int | None
    execution: str
    dataflow: str | None
    through: str | None
    relatives: list[Relative] = field(default_factory=list)
    more: int = 0
    wrote: list[str] = field(default_factory=list)


def ancestors(connection: Connection, df_exec: int, depth: int) -> Relative:
    """What an execution was derived from, to a depth."""
    return _walk(connection, df_exec, depth, parents)


def descendants(connection: Connection, df_exec: int, depth: int) -> Relative:
    """What was derived from an execution, to a depth, with the files that came of it."""
    root = _walk(connection, df_exec, depth, children)
    _add_files(connection, _all(root))
    return root


def _walk(connection: Connection, df_exec: int, depth: int, step: Any) -> Relative:
    root = Relative(df_exec, "", None, None)
    level, seen = [root], {df_exec}
    for _ in range(depth):
        ids = [each.df_exec for each in level if each.df_exec is not None]
        if not ids:
            break
        found: dict[int, list[Relative]] = {}
        for of, *values in step(connection, ids):
            id_, tag, dataflow, path = values
            name = None if path is None else PurePath(path).name
            found.setdefault(of, []).append(Relative(id_, tag, dataflow, name))
        next_level = []
        for each in level:
            for relative in found.get(each.df_exec or 0, ()):
                if relative.df_exec is not None and relative.df_exec in seen:
                    continue
                if len(each.relatives) == SHOWN:
                    each.more += 1
                    continue
                if relative.df_exec is not None:
                    seen.add(relative.df_exec)
                each.relatives.append(relative)
                next_level.append(relative)
        level = next_level
    return root


def _all(of: Relative) -> Iterator[Relative]:
    for relative in of.relatives:
        yield relative
        yield from _all(relative)


def _add_files(connection: Connection, relatives: Iterable[Relative]) -> None:
    by_id = {each.df_exec: each for each in relatives if each.df_exec is not None}
    if not by_id:
        return
    for id_, name in connection.query(
        f"SELECT b.df_exec, f.name FROM {table('task_begun')} b "
        f"JOIN {table('file')} f ON f.task_id = b.id "
        f"WHERE b.df_exec IN ({placeholders(len(by_id))}) AND f.mode = 'written' "
        "GROUP BY b.df_exec, f.name ORDER BY min(f.id)",
        list(by_id),
    ):
        by_id[id_].wrote.append(name)


def parents(connection: Connection, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """What these were derived from: the id of each, and id, tag, dataflow and path of the other."""
    return said_parents(connection, ids) + _through_files(connection, ids, "r", "w")


def children(connection: Connection, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """What was derived from these: the id of each, and id, tag, dataflow and path of the other."""
    rows = connection.query(
        "SELECT p.id, e.id, e.tag, d.tag, CAST(NULL AS TEXT) "
        f"FROM {table('dataflow_execution')} p "
        f"JOIN {table('execution_link')} l ON l.execution_tag = p.tag "
        f"JOIN {table('dataflow_execution')} e ON e.id = l.df_exec "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id "
        f"WHERE p.id IN ({placeholders(len(ids))}) ORDER BY e.id",
        list(ids),
    )
    return rows + _through_files(connection, ids, "w", "r")


def said_parents(connection: Connection, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """The executions that these said they were derived from."""
    return connection.query(
        "SELECT DISTINCT l.df_exec, p.id, l.execution_tag, d.tag, CAST(NULL AS TEXT) "
        f"FROM {table('execution_link')} l "
        f"LEFT JOIN {table('dataflow_execution')} p ON p.tag = l.execution_tag "
        f"LEFT JOIN {table('dataflow')} d ON d.id = p.df_id "
        f"WHERE l.df_exec IN ({placeholders(len(ids))})",
        list(ids),
    )


def _through_files(
    connection: Connection, ids: Sequence[int], ours: str, theirs: str
) -> list[tuple[Any, ...]]:
    """Executions that read what these wrote (`ours` is w), or wrote what these read (r)."""
    modes = {"r": "read", "w": "written"}
    return connection.query(
        "SELECT DISTINCT bo.df_exec, e.id, e.tag, d.tag, r.path "
        f"FROM {table('task_begun')} bo JOIN {table('file')} {ours} ON {ours}.task_id = bo.id "
        f"JOIN {table('file')} {theirs} ON {theirs}.sha256 = {ours}.sha256 "
        f"JOIN {table('task_begun')} bt ON bt.id = {theirs}.task_id "
        f"JOIN {table('dataflow_execution')} e ON e.id = bt.df_exec "
        f"JOIN {table('dataflow')} d ON d.id = e.df_id "
        f"WHERE bo.df_exec IN ({placeholders(len(ids))}) AND {ours}.mode = %s "
        f"AND {theirs}.mode = %s AND e.id <> bo.df_exec ORDER BY e.id",
        [*ids, modes[ours], modes[theirs]],
    )
