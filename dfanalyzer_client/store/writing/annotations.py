"""The rows of tags and notes. Each change is a row, and the newest row counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...declarations.messages import AnnotationMessage
from ...errors import RefusedError

__all__ = ["PreparedAnnotation", "prepare_annotation"]


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
