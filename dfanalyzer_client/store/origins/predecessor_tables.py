"""The predecessor's tables, to be read as if they were ours, without changing anything.

Its versions differ: the first ones had no executions, and some lack tables or columns. What is
missing is read as NULL, or as an empty table.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import RefusedError
from ..inspection import TableFound, column_kind
from ..schema import TABLES, columns_of, table
from ..sql import identifier

__all__ = ["PredecessorTables"]

TASK = table("task")


class PredecessorTables:
    """The tables of a predecessor's catalogue; raises RefusedError if it has lost its executions.

    Attributes:
        key: how its tasks refer to their execution: by its `tag`, or by its `id`. None: they do
            not, so each dataflow counts as one execution, with the dataflow's id and tag.
    """

    def __init__(self, tables: Mapping[str, TableFound]) -> None:
        self._tables = tables
        self.key = _execution_key(tables)

    def of(self, name: str) -> str:
        """A table with the columns of ours of that name: the predecessor's, or a subquery."""
        if name == "task_begun":
            return self._task_begun()
        if name == "task_ended":
            return (
                "(SELECT id AS task_id, status, output_msg, error_msg, "
                f"CAST(NULL AS TIMESTAMP) AS ended FROM {self._padded('task', 'task_begun')} AS t "
                "WHERE status = 'FINISHED')"
            )
        if name == "dataflow_execution" and self.key is None:
            return _executions_by_dataflow()
        return self._padded(name, name)

    def execution_of_task(self) -> tuple[str, str]:
        """The id of the execution of a task `t`, and the joins that it needs."""
        if self.key is None:
            version = self._padded("dataflow_version", "dataflow_version")
            return (
                "COALESCE(v.df_id, x.df_id)",
                f"LEFT JOIN {version} AS v ON v.version = t.df_version "
                f"LEFT JOIN {self.of('data_transformation')} AS x ON x.id = t.dt_id",
            )
        key = identifier(self.key)
        return (
            "e.id",
            f"LEFT JOIN (SELECT {key} AS named, min(id) AS id FROM {table('dataflow_execution')} "
            f"GROUP BY {key}) AS e ON e.named = t.df_exec",
        )

    def _task_begun(self) -> str:
        columns = [
            f"t.{identifier(name)}"
            for name in columns_of(TABLES["task_begun"])
            if name not in ("df_exec", "began")
        ]
        execution, joins = self.execution_of_task()
        return (
            f"(SELECT {', '.join(columns)}, {execution} AS df_exec, "
            f"CAST(NULL AS TIMESTAMP) AS began FROM {self._padded('task', 'task_begun')} AS t "
            f"{joins})"
        )

    def _padded(self, name: str, ours: str) -> str:
        """A table with all columns of our table `ours`; those that it lacks are NULL."""
        wanted = columns_of(TABLES[ours])
        found = self._tables[name].columns if name in self._tables else {}
        missing = _nulls({name: type_ for name, type_ in wanted.items() if name not in found})
        if not missing:
            return table(name)
        if not found:
            return f"(SELECT {', '.join(missing)} FROM {TASK} WHERE FALSE)"
        return f"(SELECT p.*, {', '.join(missing)} FROM {table(name)} AS p)"


def _executions_by_dataflow() -> str:
    columns = columns_of(TABLES["dataflow_execution"])
    known = {"id": "id", "tag": "tag", "df_id": "id AS df_id"}
    more = _nulls({name: type_ for name, type_ in columns.items() if name not in known})
    return f"(SELECT {', '.join([*known.values(), *more])} FROM {table('dataflow')})"


def _nulls(columns: Mapping[str, str]) -> list[str]:
    return [f"CAST(NULL AS {type_}) AS {identifier(name)}" for name, type_ in columns.items()]


def _execution_key(tables: Mapping[str, TableFound]) -> str | None:
    task = tables["task"].columns
    if "df_exec" not in task:
        return None
    key = "tag" if column_kind(task["df_exec"].type) == "TEXT" else "id"
    executions = tables.get("dataflow_execution")
    if executions is None or not {"id", "tag", "df_id"} <= executions.columns.keys():
        raise RefusedError(
            f"Tasks of this catalogue name executions, but {table('dataflow_execution')}, which "
            "lists them with the columns id, tag and df_id, is missing or incomplete: restore it."
        )
    return key
