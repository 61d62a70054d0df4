"""Constraints 22-29: what one identifier says, and what can happen only once."""

from collections import defaultdict
from collections.abc import Iterator

from w3c_prov.instance import OBJECTS, Instance, Statement
from w3c_prov.terms import Term

WITHOUT_IDENTIFIER = ("specializationOf", "alternateOf", "hadMember", "mentionOf")
# The constraint, its name, the event, and what two of them share that are one.
UNIQUE = (
    (24, "unique-generation", "wasGeneratedBy", ("entity", "activity")),
    (25, "unique-invalidation", "wasInvalidatedBy", ("entity", "activity")),
    (26, "unique-wasStartedBy", "wasStartedBy", ("activity", "starter")),
    (27, "unique-wasEndedBy", "wasEndedBy", ("activity", "ender")),
)
TIMES = (
    (28, "unique-startTime", "wasStartedBy", "startTime"),
    (29, "unique-endTime", "wasEndedBy", "endTime"),
)


def merge(instance: Instance) -> list[str]:
    """Make equal what constraints 22-29 say is equal; what cannot be equal violates them."""
    found: dict[str, None] = {}
    news = True
    while news:
        news = False
        for message, one, other in _equalities(instance):
            match instance.terms.unify(one, other):
                case True:
                    news = True
                case False:
                    pair = f"{instance.name(one)} and {instance.name(other)}"
                    found[f"{message}: {pair}"] = None
    return list(found)


def _equalities(instance: Instance) -> Iterator[tuple[str, Term, Term]]:
    yield from _same_identifier(instance)
    yield from _same_event(instance)
    yield from _same_time(instance)


def _same_identifier(instance: Instance) -> Iterator[tuple[str, Term, Term]]:
    first: dict[tuple[str, Term], Statement] = {}
    for statement in instance.statements:
        if statement.kind in WITHOUT_IDENTIFIER:
            continue
        known = first.setdefault((statement.kind, instance.find(statement.id)), statement)
        if known is statement:
            continue
        constraint = (
            "constraint 22 (key-object)"
            if statement.kind in OBJECTS
            else "constraint 23 (key-properties)"
        )
        for name, value in statement.arguments.items():
            message = f"{constraint}: {known.text} and {statement.text} differ in {name}"
            yield message, known[name], value


def _same_event(instance: Instance) -> Iterator[tuple[str, Term, Term]]:
    for number, name, kind, key in UNIQUE:
        first: dict[tuple[Term, ...], Statement] = {}
        for statement in instance.of(kind):
            of = tuple(instance.find(statement[argument]) for argument in key)
            known = first.setdefault(of, statement)
            if known is not statement:
                message = f"constraint {number} ({name}): {known.text} and {statement.text} are one"
                yield message, known.id, statement.id


def _same_time(instance: Instance) -> Iterator[tuple[str, Term, Term]]:
    activities: dict[Term, list[Statement]] = defaultdict(list)
    for activity in instance.of("activity"):
        activities[instance.find(activity.id)].append(activity)
    for number, name, kind, argument in TIMES:
        for event in instance.of(kind):
            for activity in activities[instance.find(event["activity"])]:
                message = f"constraint {number} ({name}): {activity.text} and {event.text} differ"
                yield message, activity[argument], event["time"]
