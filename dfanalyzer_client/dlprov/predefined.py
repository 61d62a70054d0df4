"""The transformations of a predefined dataflow, as far as its tasks name them."""

from __future__ import annotations

from collections.abc import Iterator

from ..attribute import Attribute
from ..attribute_type import AttributeType
from ..declarations.messages import DataSetMessage, TransformationMessage
from ..set import Set
from ..set_type import SetType
from ..transformation import Transformation
from .sets import SETS, Columns, PredefinedSet, find_set

__all__ = ["Predefined"]

INITIAL = ("LoadData", "SplitData", "Train", "Test")
"""What is declared at once: the transformations of DLProv's newest version."""

_SPELLED = {tag.lower(): tag for each in SETS for tag in (*each.producers, *each.consumers)}


class Predefined:
    """What a predefined dataflow declares: DLProv's newest version, and what else tasks need."""

    def __init__(self) -> None:
        self._tags = list(INITIAL)
        self._further: dict[str, Columns] = {}
        self._made: tuple[object, list[TransformationMessage]] = (None, [])

    def include(self, transformation: str) -> None:
        """Declare a transformation of DLProv's as well."""
        tag = _SPELLED.get(transformation.lower())
        if tag is not None and tag not in self._tags:
            self._tags.append(tag)

    def form(self, data: DataSetMessage) -> Columns | None:
        """The columns that the elements of a set follow; None if they follow none that we know."""
        known = find_set(data["tag"])
        lengths = {len(element) for element in data["elements"]}
        if known is None or len(lengths) != 1:
            return None
        return known.form(*lengths)

    def include_columns(self, tag: str, form: Columns) -> None:
        """Declare the columns of a set's form as well."""
        known = find_set(tag)
        if known is not None:
            further = self._further.get(known.tag, ())
            new = [column for column in form if column not in (*known.columns, *further)]
            if new:
                self._further[known.tag] = (*further, *new)

    def messages(self) -> list[TransformationMessage]:
        """The transformations; each reads what one of them writes, or what none writes."""
        parts = tuple(self._tags), tuple(self._further.items())
        made, messages = self._made
        if made != parts:
            messages = [
                Transformation(tag, list(self._sides(tag))).get_specification() for tag in parts[0]
            ]
            self._made = parts, messages
        return messages

    def _sides(self, tag: str) -> Iterator[Set]:
        for known in SETS:
            if tag in known.producers:
                yield self._set(known, SetType.OUTPUT)
            elif tag in known.consumers:
                for producer in [each for each in known.producers if each in self._tags]:
                    yield self._set(known, SetType.INPUT, producer)
                if not known.producers:
                    yield self._set(known, SetType.INPUT)

    def _set(self, known: PredefinedSet, side: SetType, producer: str = "") -> Set:
        columns = (*known.columns, *self._further.get(known.tag, ()))
        return Set(
            known.tag,
            side,
            [Attribute(name, AttributeType[type_]) for name, type_ in columns],
            dependency=producer,
            role=known.role,
        )
