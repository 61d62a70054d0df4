"""PROV-O: what a statement of PROV-DM is in RDF.

`prov` and rdflib can do this, but took 2 ms and 58 KB for each epoch of a training, as they keep
every triple in memory; here a statement becomes triples by itself. The tests compare both.

According to PROV-O (https://www.w3.org/TR/prov-o/, section 3.3), a qualified relation
(``prov:qualifiedUsage``) implies the plain property, which SPARQL queries rely on, so both are
stated. A location is a resource in PROV-O, not a literal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from prov.constants import (
    PROV,
    PROV_ACTIVITY,
    PROV_AGENT,
    PROV_ASSOCIATION,
    PROV_ATTRIBUTION,
    PROV_COMMUNICATION,
    PROV_DELEGATION,
    PROV_DERIVATION,
    PROV_ENTITY,
    PROV_GENERATION,
    PROV_LABEL,
    PROV_LOCATION,
    PROV_MEMBERSHIP,
    PROV_SPECIALIZATION,
    PROV_START,
    PROV_TYPE,
    PROV_USAGE,
)
from prov.identifier import Identifier, Namespace, QualifiedName
from prov.model import ProvRecord

__all__ = ["RDFS", "XSD", "Resource", "Triple", "triples"]

RDF = Namespace("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("rdfs", "http://www.w3.org/2000/01/rdf-schema#")
XSD = Namespace("xsd", "http://www.w3.org/2001/XMLSchema#")


class Resource(Identifier):
    """An IRI that is a resource, unlike other identifiers, which `prov` states as texts."""


Triple = tuple[QualifiedName, QualifiedName, Any]
"""A subject, a property, and a value as in records of `prov`; a QualifiedName is a resource."""


@dataclass(frozen=True)
class Relation:
    """How PROV-O states a relation.

    Attributes:
        plain: the property, or properties, between the two ends.
        kind: the class of the node of a qualified relation; None: it is never qualified.
        parts: the node's properties for the second end and for what follows it.
    """

    plain: tuple[QualifiedName, ...]
    kind: str | None = None
    parts: tuple[QualifiedName, ...] = ()


def _prov(*names: str) -> tuple[QualifiedName, ...]:
    return tuple(PROV[name] for name in names)


ELEMENTS = {
    PROV_ENTITY: (),
    PROV_ACTIVITY: _prov("startedAtTime", "endedAtTime"),
    PROV_AGENT: (),
}
"""Properties for the formal attributes of an element."""

RELATIONS = {
    PROV_USAGE: Relation(_prov("used"), "Usage", _prov("entity", "atTime")),
    PROV_GENERATION: Relation(_prov("wasGeneratedBy"), "Generation", _prov("activity", "atTime")),
    PROV_COMMUNICATION: Relation(_prov("wasInformedBy")),
    PROV_START: Relation((), "Start", _prov("entity", "hadActivity", "atTime")),
    PROV_DERIVATION: Relation(
        _prov("wasDerivedFrom"),
        "Derivation",
        _prov("entity", "hadActivity", "hadGeneration", "hadUsage"),
    ),
    PROV_ASSOCIATION: Relation(
        _prov("wasAssociatedWith"), "Association", _prov("agent", "hadPlan")
    ),
    PROV_ATTRIBUTION: Relation(_prov("wasAttributedTo"), "Attribution", _prov("agent")),
    PROV_DELEGATION: Relation(
        _prov("actedOnBehalfOf"), "Delegation", _prov("agent", "hadActivity")
    ),
    PROV_MEMBERSHIP: Relation(_prov("hadMember")),
    PROV_SPECIALIZATION: Relation(_prov("specializationOf")),
}
"""The relations that `Statements` makes."""

REVISION = Relation(
    _prov("wasRevisionOf", "wasDerivedFrom"), "Revision", RELATIONS[PROV_DERIVATION].parts
)
TYPE, LABEL, AT_LOCATION = RDF["type"], RDFS["label"], PROV["atLocation"]
PROPERTIES = {PROV_TYPE: TYPE, PROV_LABEL: LABEL, PROV_LOCATION: AT_LOCATION}
"""Attributes of `prov` that PROV-O has other names for."""


def triples(record: ProvRecord) -> Iterator[Triple]:
    """The triples of a statement.

    Args:
        record: a statement that `Statements` made: its relations have an identifier if they say
            more than which ends they have.
    """
    kind = record.get_type()
    if kind in ELEMENTS:
        yield from _element(record, kind)
    else:
        yield from _relation(record, RELATIONS[kind])


def _element(record: ProvRecord, kind: QualifiedName) -> Iterator[Triple]:
    name = cast("QualifiedName", record.identifier)  # elements have one
    yield name, TYPE, kind
    for property_, value in zip(ELEMENTS[kind], record.args, strict=False):
        if value is not None:
            yield name, property_, value
    yield from _attributes(record, name)


def _relation(record: ProvRecord, relation: Relation) -> Iterator[Triple]:
    first, *others = record.args
    if PROV["Revision"] in record.get_asserted_types():
        relation = REVISION
    for property_ in relation.plain:
        yield first, property_, others[0]
    node = record.identifier
    if node is None or relation.kind is None:
        return
    yield first, PROV[f"qualified{relation.kind}"], node
    yield node, TYPE, PROV[relation.kind]
    for property_, value in zip(relation.parts, others, strict=True):
        if value is not None:
            yield node, property_, value


def _attributes(record: ProvRecord, name: QualifiedName) -> Iterator[Triple]:
    for attribute, value in record.extra_attributes:
        property_ = PROPERTIES.get(attribute, attribute)
        is_place = property_ == AT_LOCATION
        yield name, property_, Resource(value.uri) if is_place else value
