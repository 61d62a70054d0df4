"""A W3C PROV document as a property graph: pure functions.

An element is a node, labelled by its kind (Entity, Activity, Agent) and by its types of PROV and of
ours. A relation is a relationship from its first end to its second, named as in PROV-N
(https://www.w3.org/TR/prov-n/), as prov-db-connector and prov2neo do. Attributes are properties
with the names that they have in the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from prov.constants import (
    PROV_ATTR_ACTIVITY,
    PROV_ATTR_AGENT,
    PROV_ATTR_ALTERNATE1,
    PROV_ATTR_ALTERNATE2,
    PROV_ATTR_COLLECTION,
    PROV_ATTR_DELEGATE,
    PROV_ATTR_ENDER,
    PROV_ATTR_ENTITY,
    PROV_ATTR_GENERAL_ENTITY,
    PROV_ATTR_GENERATED_ENTITY,
    PROV_ATTR_INFLUENCEE,
    PROV_ATTR_INFLUENCER,
    PROV_ATTR_INFORMANT,
    PROV_ATTR_INFORMED,
    PROV_ATTR_PLAN,
    PROV_ATTR_RESPONSIBLE,
    PROV_ATTR_SPECIFIC_ENTITY,
    PROV_ATTR_STARTER,
    PROV_ATTR_TRIGGER,
    PROV_ATTR_USED_ENTITY,
    PROV_N_MAP,
    PROV_TYPE,
)
from prov.identifier import QualifiedName
from prov.model import ProvActivity, ProvAgent, ProvDocument, ProvElement, ProvRelation

from ._values import Value, as_property, as_values

__all__ = [
    "ACTIVITY",
    "AGENT",
    "ENTITY",
    "HAD_PLAN",
    "IDENTIFIER",
    "Graph",
    "Key",
    "Node",
    "graph_of",
    "safe_name",
]

ENTITY, ACTIVITY, AGENT = "Entity", "Activity", "Agent"
IDENTIFIER = "identifier"
"""The property by which nodes are found again: the element's IRI."""
HAD_PLAN = "hadPlan"
"""PROV-O's name for what joins an association to its plan; here it begins at the activity."""

Key = tuple[str, str]
"""A node's kind and its IRI."""

_KINDS = {
    **dict.fromkeys((PROV_ATTR_AGENT, PROV_ATTR_DELEGATE, PROV_ATTR_RESPONSIBLE), AGENT),
    **dict.fromkeys(
        (
            PROV_ATTR_ACTIVITY,
            PROV_ATTR_ENDER,
            PROV_ATTR_INFORMANT,
            PROV_ATTR_INFORMED,
            PROV_ATTR_STARTER,
        ),
        ACTIVITY,
    ),
    **dict.fromkeys(
        (
            PROV_ATTR_ALTERNATE1,
            PROV_ATTR_ALTERNATE2,
            PROV_ATTR_COLLECTION,
            PROV_ATTR_ENTITY,
            PROV_ATTR_GENERAL_ENTITY,
            PROV_ATTR_GENERATED_ENTITY,
            PROV_ATTR_PLAN,
            PROV_ATTR_SPECIFIC_ENTITY,
            PROV_ATTR_TRIGGER,
            PROV_ATTR_USED_ENTITY,
        ),
        ENTITY,
    ),
}
"""What the end of a relation is, by its attribute (PROV-DM); influences may have any ends."""
_OF_ANY_KIND = (PROV_ATTR_INFLUENCEE, PROV_ATTR_INFLUENCER)
_LABELLING = ("prov", "kp")
"""Prefixes of types that become labels. ProvONE's have the local names of ours."""
_UNSAFE = re.compile(r"[`\\\x00-\x1f\x7f]")
"""Characters that no name has, because older versions of Neo4j read escapes in quoted names."""


@dataclass
class Node:
    """A node: its labels besides its kind, and its properties."""

    labels: tuple[str, ...] = ()
    properties: dict[str, Value] = field(default_factory=dict)


@dataclass
class Graph:
    """Nodes by key, and the properties of relationships by type and both ends.

    There is at most one relationship of a type from one node to another: what a document says of it
    twice is merged, so that a graph can be written again.
    """

    nodes: dict[Key, Node] = field(default_factory=dict)
    relationships: dict[tuple[str, Key, Key], dict[str, Value]] = field(default_factory=dict)

    def join(self, type_: str, begin: Key, end: Key, properties: dict[str, Value]) -> None:
        """Add a relationship, or properties to the one that is there; ends become nodes."""
        self.nodes.setdefault(begin, Node())
        self.nodes.setdefault(end, Node())
        self.relationships.setdefault((type_, begin, end), {}).update(properties)


def graph_of(document: ProvDocument) -> Graph:
    """The graph of a document; what is in its bundles is merged.

    A relation with less than two ends is left out, as there is nothing to join.
    """
    graph, whole = Graph(), document.flattened()
    records = list(whole.records)
    for record in records:
        if isinstance(record, ProvElement):
            _add_element(graph, record)
    for record in records:
        if isinstance(record, ProvRelation):
            _add_relation(graph, record)
    return graph


def _add_element(graph: Graph, element: ProvElement) -> None:
    kind = {ProvActivity: ACTIVITY, ProvAgent: AGENT}.get(type(element), ENTITY)
    if element.identifier is None:  # PROV-DM requires one
        raise TypeError(f"An element of PROV needs an identifier. Received: {element}")
    node = graph.nodes.setdefault((kind, element.identifier.uri), Node())
    types = [value for name, value in element.attributes if name == PROV_TYPE]
    node.labels = tuple(dict.fromkeys([*node.labels, *_labels(types)]))
    node.properties.update(_properties(element.attributes))


def _add_relation(graph: Graph, relation: ProvRelation) -> None:
    formal = [(name, value) for name, value in relation.formal_attributes if value is not None]
    ends = [
        (name, (_kind(graph, name, value), value.uri))
        for name, value in formal
        if name in _KINDS or name in _OF_ANY_KIND
    ]
    if len(ends) < 2:
        return
    (first, begin), (second, end), *_ = ends
    rest = [pair for pair in formal if pair[0] not in (first, second)]
    properties = _properties([*rest, *relation.extra_attributes])
    if relation.identifier is not None:
        properties[IDENTIFIER] = relation.identifier.uri
    graph.join(PROV_N_MAP[relation.get_type()], begin, end, properties)
    plans = [key for name, key in ends if name == PROV_ATTR_PLAN]
    for plan in plans:
        graph.join(HAD_PLAN, begin, plan, {})


def _kind(graph: Graph, attribute: QualifiedName, value: QualifiedName) -> str:
    if attribute in _KINDS:
        return _KINDS[attribute]
    known = (kind for kind in (ENTITY, ACTIVITY, AGENT) if (kind, value.uri) in graph.nodes)
    return next(known, ENTITY)


def _labels(types: Iterable[Any]) -> list[str]:
    names = [type_ for type_ in types if isinstance(type_, QualifiedName)]
    return [safe_name(name.localpart) for name in names if name.namespace.prefix in _LABELLING]


def _properties(attributes: Iterable[tuple[QualifiedName, Any]]) -> dict[str, Value]:
    """Properties by name; an attribute with several values is a list, as types always are."""
    found: dict[str, list[Any]] = {}
    for name, value in attributes:
        shown = str(value) if name == PROV_TYPE else as_property(value)
        found.setdefault(safe_name(str(name)), []).append(shown)
    several = {str(PROV_TYPE)}
    return {name: as_values(values, name in several) for name, values in found.items()}


def safe_name(name: str) -> str:
    """A name of a property or label, with its few characters that no query may contain escaped."""
    return _UNSAFE.sub(lambda found: f"_x{ord(found[0]):04X}_", name)
