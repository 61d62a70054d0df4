"""What a document is to hold, as the user says it."""

from __future__ import annotations

from dataclasses import dataclass

from ...config.author import Author
from ._identifiers import DEFAULT_BASE, Names

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """What a document is to hold.

    Attributes:
        epochs: whether each epoch, batch and system sample is an entity; without, those are that
            another task read, and the last.
        prospective: whether the dataflow's transformations, sets and attributes are in it.
        author: the person behind the execution; None: whom its environment names, else `user`.
        user: the person where nobody is named: of this system, if its database is private.
        base: IRI that identifiers begin with.
    """

    epochs: bool = True
    prospective: bool = False
    author: Author | None = None
    user: str | None = None
    base: str = DEFAULT_BASE

    @property
    def names(self) -> Names:
        """How things are called; raises DfAnalyzerError when `base` is no IRI."""
        return Names(self.base)
