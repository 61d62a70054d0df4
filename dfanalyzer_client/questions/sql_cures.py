"""Where a typed statement finds its tables, and what to do if MonetDB refuses it."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import RefusedError, UnknownTagError
from ..store import Connection
from ..store.reading import Catalogue
from ..store.schema import PUBLIC, names_in, table
from ..store.sql import identifier, qualified
from ._question import Question

__all__ = ["cure", "enter_schema", "need", "warning"]

MAX_NAMED = 5
"""At most so many dataflows are named."""

MISSING_TABLE = re.compile(r"no such table '([^']+)'$")
MISSING = re.compile(r"no such (?:table|column) '([^']+)'|identifier '([^']+)' unknown")
MISSING_COLUMN = re.compile(r"(?:no such column|identifier) '(?:[^']*\.)?df_exec'")
WRONG_TYPE = re.compile(r"conversion of string (?:'.*' )?to type \w+ failed", re.DOTALL)
USES_EXECUTION = re.compile(r"\bdf_exec\b", re.IGNORECASE)
LIKE_EXECUTION = re.compile(r"\bdf_exec\"?\s+(NOT\s+)?I?LIKE\b", re.IGNORECASE)

BY_ID = (
    "task.df_exec is the id of an execution here. To name an execution by its tag, join "
    f"{table('dataflow_execution')} e ON e.id = df_exec, and compare e.tag."
)
BY_TAG = (
    "task.df_exec is the tag of an execution here, as DfAnalyzer had it: compare "
    "dataflow_execution.tag with it. The execution's id is df_exec of "
    f"{table('task_begun')}."
)
NONE = (
    "DfAnalyzer's tasks named no execution when it created this catalogue. The execution's id is "
    f"df_exec of {table('task_begun')}: join that on its id, the task's."
)


def enter_schema(connection: Connection, dataflow: str | None) -> None:
    """Let statements name the tables of a dataflow without its schema, or those of the catalogue.

    Raises:
        UnknownTagError: there is no such dataflow.
    """
    with connection.transaction():
        if dataflow is not None:
            schema = dataflow.lower()
            known = [tag for _, tag in Catalogue(connection).dataflows()]
            if schema not in known:
                raise UnknownTagError(
                    f"There is no dataflow {dataflow!r}. "
                    + (f"Expected one of {_named(known)}." if known else "Nothing is stored yet.")
                )
        elif connection.query("SELECT current_schema") == [("sys",)]:
            schema = PUBLIC if "dataflow" in names_in(connection, PUBLIC) else "sys"
        else:  # the user's own choice
            return
        connection.execute(f"SET SCHEMA {identifier(schema)}")


def cure(connection: Connection, statement: str, error: RefusedError) -> str:
    """What to do about an error of a statement; empty if we do not know."""
    text = str(error)
    missing = MISSING_TABLE.search(text)
    if missing:
        return _asked(connection, lambda: _of_missing_table(connection, missing[1]))
    is_comparison = WRONG_TYPE.search(text) and USES_EXECUTION.search(statement)
    if is_comparison or MISSING_COLUMN.search(text):
        return _asked(connection, lambda: _of_executions(connection))
    return ""


def need(question: Question, dataflow: str | None, error: RefusedError) -> str:
    """What a question needs that a dataflow lacks; empty if the error has another cause."""
    missing = MISSING.search(str(error))
    if question.needs is None or missing is None:
        return ""
    name = (missing[1] or missing[2]).rpartition(".")[2]
    where = "the catalogue" if dataflow is None else f"the dataflow {dataflow!r}"
    return (
        f"The question {question.name!r} needs {question.needs}. In {where}, there is no {name!r}."
    )


def warning(connection: Connection, statement: str) -> str:
    """What is wrong with a statement that found nothing; empty if nothing may be."""
    if LIKE_EXECUTION.search(statement):
        found = _asked(connection, lambda: _of_executions(connection))
        return found if found == BY_ID else ""
    return ""


def _asked(connection: Connection, ask: Callable[[], str]) -> str:
    try:
        with connection.transaction():
            return ask()
    except RefusedError:  # there is no catalogue, or the user may not read it
        return ""


def _of_missing_table(connection: Connection, name: str) -> str:
    if name in names_in(connection, PUBLIC):
        path = """'"sys","public"'"""
        return (
            f"It is in another schema: write {qualified(PUBLIC, name)}, or have it found there "
            f"with ALTER USER {identifier(connection.url.user)} SCHEMA PATH {path}, from the next "
            "login on."
        )
    tags = Catalogue(connection).dataflows_with(name.removeprefix("ds_"))
    if not tags:
        return ""
    return (
        f"A set is in the schema of its dataflow: use --dataflow {tags[0]}, or begin with "
        f"SET SCHEMA {identifier(tags[0])}. Dataflows with this set: {_named(tags)}."
    )


def _named(tags: list[str]) -> str:
    return ", ".join(tags[:MAX_NAMED]) + ", …" * (len(tags) > MAX_NAMED)


def _of_executions(connection: Connection) -> str:
    rows = connection.query(
        "SELECT c.type FROM sys.columns c JOIN sys.tables t ON t.id = c.table_id "
        "JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s AND t.name = 'task' AND c.name = 'df_exec'",
        [PUBLIC],
    )
    if not rows:
        return NONE if "task_begun" in names_in(connection, PUBLIC) else ""
    return BY_ID if rows[0][0] in ("int", "bigint") else BY_TAG
