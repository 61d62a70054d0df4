"""A data set: rows of one set, on their way to the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .declarations.messages import DataSetMessage
from .declarations.provenance_object import ProvenanceObject
from .declarations.values import text_of
from .element import Element
from .errors import ElementError

__all__ = ["DataSet"]


class DataSet(ProvenanceObject):
    """Elements of the set that `tag` names.

    Their values stand in the order of the set's attributes, or of `attributes` where these are
    named; an attribute that is not named is missing (NULL) in these elements.
    """

    def __init__(
        self, tag: str, elements: Sequence[Element], *, attributes: Sequence[str] | None = None
    ) -> None:
        """Keep `elements`; raises ElementError when one is no Element."""
        super().__init__(tag)
        self._attributes = None if attributes is None else [name.lower() for name in attributes]
        self.elements = elements

    @property
    def elements(self) -> list[list[str]]:
        """The elements' values as texts, as of `Element.values`."""
        return [[text_of(value) for value in values] for values in self._elements]

    @elements.setter
    def elements(self, elements: Sequence[Element]) -> None:
        if isinstance(elements, Element) or not isinstance(elements, Sequence):
            raise ElementError(f"DataSet {self._tag!r} takes a list. Received: {elements!r}.")
        self._elements: list[list[Any]] = []
        for element in elements:
            self.add_element(element)

    def add_element(self, element: Element) -> None:
        """Append one element."""
        if not isinstance(element, Element):
            raise ElementError(
                f"DataSet {self._tag!r} takes Element objects. Received: {element!r}."
            )
        self._elements.append(element.get_specification())

    def get_specification(self) -> DataSetMessage:
        """The data set as it stands in a message."""
        message: DataSetMessage = {
            "tag": self._tag,
            "elements": [list(values) for values in self._elements],
        }
        if self._attributes is not None:
            message["attributes"] = list(self._attributes)
        return message
