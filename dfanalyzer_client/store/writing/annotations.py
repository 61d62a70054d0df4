"""The rows of tags and notes. Each change is a row, and the newest row counts."""

from __future__ import annotations

from ...declarations.messages import AnnotationMessage
from ...errors import RefusedError
from .catalogue_rows import CatalogueRows

__all__ = ["TABLES_OF_ANNOTATIONS", "prepare_annotation"]

TABLES_OF_ANNOTATIONS = ("execution_tag", "execution_note", "journal_mark")
"""The tables to which an annotation, and the mark that it is stored, add rows."""


def prepare_annotation(message: AnnotationMessage, execution: int) -> CatalogueRows:
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
    return {
        "execution_tag": [{**common, "name": name, "value": value} for name, value in tags.items()],
        "execution_note": [{**common, "text": message["note"]}] if "note" in message else [],
    }
