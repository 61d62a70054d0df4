"""What the message of an annotation holds: what somebody has said of an execution."""

# No `from __future__ import annotations`: as texts, they would hide which keys are required.

from typing import NotRequired, TypedDict

__all__ = ["AnnotationMessage"]


class AnnotationMessage(TypedDict):
    """Tags of an execution, or a note on it; ours.

    Attributes:
        dataflow: tag of the execution's dataflow.
        exec: tag of the execution.
        changed: when this was said.
        changedBy: who said it.
        tags: values by name; None removes the tag.
        note: replaces the note before it; None removes that.
    """

    dataflow: str
    exec: str
    changed: str
    changedBy: str
    tags: NotRequired[dict[str, str | None]]
    note: NotRequired[str | None]
