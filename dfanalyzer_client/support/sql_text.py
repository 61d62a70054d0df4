"""The statements that a text in SQL consists of."""

from __future__ import annotations

import re

__all__ = ["split_statements"]

TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.)*' | "[^"]*" | --[^\n]* | /\*.*?\*/ | ; | [^'";/-]+ | .""",
    re.DOTALL | re.VERBOSE,
)
"""Texts, quoted names, comments, the end of a statement, and everything in between."""


def split_statements(text: str) -> tuple[list[str], str]:
    """The statements of `text` that end with a semicolon, without comments, and the rest.

    A semicolon in a text, a quoted name or a comment does not end a statement.
    """
    statements, current, rest_from = [], "", 0
    for token in TOKEN.finditer(text):
        if token[0] == ";":
            statements.append(current)
            current, rest_from = "", token.end()
        elif not token[0].startswith(("--", "/*")):
            current += token[0]
    stripped = [statement.strip() for statement in statements]
    return [statement for statement in stripped if statement], text[rest_from:]
