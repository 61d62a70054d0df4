"""Constraints 30-49: which event precedes which, and whether the times said agree.

All starts of an activity, all its ends, all generations of an entity and all its invalidations
precede one another (constraints 31, 32, 39, 40), so each of these sets is one node that its events
are tied to, and the graph grows with the document, not with its square. The node stands whether
or not the thing was declared; inferences 7 and 8 say so of the declared ones.

PROV-CONSTRAINTS orders events and leaves clocks alone. That a time agrees with the order is our
demand: a trace whose times contradict its own order was not recorded well.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import networkx

from w3c_prov.instance import EVENTS, Instance, Statement
from w3c_prov.kinds import Kinds
from w3c_prov.terms import NOTHING, Term, Unknown

Node: TypeAlias = tuple[str, Term]  # ("start" | "end" | "generation" | "invalidation", thing)
HUBS = {
    "wasStartedBy": ("start", "activity", 31),
    "wasEndedBy": ("end", "activity", 32),
    "wasGeneratedBy": ("generation", "entity", 39),
    "wasInvalidatedBy": ("invalidation", "entity", 40),
}
WITHIN_ACTIVITY = {"used": 33, "wasGeneratedBy": 34}
TRIGGERED = {"wasStartedBy": 43, "wasEndedBy": 44}


class Bound(NamedTuple):
    """An event that precedes, its time, and the constraints that say so."""

    time: datetime.datetime
    event: Node
    constraints: frozenset[int]


@dataclass(slots=True)
class EventOrder:
    """A graph of events: an edge says that its source precedes its target."""

    graph: networkx.DiGraph[Node]
    times: dict[Node, datetime.datetime]
    texts: dict[Node, str]

    def precede(self, earlier: Node, later: Node, constraint: int, strictly: str = "") -> None:
        """`earlier` precedes `later`; strictly, if the statement that says so is given."""
        known = self.graph.has_edge(earlier, later) and self.graph.edges[earlier, later]["strictly"]
        if not known:
            self.graph.add_edge(earlier, later, constraint=constraint, strictly=strictly)

    def happened(self, event: Node, time: Term) -> None:
        """`event` happened at `time`, if that is known."""
        if isinstance(time, str):
            self.times[event] = datetime.datetime.fromisoformat(time)


def event_order(instance: Instance, kinds: Kinds) -> EventOrder:
    """The order that the statements of an instance impose."""
    order = EventOrder(networkx.DiGraph(), {}, {})
    _lifetimes(order, instance, kinds)
    for statement in instance.statements:
        if statement.kind in EVENTS:
            _event(order, instance, statement)
        _relation(order, instance, kinds, statement)
    return order


def strict_cycles(order: EventOrder) -> list[str]:
    """Derivations whose entities would have been generated before themselves (constraint 42)."""
    component = {
        node: number
        for number, nodes in enumerate(networkx.strongly_connected_components(order.graph))
        for node in nodes
    }
    return [
        "constraint 42 (derivation-generation-generation-ordering): by the order of events, "
        f"what {edge['strictly']} derives precedes what it derives from"
        for earlier, later, edge in order.graph.edges(data=True)
        if edge["strictly"] and component[earlier] == component[later]
    ]


def contradicting_times(order: EventOrder) -> list[str]:
    """Events whose time is before that of an event which precedes them."""
    condensed = networkx.condensation(order.graph)
    crossing: dict[tuple[int, int], int] = {
        (condensed.graph["mapping"][earlier], condensed.graph["mapping"][later]): edge["constraint"]
        for earlier, later, edge in order.graph.edges(data=True)
    }
    latest: dict[int, Bound] = {}
    found = []
    for number in networkx.topological_sort(condensed):
        bounds = [
            bound._replace(constraints=bound.constraints | {crossing[before, number]})
            for before in condensed.predecessors(number)
            if (bound := latest.get(before))
        ]
        here = sorted(
            (
                Bound(order.times[node], node, frozenset())
                for node in condensed.nodes[number]["members"]
                if node in order.times
            ),
            key=lambda bound: bound.time,
        )
        if here:
            bounds.append(here[-1])
        if not bounds:
            continue
        latest[number] = max(bounds, key=lambda bound: bound.time)
        if here and latest[number].time > here[0].time:
            found.append(_contradiction(order, latest[number], here[0]))
    return found


def _contradiction(order: EventOrder, earlier: Bound, later: Bound) -> str:
    by = ", ".join(map(str, sorted(earlier.constraints))) or "30-49, which make them one moment"
    return (
        f"times (constraints {by}): {order.texts[earlier.event]} at {earlier.time.isoformat()} "
        f"precedes {order.texts[later.event]} at {later.time.isoformat()}"
    )


def _lifetimes(order: EventOrder, instance: Instance, kinds: Kinds) -> None:
    for thing, of in kinds.items():
        name = instance.name(thing)
        if "activity" in of:
            order.precede(("start", thing), ("end", thing), 30)
        if "entity" in of:
            order.precede(("generation", thing), ("invalidation", thing), 36)
        order.texts.update(
            ((what, thing), f"the {what} of {name}")
            for what in ("start", "end", "generation", "invalidation")
        )
    for activity in instance.of("activity"):
        thing = instance.find(activity.id)
        order.happened(("start", thing), instance.find(activity["startTime"]))
        order.happened(("end", thing), instance.find(activity["endTime"]))


def _event(order: EventOrder, instance: Instance, statement: Statement) -> None:
    event = (statement.kind, instance.find(statement.id))
    order.texts.setdefault(event, statement.text)
    order.happened(event, instance.find(statement["time"]))
    activity = instance.find(statement["activity"])
    if hub := HUBS.get(statement.kind):
        what, argument, constraint = hub
        one = (what, instance.find(statement[argument]))
        order.precede(one, event, constraint)
        order.precede(event, one, constraint)
    if within := WITHIN_ACTIVITY.get(statement.kind):
        order.precede(("start", activity), event, within)
        order.precede(event, ("end", activity), within)
    if statement.kind == "used":
        entity = instance.find(statement["entity"])
        order.precede(("generation", entity), event, 37)
        order.precede(event, ("invalidation", entity), 38)
    if triggered := TRIGGERED.get(statement.kind):
        trigger = instance.find(statement["trigger"])
        order.precede(("generation", trigger), event, triggered)
        order.precede(event, ("invalidation", trigger), triggered)


def _relation(order: EventOrder, instance: Instance, kinds: Kinds, statement: Statement) -> None:
    of = {name: instance.find(value) for name, value in statement.arguments.items()}
    match statement.kind:
        case "wasInformedBy":
            order.precede(("start", of["informant"]), ("end", of["informed"]), 35)
        case "wasDerivedFrom":
            if of["activity"] != NOTHING:
                usage, generation = ("used", of["usage"]), ("wasGeneratedBy", of["generation"])
                order.precede(usage, generation, 41)
            source, derived = (
                ("generation", of["usedEntity"]),
                ("generation", of["generatedEntity"]),
            )
            order.precede(source, derived, 42, strictly=statement.text)
        case "specializationOf":
            general, specific = of["generalEntity"], of["specificEntity"]
            order.precede(("generation", general), ("generation", specific), 45)
            order.precede(("invalidation", specific), ("invalidation", general), 46)
        case "wasAssociatedWith" if not isinstance(of["agent"], Unknown):
            began, ended = ("start", of["activity"]), ("end", of["activity"])
            for first, last in _lives(kinds, of["agent"]):
                order.precede(began, last, 47)
                order.precede(first, ended, 47)
        case "wasAttributedTo":
            for first, _ in _lives(kinds, of["agent"]):
                order.precede(first, ("generation", of["entity"]), 48)
        case "actedOnBehalfOf":
            for first, _ in _lives(kinds, of["responsible"]):
                for _, last in _lives(kinds, of["delegate"]):
                    if (first[0] == "start") == (last[0] == "end"):
                        order.precede(first, last, 49)


def _lives(kinds: Kinds, agent: Term) -> list[tuple[Node, Node]]:
    """The first and last events of an agent that is an entity or activity, and so has such."""
    found: list[tuple[Node, Node]] = []
    if "entity" in kinds.get(agent, {}):
        found.append((("generation", agent), ("invalidation", agent)))
    if "activity" in kinds.get(agent, {}):
        found.append((("start", agent), ("end", agent)))
    return found
