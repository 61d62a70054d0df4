"""Terms of a PROV instance, and what PROV-CONSTRAINTS calls unification.

A term is a constant (a URI or a time, both text), the placeholder `-` where a missing argument
says that there is none, or an unknown: some value that must exist but was not said.
"""

import datetime
from typing import TypeAlias

from prov.identifier import Identifier


class Unknown:
    """A value that must exist, but was not said."""

    __slots__ = ()


Term: TypeAlias = str | Unknown
NOTHING = "-"


def time_term(time: datetime.datetime) -> str:
    """The constant of `time`: equal for one instant in two zones; without a zone, UTC is meant."""
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.UTC)
    return time.astimezone(datetime.UTC).isoformat()


def term(value: Identifier | datetime.datetime | None, *, expandable: bool = True) -> Term:
    """The term of an argument; a missing one is unknown if it is expandable, else nothing."""
    if value is None:
        return Unknown() if expandable else NOTHING
    return time_term(value) if isinstance(value, datetime.datetime) else value.uri


class Terms:
    """What is known of the unknowns."""

    def __init__(self) -> None:
        self._bindings: dict[Unknown, Term] = {}

    def find(self, term: Term) -> Term:
        """What `term` stands for: a constant if it is known, else one unknown of those equal."""
        path = []
        while isinstance(term, Unknown) and term in self._bindings:
            path.append(term)
            term = self._bindings[term]
        for unknown in path:
            self._bindings[unknown] = term
        return term

    def unify(self, one: Term, other: Term) -> bool | None:
        """Make two terms equal: True if that is news, None if it was known, False if impossible."""
        one, other = self.find(one), self.find(other)
        if one == other:
            return None
        if isinstance(one, Unknown):
            self._bindings[one] = other
        elif isinstance(other, Unknown):
            self._bindings[other] = one
        else:
            return False
        return True
