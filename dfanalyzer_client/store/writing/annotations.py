"""The rows of tags and notes. Each change is a row, and the newest row counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...declarations.messages import AnnotationMessage
from ...errors import RefusedError
from ..connection import Connection
from ..schema import table

__all__ = ["TABLES_OF_ANNOTATIONS", "PreparedAnnotation", "check_rights", "prepare_annotation"]

TABLES_OF_ANNOTATIONS = ("execution_tag", "execution_note", "journal_mark")
"""The tables to which an annotation, and the mark that it is stored, add rows."""


@dataclass(frozen=True)
class PreparedAnnotation:
    """The rows that the message of an annotation adds.

    Attributes:
        tags: of ``execution_tag``.
        notes: of ``execution_note``.
    """

    tags: list[dict[str, Any]]
    notes: list[dict[str, Any]]


def prepare_annotation(message: AnnotationMessage, execution: int) -> PreparedAnnotation:
    """The rows of a message; raises RefusedError for values that are no texts.

    Args:
        message: an annotation's message, whoever wrote it.
        execution: the id of its execution.
    """
    tags = message.get("tags", {})
    for value in [*tags.values(), message.get("note")]:
        if not isinstance(value, str | None):
            raise RefusedError(f"Values of tags and notes are texts. Received: {value!r}.")
    common = {
        "df_exec": execution,
        "changed": message["changed"],
        "changed_by": message["changedBy"],
    }
    return PreparedAnnotation(
        [{**common, "name": name, "value": value} for name, value in tags.items()],
        [{**common, "text": message["note"]}] if "note" in message else [],
    )


def check_rights(connection: Connection) -> None:
    """Raise RefusedError if the user may not add annotations; changes nothing."""
    try:
        for name in TABLES_OF_ANNOTATIONS:
            connection.execute(f"INSERT INTO {table(name)} SELECT * FROM {table(name)} WHERE 1 = 0")
    finally:
        connection.rollback()
