"""The order of a task's values: pure functions of what was declared.

DfAnalyzer's clients send values without names, and their tasks name another execution than the
declaration that they follow. So a task is read by the newest declaration that came before it.
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
"""Stands for all transformations that declare no attributes of a set themselves."""


@dataclass(frozen=True)
class Order:
    """The attributes of each set, in the order of the newest declaration that names them.

    Attributes:
        own: by the set's tag and the transformation's, which may name some of them.
        grown: by the set's tag: all that one execution has declared so far.
        execution: the one that declared last.
    """

    own: Mapping[str, Mapping[str, Names]] = field(default_factory=dict)
    grown: Mapping[str, Names] = field(default_factory=dict)
    execution: str | None = None

    def after(self, message: DataflowMessage) -> Order:
        """The order after a further message of the dataflow."""
        own, grown = dict(self.own), dict(self.grown)
        execution = execution_of(message)
        continues = execution is not None and execution == self.execution
        for tag, found in _named(message).items():
            own[tag] = found
            before = grown.get(tag, ()) if continues else ()
            grown[tag] = tuple(dict.fromkeys([*before, *found[ANY]]))
        return Order(own, grown, execution)

    def names(self, transformation: str, tag: str) -> Iterator[Names]:
        """The possible names of the values of a set's row, the likeliest first."""
        own = self.own.get(tag)
        if own is not None:
            yield own.get(transformation, own[ANY])
            yield own[ANY]
            yield self.grown[tag]

    @cached_property
    def key(self) -> str:
        """Identifies the order: equal declarations have equal keys."""
        text = json.dumps([self.own, self.grown], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def execution_of(message: DataflowMessage) -> str | None:
    """The execution that a dataflow's message begins, as its client or the service named it."""
    return message.get("exec") or message.get("opens")


def _named(message: DataflowMessage) -> dict[str, dict[str, Names]]:
    """The attributes that a message names, by set and transformation."""
    found: dict[str, dict[str, Names]] = {}
    for transformation in message.get("transformations", ()):
        for set_ in transformation.get("sets", ()):
            names = [attribute["name"].lower() for attribute in set_.get("attributes", ())]
            if names:
                of = found.setdefault(set_["tag"].lower(), {})
                for tag in (transformation["tag"].lower(), ANY):
                    of[tag] = tuple(dict.fromkeys([*of.get(tag, ()), *names]))
    return found
