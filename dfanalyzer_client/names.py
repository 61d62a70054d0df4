"""Tags and attribute names: what may be one, and how it is stored.

Names are stored in lower case, as DfAnalyzer does, and become identifiers in MonetDB, which takes
1,023 characters and nothing that begins with ``%``.
"""

from __future__ import annotations

import unicodedata

from .errors import DefinitionError

__all__ = [
    "MAX_NAME",
    "RESERVED_SETS",
    "checked_dataflow_tag",
    "checked_name",
    "checked_text",
    "storable_text",
]

MAX_NAME = 1000
"""Longest tag or attribute name, in characters: MonetDB's 1,023 less room for our affixes."""

RESERVED_SCHEMAS = frozenset(
    {"sys", "tmp", "public", "json", "profiler", "wlc", "wlr", "logging", "information_schema"}
)
"""Schemas of MonetDB's own, and DfAnalyzer's catalogue: no dataflow can be called so."""

RESERVED_SETS = frozenset({"keys"})
"""MonetDB takes no table or view of this name, quoted or not."""


def checked_name(name: object, what: str) -> str:
    """`name` as it is stored; raises DefinitionError for one that cannot be."""
    text = checked_text(name, what)
    if not text.strip():
        problem = "is empty"
    elif len(text.lower()) > MAX_NAME:
        problem = f"has {len(text)} characters, more than {MAX_NAME}"
    elif any(unicodedata.category(character) == "Cc" for character in text):
        problem = "holds a control character, such as a newline or a tab"
    elif text.startswith("%"):
        problem = "begins with %, which MonetDB refuses"
    else:
        return text.lower()
    raise DefinitionError(f"The {what} {problem}. Received: {text[:80]!r}.")


def checked_dataflow_tag(tag: object) -> str:
    """A dataflow's tag as it is stored; raises DefinitionError for one that cannot be."""
    stored = checked_name(tag, "tag of the Dataflow")
    if stored in RESERVED_SCHEMAS:
        raise DefinitionError(
            f"A dataflow cannot be called {stored!r}: MonetDB, or DfAnalyzer's catalogue, has a "
            "schema of that name. Choose another tag."
        )
    return stored


def checked_text(value: object, what: str) -> str:
    """`value` if it is text that a database can hold; raises DefinitionError otherwise."""
    if not isinstance(value, str):
        raise DefinitionError(
            f"The {what} must be text. Received: {value!r} of type {type(value).__name__}."
        )
    if "\0" in value:
        raise DefinitionError(f"The {what} holds a NUL character. Received: {value[:80]!r}.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DefinitionError(
            f"The {what} is no valid Unicode text ({error.reason}). Received: {value[:80]!r}."
        ) from None
    return value


def storable_text(text: str) -> str:
    """`text` with what no database holds as Python escapes it; for texts that nobody wrote to us.

    An error's message may hold whatever a program read. That it does is no reason to lose it.
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
