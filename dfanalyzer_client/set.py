"""A set: the attributes of what a transformation reads or writes."""

from __future__ import annotations

from collections.abc import Sequence

from .attribute import Attribute
from .declarations.messages import (
    AttributeMessage,
    CombinationMessage,
    ExtractorMessage,
    SetMessage,
    without_empty,
)
from .declarations.provenance_object import ProvenanceObject
from .errors import DefinitionError
from .extractor import Extractor
from .extractor_combination import ExtractorCombination
from .set_role import SetRole
from .set_type import SetType

__all__ = ["Set"]


class Set(ProvenanceObject):
    """A named list of attributes on one side of a transformation.

    A set that one transformation writes and another reads is one set with two sides: give the
    reading side the type INPUT and, as `dependency`, the tag of the transformation that writes it.
    """

    def __init__(
        self,
        tag: str,
        type: SetType,
        attributes: Sequence[Attribute] = (),
        extractors: Sequence[Extractor | ExtractorCombination] = (),
        dependency: str = "",
        *,
        role: SetRole | None = None,
    ) -> None:
        """Describe a set; raises DefinitionError where a part is not of its kind."""
        super().__init__(tag)
        self.type = type
        self.attributes = attributes
        self.extractors = extractors
        self.dependency = dependency
        self.role = role

    @property
    def type(self) -> str:
        """INPUT or OUTPUT."""
        return self._type

    @type.setter
    def type(self, value: SetType) -> None:
        if not isinstance(value, SetType):
            raise DefinitionError(
                f"The type of set {self._tag!r} must be SetType.INPUT or SetType.OUTPUT. "
                f"Received: {value!r}."
            )
        self._type = value.value

    def set_type(self, type: SetType) -> None:
        """Move the set to another side."""
        self.type = type

    @property
    def attributes(self) -> list[AttributeMessage]:
        """The attributes, as they stand in a message."""
        return self._attributes

    @attributes.setter
    def attributes(self, attributes: Sequence[Attribute]) -> None:
        self._attributes: list[AttributeMessage] = []
        for attribute in attributes:
            self.add_attribute(attribute)

    def add_attribute(self, attribute: Attribute) -> None:
        """Append one attribute; raises DefinitionError where its name stands there already."""
        if not isinstance(attribute, Attribute):
            raise DefinitionError(
                f"Set {self._tag!r} takes Attribute objects. Received: {attribute!r}."
            )
        if any(known["name"] == attribute.name for known in self._attributes):
            raise DefinitionError(
                f"Set {self._tag!r} has an attribute {attribute.name!r} already "
                "(names are stored in lower case)."
            )
        self._attributes.append(attribute.get_specification())

    @property
    def extractors(self) -> list[ExtractorMessage]:
        """The extractors, as they stand in a message."""
        return self._extractors

    @extractors.setter
    def extractors(self, extractors: Sequence[Extractor | ExtractorCombination]) -> None:
        self._extractors: list[ExtractorMessage] = []
        self._combinations: list[CombinationMessage] = []
        for extractor in extractors:
            self.add_extractor(extractor)

    def add_extractor(self, extractor: Extractor | ExtractorCombination) -> None:
        """Add an extractor, or a combination of two that were added."""
        if isinstance(extractor, ExtractorCombination):
            self._combinations.append(extractor.get_specification())
        elif isinstance(extractor, Extractor):
            self._extractors.append(extractor.get_specification())
        else:
            raise DefinitionError(
                f"Set {self._tag!r} takes Extractor and ExtractorCombination objects. "
                f"Received: {extractor!r}."
            )

    @property
    def dependency(self) -> str:
        """Tag of the transformation that writes this set, or the empty text."""
        return self._dependency

    @dependency.setter
    def dependency(self, dependency: str) -> None:
        if not isinstance(dependency, str):
            raise DefinitionError(
                f"The dependency of set {self._tag!r} is the tag of a transformation. "
                f"Received: {dependency!r}."
            )
        self._dependency = dependency.lower()

    @property
    def role(self) -> SetRole | None:
        """What its rows are for, if that is to be known; None: nothing in particular."""
        return self._role

    @role.setter
    def role(self, role: SetRole | None) -> None:
        if role is not None and not isinstance(role, SetRole):
            raise DefinitionError(
                f"The role of set {self._tag!r} must be one of {', '.join(map(str, SetRole))}, or "
                f"None. Received: {role!r}."
            )
        self._role = role

    def get_specification(self) -> SetMessage:
        """The set as it stands in a message; parts that are empty are left out."""
        message: SetMessage = {
            "tag": self._tag,
            "type": self._type,
            "attributes": [attribute.copy() for attribute in self._attributes],
            "extractors": [extractor.copy() for extractor in self._extractors],
            "extractorCombinations": [each.copy() for each in self._combinations],
            "dependency": self._dependency,
            "role": self._role.value if self._role is not None else "",
        }
        return without_empty(message, ("tag", "type"))
