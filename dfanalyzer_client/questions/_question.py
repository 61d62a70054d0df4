"""A question, read from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Question"]

DEFAULT = re.compile(r"^-- :(\w+) = (.*)$", re.MULTILINE)
NEEDS = re.compile(r"^-- needs: (.*)$", re.MULTILINE)
TITLE = re.compile(r"\A-- (?!:)(.*)")
MAX_TITLE = 200


@dataclass(frozen=True)
class Question:
    """A statement with a name.

    Attributes:
        name: what it is called.
        text: the statement in SQL, with the comments that describe it.
        is_saved: whether a user saved it.
    """

    name: str
    text: str
    is_saved: bool = False

    @property
    def title(self) -> str:
        """What it asks: its first line, if that is a comment, else its beginning."""
        found = TITLE.match(self.text)
        line = found[1] if found else " ".join(self.text.split())
        return line if len(line) <= MAX_TITLE else f"{line[: MAX_TITLE - 1]}…"

    @property
    def needs(self) -> str | None:
        """What a dataflow must have recorded, as a comment says it."""
        found = NEEDS.search(self.text)
        return found[1].strip() if found else None

    @property
    def defaults(self) -> dict[str, str]:
        """The values of parameters that are not given."""
        return {name: value.strip() for name, value in DEFAULT.findall(self.text)}
