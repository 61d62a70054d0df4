"""What tests ask of a document: its records, by what they are and whom they join."""

from __future__ import annotations

from typing import Any

from prov.constants import PROV_LABEL, PROV_TYPE
from prov.identifier import QualifiedName
from prov.model import (
    Literal,
    ProvActivity,
    ProvBundle,
    ProvDelegation,
    ProvElement,
    ProvEntity,
    ProvRecord,
    ProvRelation,
)

__all__ = ["Document", "local", "value"]


def local(name: QualifiedName | None) -> str:
    """A name without its namespace."""
    return "" if name is None else name.localpart


def value(record: ProvRecord, name: str) -> Any:
    """The one value of an attribute, by its name without namespace; None where there is none.

    Of a literal that is no object of Python's, its text.
    """
    found = [each for key, each in record.attributes if key.localpart == name and key != PROV_TYPE]
    assert len(found) <= 1, found
    if not found:
        return None
    return found[0].value if isinstance(found[0], Literal) else found[0]


class Document:
    """A bundle or document, to be asked.

    Args:
        bundle: what to ask.
    """

    def __init__(self, bundle: ProvBundle) -> None:
        self.bundle = bundle

    def record(self, name: str) -> ProvRecord:
        """The one element of a name without its namespace."""
        (found,) = [
            each
            for each in self.bundle.get_records((ProvEntity, ProvActivity))
            if local(each.identifier) == name
        ]
        return found

    def labelled(self, label: str) -> ProvRecord:
        """The one element of a label."""
        (found,) = [each for each in self.bundle.records if (PROV_LABEL, label) in each.attributes]
        return found

    def of_type(self, kind: str) -> list[ProvRecord]:
        """Elements of a type of PROV's or ours, by its name without namespace."""
        names = {f"prov:{kind}", f"kp:{kind}"}
        return [
            each
            for each in self.bundle.get_records(ProvElement)
            if names & {str(of) for of in each.get_asserted_types()}
        ]

    def relations(self, kind: type[ProvRelation]) -> list[ProvRelation]:
        """Relations of a kind."""
        return list(self.bundle.get_records(kind))

    def pairs(self, kind: type[ProvRelation]) -> set[tuple[str, str]]:
        """What relations of a kind join: the first two ends, without their namespaces."""
        ends = [
            [each for _, each in relation.formal_attributes] for relation in self.relations(kind)
        ]
        return {(local(one), local(other)) for one, other, *_ in ends if other is not None}

    def delegations(self) -> set[tuple[str, str]]:
        """Labels of agents, and of those for whom they acted."""
        labels = {each.identifier: each.label for each in self.bundle.records if each.identifier}
        return {
            (str(labels[one]), str(labels[other]))
            for relation in self.relations(ProvDelegation)
            for (_, one), (_, other), *_ in [relation.formal_attributes]
        }
