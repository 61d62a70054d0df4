"""Constraints 50-56: what a thing is, and what it cannot be at once."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TypeAlias

import networkx

from w3c_prov.instance import OBJECTS, Instance
from w3c_prov.keys import WITHOUT_IDENTIFIER
from w3c_prov.terms import NOTHING, Term

# Constraint 50: the kind of thing that each argument is.
TYPING = {
    "used": {"activity": "activity", "entity": "entity"},
    "wasGeneratedBy": {"entity": "entity", "activity": "activity"},
    "wasInvalidatedBy": {"entity": "entity", "activity": "activity"},
    "wasStartedBy": {"activity": "activity", "trigger": "entity", "starter": "activity"},
    "wasEndedBy": {"activity": "activity", "trigger": "entity", "ender": "activity"},
    "wasInformedBy": {"informed": "activity", "informant": "activity"},
    "wasDerivedFrom": {
        "generatedEntity": "entity",
        "usedEntity": "entity",
        "activity": "activity",
    },
    "wasAttributedTo": {"entity": "entity", "agent": "agent"},
    "wasAssociatedWith": {"activity": "activity", "agent": "agent", "plan": "entity"},
    "actedOnBehalfOf": {"delegate": "agent", "responsible": "agent", "activity": "activity"},
    "specializationOf": {"specificEntity": "entity", "generalEntity": "entity"},
    "alternateOf": {"alternate1": "entity", "alternate2": "entity"},
    "hadMember": {"collection": "entity", "entity": "entity"},
}
EMPTY_COLLECTION = "http://www.w3.org/ns/prov#EmptyCollection"

Kinds: TypeAlias = dict[Term, dict[str, str]]


def kinds(instance: Instance) -> Kinds:
    """The kinds (entity, activity, agent) of each thing, each with the statement that says so."""
    found: Kinds = defaultdict(dict)
    for statement in instance.statements:
        if statement.kind in OBJECTS:
            found[instance.find(statement.id)].setdefault(statement.kind, statement.text)
        for argument, kind in TYPING.get(statement.kind, {}).items():
            if (thing := instance.find(statement[argument])) != NOTHING:
                found[thing].setdefault(kind, statement.text)
    return found


def impossible(instance: Instance, found: Kinds) -> list[str]:
    """What violates constraints 51-56."""
    return [
        *_unspecified_derivations(instance),
        *_reflexive_specializations(instance),
        *_overlaps(instance),
        *_entities_that_are_activities(instance, found),
        *_members_of_nothing(instance),
    ]


def _unspecified_derivations(instance: Instance) -> list[str]:
    return [
        "constraint 51 (impossible-unspecified-derivation-generation-use): "
        f"{statement.text} has a generation or usage, but no activity"
        for statement in instance.of("wasDerivedFrom")
        if statement["activity"] == NOTHING
        and (statement["generation"], statement["usage"]) != (NOTHING, NOTHING)
    ]


def _specializations(instance: Instance) -> networkx.DiGraph[Term]:
    """A graph from each specific entity to the general one."""
    graph: networkx.DiGraph[Term] = networkx.DiGraph()
    graph.add_edges_from(
        (instance.find(statement["specificEntity"]), instance.find(statement["generalEntity"]))
        for statement in instance.of("specializationOf")
    )
    return graph


def _reflexive_specializations(instance: Instance) -> list[str]:
    graph = _specializations(instance)
    return [
        "constraint 52 (impossible-specialization-reflexive): a cycle of specializationOf through "
        + ", ".join(sorted(instance.name(entity) for entity in cycle))
        for cycle in networkx.strongly_connected_components(graph)
        if len(cycle) > 1 or graph.has_edge(*[next(iter(cycle))] * 2)
    ]


def _overlaps(instance: Instance) -> list[str]:
    """Constraints 53 and 54: identifiers of two relations, or of an object and a relation."""
    users: dict[Term, dict[str, str]] = defaultdict(dict)
    for statement in instance.statements:
        if statement.kind not in WITHOUT_IDENTIFIER:
            users[instance.find(statement.id)].setdefault(statement.kind, statement.text)
    found = []
    for identifier, texts in users.items():
        relations = [kind for kind in texts if kind not in OBJECTS]
        # Inference 15 gives an influence the identifier of the relation that it follows from.
        specific = [kind for kind in relations if kind != "wasInfluencedBy"]
        name = instance.name(identifier)
        found += [
            f"constraint 53 (impossible-property-overlap): {name} names {texts[one]} and "
            + texts[two]
            for one, two in pairwise(specific)
        ]
        found += [
            f"constraint 54 (impossible-object-property-overlap): {name} names {texts[one]} and "
            + texts[relations[0]]
            for one in OBJECTS
            if one in texts and relations
        ]
    return found


def _entities_that_are_activities(instance: Instance, found: Kinds) -> list[str]:
    return [
        f"constraint 55 (entity-activity-disjoint): {instance.name(thing)} is an entity in "
        f"{of['entity']} and an activity in {of['activity']}"
        for thing, of in found.items()
        if "entity" in of and "activity" in of
    ]


def _members_of_nothing(instance: Instance) -> list[str]:
    """Constraint 56, with the types that a specialization has of its general entity."""
    empty = {
        instance.find(entity.id)
        for entity in instance.of("entity")
        if EMPTY_COLLECTION in entity.types
    }
    graph = _specializations(instance)
    for collection in tuple(empty):
        if collection in graph:
            empty |= networkx.ancestors(graph, collection)
    return [
        f"constraint 56 (membership-empty-collection): {statement.text}, which has no members"
        for statement in instance.of("hadMember")
        if instance.find(statement["collection"]) in empty
    ]
