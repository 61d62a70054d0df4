"""The dependencies of a task's message."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from ...declarations import messages
from .fields import ABSENT, BIGINT, SEPARATOR, Message, Tag, TaskId, Text, none_if_absent

__all__ = ["DependencyMessage", "two_lists"]


def _references(key: str) -> Any:
    """A validator of tags or ids: one or a list, plain or in objects."""

    def listed(value: Any) -> Any:
        if value in ABSENT:
            return []
        items = value if isinstance(value, list) else [value]
        return [item if isinstance(item, dict) else {key: item} for item in items]

    return listed


def two_lists(value: Any) -> Any:
    """A dependency given as a list of pairs, turned into two lists."""
    if isinstance(value, list):
        pairs = [pair for pair in value if isinstance(pair, dict)]
        if len(pairs) < len(value):
            return value
        if not pairs:
            return None
        return {
            "tags": [pair.get("tag") for pair in pairs],
            "ids": [pair.get("id") for pair in pairs],
        }
    return none_if_absent(value)


class _TagReference(Message):
    tag: Tag


class _IdReference(Message):
    id: TaskId | Text | list[TaskId | Text]

    def numbers(self) -> list[int]:
        """The ids of the tasks: one, or several joined by ``;``."""
        ids = self.id if isinstance(self.id, list) else [self.id]
        parts = [part for id_ in ids for part in str(id_).split(SEPARATOR)]
        return [_task_id(part) for part in parts if part.strip() not in ("", "null")]


class DependencyMessage(Message):
    """Tasks that the task depends on: the first tag belongs to the first id, and so on.

    An id may name several tasks of its transformation, joined by ``;``. If there is only one tag,
    all ids belong to it.
    """

    tags: Annotated[list[_TagReference], BeforeValidator(_references("tag"))] = []
    ids: Annotated[list[_IdReference], BeforeValidator(_references("id"))] = []

    @model_validator(mode="after")
    def _paired(self) -> DependencyMessage:
        self.message()
        return self

    def message(self) -> messages.DependencyMessage:
        """As many tags as ids; raises ValueError if they cannot be paired."""
        tags = self.tags * len(self.ids) if len(self.tags) == 1 else self.tags
        if len(tags) != len(self.ids):
            raise ValueError(
                f"dependency: there must be one id for every tag. Received: {len(self.tags)} tags "
                f"and {len(self.ids)} ids."
            )
        pairs = [
            (tag.tag, number)
            for tag, reference in zip(tags, self.ids, strict=True)
            for number in reference.numbers()
        ]
        return {
            "tags": [{"tag": tag} for tag, _ in pairs],
            "ids": [{"id": str(number)} for _, number in pairs],
        }


def _task_id(text: str) -> int:
    with contextlib.suppress(ValueError):
        number = int(text)
        if abs(number) <= BIGINT:
            return number
    raise ValueError(
        f"dependency: a task's id must be a whole number of 64 bits. Received: {text[:80]!r}."
    )
