"""What a dataflow declares of one of its sets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..errors import DefinitionError, ElementError, UnknownTagError
from ..set_role import SetRole
from .messages import AttributeMessage, CombinationMessage, ExtractorMessage, SetMessage
from .misfit import Misfit, refused
from .names import checked_name
from .values import stored_value

__all__ = ["Combination", "DeclaredSet", "named"]

ROLES = frozenset(role.value for role in SetRole)
"""Roles that a declaration may give to a set."""


class Combination(NamedTuple):
    """Two extractors of a set, and the keys that join their rows, in order."""

    outer: str
    inner: str
    keys: tuple[str, ...]
    key_types: tuple[str, ...]


@dataclass
class DeclaredSet:
    """One set: its attributes in order, who writes it and who reads it, and its extractors.

    Of an extractor, by its tag, cartridge and extension. `read_by` has the extractors of those
    attributes that name theirs.
    """

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    producers: list[str] = field(default_factory=list)
    consumers: list[str] = field(default_factory=list)
    extractors: dict[str, tuple[str, str]] = field(default_factory=dict)
    combinations: list[Combination] = field(default_factory=list)
    read_by: dict[str, str] = field(default_factory=dict)
    role: str | None = None

    def columns(self, names: list[str] | None) -> dict[str, str]:
        """The attributes that are `names`, or all; raises UnknownTagError for one undeclared."""
        if names is None:
            return self.attributes
        for name in names:
            if name not in self.attributes:
                raise UnknownTagError(
                    f"Set {self.tag!r} has no attribute {name!r}. Expected one of "
                    f"{named(self.attributes)}."
                )
        return {name: self.attributes[name] for name in names}

    def row(
        self,
        values: list[Any],
        columns: Mapping[str, str],
        index: int,
        on_misfit: Callable[[Misfit], None] = refused,
    ) -> list[Any] | None:
        """`values` as they are stored.

        Args:
            values: one for each of `columns`.
            columns: the attributes' types by their names.
            index: the element's number in its message.
            on_misfit: called with what does not fit; by default it raises ElementError. If it
                returns, a value becomes None, and so does an element with too many or too few.
        """
        where = f"set {self.tag!r}, element {index}"
        if len(values) != len(columns):
            error = ElementError(
                f"Element {index} of set {self.tag!r} has {len(values)} values; its "
                f"{len(columns)} attributes are {', '.join(columns) or 'none'}. "
                f"Received: {values!r:.200}."
            )
            on_misfit(Misfit(where, "", values, error))
            return None
        row = []
        for (name, type_), value in zip(columns.items(), values, strict=True):
            place = f"{where}, attribute {name!r}"
            try:
                row.append(stored_value(value, type_, place))
            except ElementError as error:
                on_misfit(Misfit(place, name, value, error))
                row.append(None)
        return row

    def merge(self, message: SetMessage) -> None:
        """Take in attributes, extractors and role of a set's message; raises DefinitionError."""
        for attribute in message.get("attributes", ()):
            self._add_attribute(attribute)
        for extractor in message.get("extractors", ()):
            self._add_extractor(extractor)
        for combination in message.get("extractorCombinations", ()):
            self._add_combination(combination)
        if "role" in message:
            self._add_role(message["role"])

    def specification(self, transformation: str) -> SetMessage:
        """What was taken in, as it stands in the message of a transformation."""
        is_written = transformation in self.producers
        message: SetMessage = {
            "tag": self.tag,
            "type": "OUTPUT" if is_written else "INPUT",
            "attributes": [self._attribute(name) for name in self.attributes],
        }
        if self.extractors:
            message["extractors"] = [
                {"tag": tag, "cartridge": cartridge, "extension": extension}
                for tag, (cartridge, extension) in self.extractors.items()
            ]
        if self.combinations:
            message["extractorCombinations"] = [
                {
                    "outer": each.outer,
                    "inner": each.inner,
                    "keys": list(each.keys),
                    "keyTypes": list(each.key_types),
                }
                for each in self.combinations
            ]
        if self.role is not None:
            message["role"] = self.role
        if self.producers and not is_written:
            message["dependency"] = self.producers[0]
        return message

    def copy(self) -> DeclaredSet:
        """Another one that says the same."""
        return DeclaredSet(
            self.tag,
            dict(self.attributes),
            list(self.producers),
            list(self.consumers),
            dict(self.extractors),
            list(self.combinations),
            dict(self.read_by),
            self.role,
        )

    def _attribute(self, name: str) -> AttributeMessage:
        message: AttributeMessage = {"name": name, "type": self.attributes[name]}
        if name in self.read_by:
            message["extractor"] = self.read_by[name]
        return message

    def _add_attribute(self, attribute: AttributeMessage) -> None:
        name = checked_name(attribute["name"], f"name of an attribute of set {self.tag!r}")
        known = self.attributes.setdefault(name, attribute["type"])
        if known != attribute["type"]:
            raise DefinitionError(
                f"Attribute {name!r} of set {self.tag!r} was declared as {known}. "
                f"Received: {attribute['type']}. Give one of the two another name."
            )
        extractor = attribute.get("extractor", "").lower()
        if extractor and self.read_by.setdefault(name, extractor) != extractor:
            raise DefinitionError(
                f"Attribute {name!r} of set {self.tag!r} is read by extractor "
                f"{self.read_by[name]!r}. Received: {extractor!r}. Name one of the two."
            )

    def _add_extractor(self, message: ExtractorMessage) -> None:
        tag = checked_name(message["tag"], f"tag of an extractor of set {self.tag!r}")
        kind = message["cartridge"], message["extension"]
        known = self.extractors.setdefault(tag, kind)
        if known != kind:
            raise DefinitionError(
                f"Extractor {tag!r} of set {self.tag!r} was declared as {' '.join(known)}. "
                f"Received: {' '.join(kind)}. Give one of the two another tag."
            )

    def _add_combination(self, message: CombinationMessage) -> None:
        combination = Combination(
            message["outer"].lower(),
            message["inner"].lower(),
            tuple(message["keys"]),
            tuple(message.get("keyTypes", ())),
        )
        for tag in (combination.outer, combination.inner):
            if tag not in self.extractors:
                raise DefinitionError(
                    f"Set {self.tag!r} has no extractor {tag!r} to combine. Expected one of "
                    f"{named(self.extractors)}."
                )
        if combination not in self.combinations:
            self.combinations.append(combination)

    def _add_role(self, role: str) -> None:
        if role not in ROLES:
            raise DefinitionError(
                f"The role of set {self.tag!r} must be one of {', '.join(sorted(ROLES))}. "
                f"Received: {role!r}."
            )
        if self.role not in (None, role):
            raise DefinitionError(
                f"Set {self.tag!r} was declared with the role {self.role!r}. Received: {role!r}. "
                "Give one of the two another tag."
            )
        self.role = role

    def check_extractors(self) -> None:
        """Raise DefinitionError if an attribute names no extractor, or one is called as it is."""
        for name, extractor in self.read_by.items():
            if extractor not in self.extractors:
                raise DefinitionError(
                    f"Set {self.tag!r} has no extractor {extractor!r}, which attribute {name!r} "
                    f"names. Expected one of {named(self.extractors)}."
                )
        both = self.attributes.keys() & self.extractors.keys()
        if both:
            raise DefinitionError(
                f"Set {self.tag!r} has an attribute and an extractor {min(both)!r}: rename one, as "
                "a task names the extractor where it gives the path of a file."
            )


def named(tags: Iterable[str]) -> str:
    """Tags as an error message lists them."""
    return ", ".join(repr(tag) for tag in sorted(tags)) or "none declared"
