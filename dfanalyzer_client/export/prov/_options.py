"""The user's options for a document."""

from __future__ import annotations

from dataclasses import dataclass

from ...config.author import Author
from ._identifiers import DEFAULT_BASE, Names

__all__ = ["Options"]


@dataclass(frozen=True)
class Options:
    """What a document is to contain.

    Attributes:
        epochs: whether every epoch, batch and system sample is an entity; if not, only those that
            another task read, and the last.
        prospective: whether to include the dataflow's transformations, sets and attributes.
        author: the person behind the execution; None: as its environment says, else `user`.
        user: the person if nobody is named: this system's user, if the database is private.
        base: IRI that identifiers begin with.
        site: the name of the database in identifiers; None: its own. A document that is compared
            with one from before the database was restored has the name that it had then.
    """

    epochs: bool = True
    prospective: bool = False
    author: Author | None = None
    user: str | None = None
    base: str = DEFAULT_BASE
    site: str | None = None

    @property
    def names(self) -> Names:
        """The names in the document; raises DfAnalyzerError if `base` is not an IRI."""
        return Names(self.base)
