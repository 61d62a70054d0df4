"""The rows of executions: which there are, and how they are erased.

They are found by what the catalogue says of its tables' columns, so a new table with a column
``df_exec`` or ``task_id`` needs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..connection import Connection
from ..growth.pending_columns import from_clause
from ..inspection import tables_of
from ..layout import DataflowLayout, SetLayout
from ..schema import PUBLIC, TABLES, columns_of, table
from ..sql import identifier, literal, placeholders, qualified

__all__ = ["Portion", "delete_orphans", "portions"]

LAST = ("task_begun", "dataflow_execution")
"""By these the rows of other tables are found, so they are erased after all others."""

AGENTS = {"data_scientist": "scientist_id", "hardware_info": "hardware_id"}


class Portion(NamedTuple):
    """The rows of one table that belong to some executions.

    Attributes:
        name: the table, for people.
        source: the table, quoted.
        condition: which of its rows, with marks for parameters.
        parameters: the ids of the executions, as often as the condition has them.
    """

    name: str
    source: str
    condition: str
    parameters: Sequence[int]

    def count(self, connection: Connection) -> int:
        """How many rows there are."""
        statement = literal(f"SELECT count(*) FROM {self.source} WHERE ") + self.condition
        ((count,),) = connection.query(statement, self.parameters)
        return int(count)

    def delete(self, connection: Connection) -> int:
        """Erase them; returns how many there were."""
        statement = literal(f"DELETE FROM {self.source} WHERE ") + self.condition
        return connection.execute(statement, self.parameters)

    def check_right(self, connection: Connection) -> None:
        """Raise RefusedError if the user may not; nothing is erased."""
        connection.execute(f"DELETE FROM {self.source} WHERE 1 = 0")


def portions(
    connection: Connection, layout: DataflowLayout | None, executions: Sequence[int]
) -> Iterator[Portion]:
    """All rows of executions of one dataflow, in the order in which they are to be erased."""
    marks = placeholders(len(executions))
    of_exec = f'"df_exec" IN ({marks})'
    tasks = f"IN (SELECT id FROM {table('task_begun')} WHERE {of_exec})"
    if layout is not None:
        stored = tables_of(connection, layout.tag)
        for known in layout.sets.values():
            if known.table in stored and known.task_columns:
                yield from _of_set(layout, known, tasks, executions)
    for name in (*(name for name in TABLES if name not in LAST), LAST[0]):
        columns = columns_of(TABLES[name])
        if "df_exec" in columns:
            yield Portion(name, table(name), of_exec, executions)
        elif "task_id" in columns:
            yield Portion(name, table(name), f'"task_id" {tasks}', executions)
    yield Portion(LAST[1], table(LAST[1]), f'"id" IN ({marks})', executions)


def delete_orphans(connection: Connection) -> None:
    """Erase scientists and machines that no execution has any more; definitions are locked."""
    links = [("execution_association", column) for column in AGENTS.values()]
    found = tables_of(connection, PUBLIC)
    links += [  # in an upgraded catalogue of DLProv's
        ("dataflow_execution", column)
        for column in AGENTS.values()
        if column in found["dataflow_execution"].columns
    ]
    for name, column in AGENTS.items():
        used = " ".join(
            f"AND id NOT IN (SELECT {identifier(key)} FROM {table(link)} "
            f"WHERE {identifier(key)} IS NOT NULL)"
            for link, key in links
            if key == column
        )
        connection.execute(f"DELETE FROM {table(name)} WHERE id IS NOT NULL {used}")


def _of_set(
    layout: DataflowLayout, known: SetLayout, tasks: str, executions: Sequence[int]
) -> Iterator[Portion]:
    columns = known.task_columns
    of_tasks = " OR ".join(literal(identifier(column)) + f" {tasks}" for column in columns)
    ids = list(executions) * len(columns)
    rows = f'SELECT "id" FROM {literal(from_clause(layout, known))} AS s WHERE {of_tasks}'
    attributes = [attribute.id for attribute in known.attributes.values()]
    if attributes:
        yield Portion(
            "exact_number",
            table("exact_number"),
            f'"attribute_id" IN ({placeholders(len(attributes))}) AND "element_id" IN ({rows})',
            [*attributes, *ids],
        )
    name, source = f"{layout.tag}.{known.tag}", qualified(layout.tag, known.table)
    # not by the tasks' columns at once: of a table with deleted rows, MonetDB 11.41 deletes others
    # than those that `a IN (SELECT …) OR b IN (SELECT …)` selects
    yield Portion(name, source, f'"id" IN ({rows})', ids)
    if not known.pending:
        return
    left = f'SELECT "id" FROM {literal(source)}'
    yield Portion(  # after their rows, by which pending columns are found
        "waiting_value",
        table("waiting_value"),
        f'"ds_id" = %s AND "element_id" NOT IN ({left})',
        [known.id],
    )
