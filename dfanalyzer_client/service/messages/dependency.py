"""The dependencies of a task's message."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from .fields import ABSENT, BIGINT, SEPARATOR, Message, Tag, TaskId, Text, none_if_absent

__all__ = ["DependencyMessage", "two_lists"]


def _references(key: str) -> Any:
    """A validator of tags or ids, which may stand alone, and plain or in objects."""

    def listed(value: Any) -> Any:
        if value in ABSENT:
            return []
        each = value if isinstance(value, list) else [value]
        return [one if isinstance(one, dict) else {key: one} for one in each]

    return listed


def two_lists(value: Any) -> Any:
    """A dependency that is a list of pairs, as one of two lists."""
    if isinstance(value, list):
        pairs = [each for each in value if isinstance(each, dict)]
        if len(pairs) < len(value):
            return value
        return (
            {"tags": [each.get("tag") for each in pairs], "ids": [each.get("id") for each in pairs]}
            if pairs
            else None
        )
    return none_if_absent(value)


class _TagReference(Message):
    tag: Tag


class _IdReference(Message):
    id: TaskId | Text | list[TaskId | Text]

    def numbers(self) -> list[int]:
        """The tasks' ids: one, or several that ``;`` joins."""
        each = self.id if isinstance(self.id, list) else [self.id]
        parts = [part for one in each for part in str(one).split(SEPARATOR)]
        return [_task_id(part) for part in parts if part.strip() not in ("", "null")]


class DependencyMessage(Message):
    """Tasks that the task depends on: the first tag with the first id, and so on.

    An id may name several tasks of its transformation, joined by ``;``; of one tag, all ids are.
    """

    tags: Annotated[list[_TagReference], BeforeValidator(_references("tag"))] = []
    ids: Annotated[list[_IdReference], BeforeValidator(_references("id"))] = []

    @model_validator(mode="after")
    def _paired(self) -> DependencyMessage:
        self.message()
        return self

    def message(self) -> dict[str, Any]:
        """Tags and ids, as many of each; raises ValueError where they do not pair."""
        tags = self.tags * len(self.ids) if len(self.tags) == 1 else self.tags
        if len(tags) != len(self.ids):
            raise ValueError(
                f"dependency: tags and ids are pairs. Received: {len(self.tags)} tags and "
                f"{len(self.ids)} ids."
            )
        pairs = [
            (tag.tag, number)
            for tag, each in zip(tags, self.ids, strict=True)
            for number in each.numbers()
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
        f"dependency: a task's id is a whole number of 64 bits. Received: {text[:80]!r}."
    )
