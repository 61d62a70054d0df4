"""What a task depends on: other tasks, by transformation and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from .declarations.messages import DependencyMessage, IdReference, TagReference
from .declarations.names import checked_name
from .errors import DefinitionError

__all__ = ["Dependency"]

SEPARATOR = ";"


class _GivenId(TypedDict):
    """An id as it was given: a number, or a text that may name several tasks."""

    id: int | str


class _Specification(TypedDict):
    """A dependency as it was given."""

    tags: list[TagReference]
    ids: list[_GivenId]


class Dependency:
    """Tasks named pairwise: the first tag with the first id, and so on.

    An id may name several tasks of its transformation, joined by ``;``.
    """

    def __init__(self, tags: Sequence[str], ids: Sequence[object]) -> None:
        """Pair tags and ids; raises DefinitionError where one is none, or they are not as many."""
        self.tags, self.ids = tags, ids
        self._pairs()

    @property
    def tags(self) -> list[TagReference]:
        """The transformations, as they stand in a message."""
        return self._tags

    @tags.setter
    def tags(self, tags: Sequence[str]) -> None:
        self._tags: list[TagReference] = [
            {"tag": checked_name(t, "tag of a Dependency")} for t in _listed(tags)
        ]

    @property
    def ids(self) -> list[_GivenId]:
        """The tasks' ids: numbers where numbers were given, as DfAnalyzer's client has them."""
        return self._ids

    @ids.setter
    def ids(self, ids: Sequence[object]) -> None:
        self._ids: list[_GivenId] = [{"id": _checked_ids(each)} for each in _listed(ids)]

    def get_specification(self) -> _Specification:
        """The dependency as it was given; see `message` for what is sent."""
        self._pairs()
        return {"tags": list(self._tags), "ids": list(self._ids)}

    def message(self) -> DependencyMessage:
        """The dependency as it stands in a message: a tag and an id, as texts, for each task."""
        pairs = self._pairs()
        return {
            "tags": [{"tag": tag} for tag, _ in pairs],
            "ids": [IdReference(id=each) for _, each in pairs],
        }

    def _pairs(self) -> list[tuple[str, str]]:
        if len(self._tags) != len(self._ids):
            raise DefinitionError(
                f"A Dependency pairs tags with ids. Received: {len(self._tags)} tags and "
                f"{len(self._ids)} ids."
            )
        return [
            (tag["tag"], each)
            for tag, ids in zip(self._tags, self._ids, strict=True)
            for each in str(ids["id"]).split(SEPARATOR)
        ]


def _listed(values: Sequence[Any]) -> Sequence[Any]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
        raise DefinitionError(f"A Dependency takes lists of tags and ids. Received: {values!r}.")
    return values


def _checked_ids(ids: object) -> int | str:
    if type(ids) is int:
        return ids
    try:
        return SEPARATOR.join(str(int(part)) for part in str(ids).split(SEPARATOR))
    except ValueError:
        raise DefinitionError(f"A Dependency's ids are whole numbers. Received: {ids!r}.") from None
