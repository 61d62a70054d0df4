"""The numbers of an execution's trainings, by which epochs of several `fit()` are told apart."""

from __future__ import annotations

from collections.abc import Collection

from ..keras_schema import Role
from ..keras_schema import names as tags
from ..store.connection import Connection
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import among

__all__ = ["training_numbers"]


def training_numbers(
    connection: Connection, catalogue: Catalogue, executions: Collection[int]
) -> dict[int, int]:
    """By the task's id, the number of a training within its execution, from 1.

    They are numbered in the order of their ids. A training without epochs counts, so that a number
    is the same wherever it is shown.
    """
    rows = connection.query(
        f"SELECT b.df_exec, b.id FROM {catalogue.table('task_begun')} AS b "
        f"WHERE {among('b.df_exec', executions)} AND b.dt_id IN ({_trainings(catalogue)}) "
        "ORDER BY b.id"
    )
    counts: dict[int, int] = {}
    numbers = {}
    for execution, task in rows:
        counts[execution] = numbers[task] = counts.get(execution, 0) + 1
    return numbers


def _trainings(catalogue: Catalogue) -> str:
    """A query for the ids of the transformations that write epochs."""
    if catalogue.columns("data_set_role"):
        return (
            f"SELECT p.previous_dt_id FROM {table('data_dependency')} AS p JOIN "
            f"{table('data_set_role')} AS r ON r.ds_id = p.ds_id "
            f"WHERE r.role = '{Role.EPOCHS.value}' AND p.previous_dt_id IS NOT NULL"
        )
    transformations = catalogue.table("data_transformation")
    return f"SELECT x.id FROM {transformations} AS x WHERE x.tag = '{tags.TRAINING.lower()}'"
