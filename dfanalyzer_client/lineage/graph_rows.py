"""Read what a graph of lineage shows beside executions: their data and their tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..keras_schema import names as tags
from ..store.connection import Connection
from ..store.schema import table
from ..store.sql import identifier, literal, placeholders, qualified
from .facts import Data
from .uses import DATA_SETS, readable

__all__ = ["DataUse", "data_of", "dataflows_of", "tests_of"]


class DataUse(NamedTuple):
    """A part of the data that an execution trained on or tested with."""

    df_exec: int
    in_test: bool
    data: Data


def dataflows_of(connection: Connection, ids: Sequence[int]) -> dict[str, list[int]]:
    """The ids of executions, by their dataflows' tags."""
    found: dict[str, list[int]] = {}
    if ids:
        for id_, tag in connection.query(
            f"SELECT e.id, d.tag FROM {table('dataflow_execution')} e "
            f"JOIN {table('dataflow')} d ON d.id = e.df_id "
            f"WHERE e.id IN ({placeholders(len(ids))}) ORDER BY e.id",
            list(ids),
        ):
            found.setdefault(tag, []).append(id_)
    return found


def data_of(connection: Connection, by_dataflow: Mapping[str, Sequence[int]]) -> list[DataUse]:
    """The data of executions, given by dataflow; none of sets that this account may not read."""
    found = []
    for dataflow, ids in by_dataflow.items():
        for name, transformation in DATA_SETS.items():
            task = identifier(f"{transformation}_task_id")
            statement = literal(
                "SELECT DISTINCT b.df_exec, s.role, s.name, s.shape, s.dtype, s.hash, s.hash_kind "
                f"FROM {qualified(dataflow, f'ds_{name}')} s "
                f"JOIN {table('task_begun')} b ON b.id = s.{task} WHERE b.df_exec IN "
            )
            statement += f"({placeholders(len(ids))}) ORDER BY b.df_exec, s.role, s.name"
            in_test = name == tags.TESTING_DATASET.lower()
            found += [
                DataUse(id_, in_test, Data(*values))
                for id_, *values in readable(connection, statement, list(ids))
            ]
    return found


def tests_of(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """How many tests executions have, of those that have any."""
    if not ids:
        return {}
    return dict(
        connection.query(
            f"SELECT b.df_exec, count(*) FROM {table('task_begun')} b "
            f"JOIN {table('data_transformation')} x ON x.id = b.dt_id "
            f"WHERE x.tag = %s AND b.df_exec IN ({placeholders(len(ids))}) GROUP BY b.df_exec",
            [tags.TESTING.lower(), *ids],
        )
    )
