"""In what order the values of a task stand: pure functions of what was declared.

DfAnalyzer's clients send values without names, and name in a task another execution than in the
declaration that it keeps to. So a task is read by the newest declaration that came before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..declarations.messages import DataflowMessage

__all__ = ["Order", "execution_of"]

Names = tuple[str, ...]
ANY = ""
"""Stands for a transformation that names no attributes of a set itself."""


@dataclass(frozen=True)
class Order:
    """The attributes of each set, in the order of the newest declaration that names them.

    Attributes:
        own: by the set's tag and the transformation's, which may name some of them.
        grown: by the set's tag; those that one execution declared one after the other.
        execution: the one that declared last.
    """

    own: Mapping[str, Mapping[str, Names]] = field(default_factory=dict)
    grown: Mapping[str, Names] = field(default_factory=dict)
    execution: str | None = None

    def after(self, message: DataflowMessage) -> Order:
        """The order once a dataflow's message has come."""
        own, grown = dict(self.own), dict(self.grown)
        execution = execution_of(message)
        goes_on = execution is not None and execution == self.execution
        for tag, found in _named(message).items():
            own[tag] = found
            before = grown.get(tag, ()) if goes_on else ()
            grown[tag] = tuple(dict.fromkeys([*before, *found[ANY]]))
        return Order(own, grown, execution)

    def names(self, transformation: str, tag: str) -> Iterator[Names]:
        """What the values of a set's row may be, the likeliest first."""
        own = self.own.get(tag)
        if own is not None:
            yield own.get(transformation, own[ANY])
            yield own[ANY]
            yield self.grown[tag]

    @cached_property
    def key(self) -> str:
        """Names the order: the same where the same was declared."""
        said = json.dumps([self.own, self.grown], sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def execution_of(message: DataflowMessage) -> str | None:
    """The execution that a dataflow's message begins: named by it, or by who took it."""
    return message.get("exec") or message.get("opens")


def _named(message: DataflowMessage) -> dict[str, dict[str, Names]]:
    """The attributes that a message names, by set and transformation."""
    found: dict[str, dict[str, Names]] = {}
    for transformation in message.get("transformations", ()):
        for each in transformation.get("sets", ()):
            names = [attribute["name"].lower() for attribute in each.get("attributes", ())]
            if names:
                of = found.setdefault(each["tag"].lower(), {})
                for tag in (transformation["tag"].lower(), ANY):
                    of[tag] = tuple(dict.fromkeys([*of.get(tag, ()), *names]))
    return found
