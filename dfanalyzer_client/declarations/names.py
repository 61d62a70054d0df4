"""Tags and attribute names: what may be one, and how it is stored.

Names are stored in lower case, as DfAnalyzer does, and become identifiers in MonetDB, which takes
1,023 bytes of UTF-8, no U+FEFF, and nothing that begins with ``%``.

No database holds a NUL or a lone surrogate in a text. Where a program wrote one to us, the call
raises. Where it was read from the world (a folder's name, an argument, an error's message) it is
escaped, and the escape can be undone: see `storable_text`.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import unicodedata

from ..errors import DefinitionError

__all__ = [
    "MAX_NAME",
    "RESERVED_SETS",
    "checked_dataflow_tag",
    "checked_name",
    "checked_text",
    "is_storable",
    "original_text",
    "storable_name",
    "storable_tag",
    "storable_text",
]

MAX_NAME = 1000
"""Longest tag or attribute name, in bytes of UTF-8: MonetDB's 1,023 less room for our affixes."""

RESERVED_SCHEMAS = frozenset(
    {"sys", "tmp", "public", "json", "profiler", "wlc", "wlr", "logging", "information_schema"}
)
"""Schemas of MonetDB's own, and DfAnalyzer's catalogue: no dataflow can be called so."""

RESERVED_SETS = frozenset({"keys"})
"""MonetDB takes no table or view of this name, quoted or not."""

BYTE_ORDER_MARK = "\ufeff"
"""MonetDB takes it in no name."""

_SEQUENCE = r"x00|x5c|ud[89a-f][0-9a-f]{2}"
_NUL_OR_SURROGATE = re.compile("[\0\ud800-\udfff]")
_UNHOLDABLE = re.compile(rf"[\0\ud800-\udfff]|\\(?={_SEQUENCE})")
_ESCAPE = re.compile(rf"\\({_SEQUENCE})")


def checked_name(name: object, what: str) -> str:
    """`name` as it is stored; raises DefinitionError for one that cannot be."""
    text = checked_text(name, what)
    if not text.strip():
        problem = "is empty"
    elif len(text.lower()) > MAX_NAME:
        problem = f"has {len(text)} characters, more than {MAX_NAME}"
    elif (size := len(text.lower().encode())) > MAX_NAME:
        problem = f"has {size} bytes in UTF-8, more than {MAX_NAME}"
    elif BYTE_ORDER_MARK in text:
        problem = "holds a byte order mark (U+FEFF), which MonetDB refuses"
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


def is_storable(text: str) -> bool:
    """Whether a database holds the text as it is."""
    return _NUL_OR_SURROGATE.search(text) is None


def storable_text(text: str) -> str:
    r"""`text` with what no database holds as Python escapes it; for texts that nobody wrote to us.

    NUL becomes ``\x00`` and a lone surrogate ``\udce9``. So that `original_text` can tell, a
    backslash that begins such an escape in the text itself becomes ``\x5c``; all others stay.
    """
    return _UNHOLDABLE.sub(_escaped, text)


def original_text(stored: str) -> str:
    """The text of which `storable_text` made `stored`."""
    return _ESCAPE.sub(lambda found: chr(int(found[1][1:], 16)), stored)


def storable_name(text: str, empty: str = "unnamed") -> str:
    """A name that `checked_name` takes, made of any text, and of the same text always the same.

    It is in lower case; characters that are not printable are left out, ``_`` stands before a
    ``%`` at its beginning, and one that is too long ends in a digest of the whole.

    Args:
        text: what is to be named.
        empty: the name of what has no printable character.
    """
    plain = "".join(each for each in text.lower() if each.isprintable()).strip() or empty
    if plain.startswith("%"):
        plain = f"_{plain}"
    whole = plain.encode()
    if len(whole) <= MAX_NAME:
        return plain
    digest = hashlib.sha256(storable_text(text).encode()).hexdigest()[:12]
    return f"{whole[: MAX_NAME - 13].decode(errors='ignore').rstrip()}_{digest}"


def storable_tag(text: str) -> str:
    """A dataflow's tag made of any text, such as a script's name; what can be one stays so."""
    with contextlib.suppress(DefinitionError):
        checked_dataflow_tag(text)
        return text
    name = storable_name(text, "dataflow")
    return f"{name}_script" if name in RESERVED_SCHEMAS else name


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    if character in "\0\\":
        return f"\\x{ord(character):02x}"
    return f"\\u{ord(character):04x}"
