"""The root of the DfAnalyzer model: a tag, and a message that describes the object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .names import checked_name

__all__ = ["ProvenanceObject"]


class ProvenanceObject:
    """Something with a tag and a JSON message (DfAnalyzer calls it a specification)."""

    def __init__(self, tag: str) -> None:
        """Keep `tag` in lower case; raises DefinitionError where it cannot be stored."""
        self._tag = checked_name(tag, f"tag of the {type(self).__name__}")

    @property
    def tag(self) -> str:
        """The tag, as stored."""
        return self._tag

    def get_specification(self) -> Mapping[str, Any]:
        """The message that describes this object, as DfAnalyzer spells it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._tag!r})"
