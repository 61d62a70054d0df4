"""Who publishes a document, under which licence, and what its identifiers begin with."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from ...config.author import Author
from ..prov import Names

__all__ = ["Publisher"]


@dataclass(frozen=True)
class Publisher:
    """What is not in an execution's rows.

    Attributes:
        author: of the document; None if nobody is named.
        licence: of the model and its data: an SPDX id or a URL; None if none is named.
        names: of the execution, as in its PROV document.
    """

    names: Names
    author: Author | None = None
    licence: str | None = None

    def iri(self, *parts: object) -> str:
        """The IRI of the execution, or of a part of it, in its PROV document."""
        return str(self.names.run(self.names.execution, *parts).uri)

    def content(self, sha256: str) -> str:
        """The IRI of the content of a file."""
        return str(self.names.content(sha256).uri)

    @property
    def serial(self) -> uuid.UUID:
        """A number for the document that is the same each time: of the execution's IRI."""
        return uuid.uuid5(uuid.NAMESPACE_URL, self.iri())
