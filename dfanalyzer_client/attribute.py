"""An attribute: one named, typed column of a set."""

from __future__ import annotations

from .attribute_type import AttributeType
from .declarations.messages import AttributeMessage
from .declarations.names import checked_name
from .errors import DefinitionError

__all__ = ["Attribute"]


class Attribute:
    """A name and a type; stored as a column of that name in lower case."""

    def __init__(self, name: str, type: AttributeType, *, extractor: str = "") -> None:
        """Describe a column.

        Args:
            name: its name.
            type: its type.
            extractor: tag of the extractor of its set that reads its values from files. The only
                extractor of a set reads all attributes but files, unless some name theirs.

        Raises:
            DefinitionError: a name or the type is not well formed.
        """
        self.name = name
        self.type = type
        self._extractor = extractor and checked_name(extractor, "extractor of the Attribute")

    @property
    def name(self) -> str:
        """The name, as stored. A `Set` has the one that stands here when the attribute is added."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = checked_name(name, "name of the Attribute")

    @property
    def type(self) -> str:
        """The type's name: TEXT, NUMERIC, FILE or RDFILE."""
        return self._type

    @type.setter
    def type(self, value: AttributeType) -> None:
        if not isinstance(value, AttributeType):
            raise DefinitionError(
                f"The type of attribute {self._name!r} must be an AttributeType "
                f"({', '.join(member.name for member in AttributeType)}). Received: {value!r}."
            )
        self._type = value.value

    def get_specification(self) -> AttributeMessage:
        """The attribute as it stands in a message."""
        message: AttributeMessage = {"name": self._name, "type": self._type}
        if self._extractor:
            message["extractor"] = self._extractor
        return message

    def __repr__(self) -> str:
        return f"Attribute({self._name!r}, AttributeType.{self._type})"
