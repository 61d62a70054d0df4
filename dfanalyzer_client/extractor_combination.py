"""Two extractors of a set whose rows are joined by keys."""

from __future__ import annotations

from collections.abc import Sequence

from .declarations.messages import CombinationMessage
from .declarations.names import checked_name, checked_text
from .errors import DefinitionError

__all__ = ["ExtractorCombination"]


class ExtractorCombination:
    """Two extractors of one set, by their tags, and the keys by which their rows are joined."""

    def __init__(
        self, outer: str, inner: str, keys: Sequence[str], key_types: Sequence[str] = ()
    ) -> None:
        """Describe a combination.

        Args:
            outer: tag of the extractor whose rows are all kept.
            inner: tag of the other one.
            keys: names of the attributes that both have.
            key_types: their types, as many, or none.

        Raises:
            DefinitionError: a part is no text, or there are not as many types as keys.
        """
        self.outer = checked_name(outer, "tag of the outer extractor")
        self.inner = checked_name(inner, "tag of the inner extractor")
        self.keys = [checked_name(key, "key of a combination of extractors") for key in keys]
        self.key_types = [checked_text(type_, "type of a key") for type_ in key_types]
        if not self.keys or len(self.key_types) not in (0, len(self.keys)):
            raise DefinitionError(
                "A combination of extractors has keys, and no types or one for each. Received: "
                f"{keys!r} and {key_types!r}."
            )

    def get_specification(self) -> CombinationMessage:
        """The combination as it stands in a message."""
        return {
            "outer": self.outer, "inner": self.inner, "keys": list(self.keys),
            "keyTypes": list(self.key_types),
        }  # fmt: skip
