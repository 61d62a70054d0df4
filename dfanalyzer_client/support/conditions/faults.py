"""What is wrong with a text that is not a condition, in words for whoever wrote it."""

from __future__ import annotations

import sqlglot

__all__ = ["QUOTES", "fault"]

QUOTES = (
    'A name that is not a plain word, or is a word of SQL, must be in double quotes, as "drop".'
)
BINARY = frozenset(
    ("AND", "OR", "=", "==", "<>", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "IS")
) | frozenset(("BETWEEN", "+", "*", "/", ","))
"""What needs something on both sides."""

PREFIXES = frozenset(("NOT", "-", "("))
"""What needs something behind it."""


def fault(text: str) -> str:
    """What is missing in a text that cannot be parsed, as one sentence."""
    try:
        tokens = sqlglot.tokenize(text)
    except sqlglot.errors.SqlglotError:
        return "A quote is not closed."
    words = [text[token.start : token.end + 1] for token in tokens]
    if words and words[-1].upper() in BINARY | PREFIXES:
        return f"Something is missing behind {words[-1]!r}."
    if words and words[0].upper() in BINARY:
        return f"Something is missing before {words[0]!r}."
    opened, closed = words.count("("), words.count(")")
    if opened != closed:
        return f"A {')' if opened > closed else '('} is missing."
    upper = [word.upper() for word in words]
    if "BETWEEN" in upper and "AND" not in upper[upper.index("BETWEEN") :]:
        return "BETWEEN needs two values, as in BETWEEN 1 AND 2."
    return QUOTES
