"""Add statements of PROV-DM to a bundle in such a way that every format of `prov` keeps them.

A relation that has more than its two ends gets an identifier: PROV-O writes it as a node, and a
blank node would have another name in every export. An element is stated only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from prov.constants import PROV_LABEL, PROV_LOCATION, PROV_TYPE, XSD_ANYURI, XSD_INTEGER
from prov.identifier import QualifiedName
from prov.model import Literal, ProvBundle, ProvDocument

from ._identifiers import Names, printable

__all__ = ["Statements", "Values", "as_moment"]

Values = Mapping[str, Any]
"""Attributes by name; None means no value, a list means several."""

Pairs = list[tuple[QualifiedName, Any]]

MOST_AT_ONCE = 10_000
"""So many statements fill a bundle that is handed over: some 20 MB."""


class Statements:
    """Adds statements to a bundle, or to a document.

    Args:
        bundle: receives the statements, and the namespaces of `names`.
        names: the names in it.
        hand_over: is called with the bundle when it is full, and another receives what follows;
            None: `bundle` receives all.
    """

    def __init__(
        self,
        bundle: ProvBundle,
        names: Names,
        hand_over: Callable[[ProvBundle], None] | None = None,
    ) -> None:
        self.bundle, self.names = bundle, names
        self._hand_over, self._room = hand_over, MOST_AT_ONCE
        self._stated: set[QualifiedName] = set()
        self._declare()

    def entity(
        self,
        name: QualifiedName,
        label: str,
        types: Iterable[QualifiedName] = (),
        terms: Values | None = None,
        values: Values | None = None,
        location: str | None = None,
    ) -> QualifiedName:
        """State an entity; `terms` are our attributes, `values` are attributes of a set."""
        if self._is_new(name):
            pairs = self._described(label, types, terms, values)
            if location is not None:
                pairs.append((PROV_LOCATION, Literal(location, XSD_ANYURI)))
            self._receiver().entity(name, pairs)
        return name

    def activity(
        self,
        name: QualifiedName,
        label: str,
        types: Iterable[QualifiedName],
        times: tuple[datetime | None, datetime | None],
        terms: Values | None = None,
    ) -> QualifiedName:
        """State an activity with its start and its end."""
        if self._is_new(name):
            self._receiver().activity(name, *times, self._described(label, types, terms))
        return name

    def agent(
        self,
        name: QualifiedName,
        label: str,
        types: Iterable[QualifiedName],
        terms: Values | None = None,
    ) -> QualifiedName:
        """State an agent."""
        if self._is_new(name):
            self._receiver().agent(name, self._described(label, types, terms))
        return name

    def used(
        self, activity: QualifiedName, entity: QualifiedName, time: datetime | None = None
    ) -> None:
        """`activity` used `entity`."""
        named = self._of("usage", time, activity, entity)
        self._receiver().usage(activity, entity, time, identifier=named)

    def generated(
        self, entity: QualifiedName, activity: QualifiedName, time: datetime | None = None
    ) -> None:
        """`activity` generated `entity`."""
        named = self._of("generation", time, entity)
        self._receiver().generation(entity, activity, time, identifier=named)

    def informed(self, informed: QualifiedName, informant: QualifiedName) -> None:
        """`informed` used something that `informant` generated."""
        self._receiver().communication(informed, informant)

    def started(
        self, activity: QualifiedName, starter: QualifiedName, time: datetime | None
    ) -> None:
        """`starter` is the activity that `activity` is a step of."""
        named = self._of("start", True, activity)
        self._receiver().start(activity, None, starter, time, identifier=named)

    def derived(
        self,
        entity: QualifiedName,
        source: QualifiedName,
        activity: QualifiedName | None = None,
    ) -> None:
        """`entity` was derived from `source`, by `activity` if that is given."""
        named = self._of("derivation", activity, entity, source)
        self._receiver().derivation(entity, source, activity, identifier=named)

    def revised(self, entity: QualifiedName, former: QualifiedName) -> None:
        """`entity` is `former` with changes."""
        named = self._of("revision", True, entity, former)
        self._receiver().revision(entity, former, identifier=named)

    def associated(
        self, activity: QualifiedName, agent: QualifiedName, plan: QualifiedName | None = None
    ) -> None:
        """`agent` is responsible for `activity`, which follows `plan`."""
        ends = [activity, agent] if plan is None else [activity, agent, plan]
        named = self._of("association", True, *ends)
        self._receiver().association(activity, agent, plan, identifier=named)

    def attributed(self, entity: QualifiedName, agent: QualifiedName) -> None:
        """`entity` is attributed to `agent`."""
        self._receiver().attribution(entity, agent, self._of("attribution", True, entity, agent))

    def delegated(
        self, agent: QualifiedName, responsible: QualifiedName, activity: QualifiedName | None
    ) -> None:
        """`agent` acted on behalf of `responsible` in `activity`."""
        ends = [agent, responsible] if activity is None else [activity, agent, responsible]
        named = self._of("delegation", True, *ends)
        self._receiver().delegation(agent, responsible, activity, identifier=named)

    def member(self, collection: QualifiedName, entity: QualifiedName) -> None:
        """`entity` is in `collection`."""
        self._receiver().membership(collection, entity)

    def specialized(self, entity: QualifiedName, general: QualifiedName) -> None:
        """`entity` is `general` in one place, or at one time."""
        self._receiver().specialization(entity, general)

    def _receiver(self) -> ProvBundle:
        """The bundle for the next statement."""
        if self._hand_over is not None:
            if not self._room:
                self._hand_over(self.bundle)
                self.bundle, self._room = ProvDocument(), MOST_AT_ONCE
                self._declare()
            self._room -= 1
        return self.bundle

    def _declare(self) -> None:
        for namespace in self.names.namespaces:
            self.bundle.add_namespace(namespace)

    def _is_new(self, name: QualifiedName) -> bool:
        if name in self._stated:
            return False
        self._stated.add(name)
        return True

    def _of(self, kind: str, says_more: object, *ends: QualifiedName) -> QualifiedName | None:
        """The identifier of a relation between `ends`, if it says more than its ends."""
        if not says_more:
            return None
        first, *others = ends
        more = [self._end(end) for end in others]
        begin = [] if first.namespace == self.names.runs else [first.localpart]
        return self.names.inner[".".join([*begin, kind, *more])]

    def _end(self, name: QualifiedName) -> str:
        """An end in the name of a relation: with its site, if another one has that name, too."""
        of_site = name.namespace in (self.names.flows, self.names.locals) and self.names.site
        parts = [name.namespace.prefix, *([self.names.site] if of_site else []), name.localpart]
        return ".".join(parts)

    def _described(
        self,
        label: str,
        types: Iterable[QualifiedName],
        terms: Values | None = None,
        values: Values | None = None,
    ) -> Pairs:
        pairs: Pairs = [(PROV_LABEL, printable(label))]
        pairs += [(PROV_TYPE, type_) for type_ in types]
        for name, value in (terms or {}).items():
            several = value if isinstance(value, list) else [value]
            pairs += [(self.names.term(name), _literal(one)) for one in several if one is not None]
        for name, value in (values or {}).items():
            if value is not None:
                pairs.append((self.names.attribute(name), _literal(value)))
        return pairs


def as_moment(value: object) -> datetime | None:
    """One of our time stamps, which are UTC; None if the value is not a time stamp."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _literal(value: object) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Literal(str(value), XSD_INTEGER)  # otherwise its type depends on its size
    return value
