"""Which statements an agent may run: one SELECT, and nothing that writes or reads files.

The private server's reader may only SELECT. The user of a server at a URL may be allowed more, and
MonetDB has no read-only transactions. What is refused here is refused whatever the user may do; and
afterwards, the transaction is rolled back.
"""

from __future__ import annotations

import re

from ..errors import SelectionError

__all__ = ["checked_statement"]

TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | -- | /\* | [^\W\d]\w* | [\d.]\w* | \S""",
    re.VERBOSE,
)
"""Texts, quoted names, comments, words and numbers, and any other character."""

MAX_CHARACTERS = 20_000
FIRST = ("SELECT", "WITH", "VALUES")
WRITING = frozenset(
    {
        "ALTER",
        "ANALYZE",
        "CALL",
        "COMMENT",
        "COMMIT",
        "COPY",
        "CREATE",
        "DEALLOCATE",
        "DECLARE",
        "DELETE",
        "DROP",
        "EXEC",
        "EXECUTE",
        "GRANT",
        "INSERT",
        "INTO",
        "MERGE",
        "PREPARE",
        "RELEASE",
        "RENAME",
        "REVOKE",
        "ROLLBACK",
        "SAVEPOINT",
        "START",
        "TRUNCATE",
        "UPDATE",
    }
)
LOADERS = frozenset({"FILE_LOADER", "PROTO_LOADER"})
"""Functions of MonetDB that read files, or other databases."""


def checked_statement(text: str) -> str:
    r"""The statement without a semicolon at its end.

    Texts that MonetDB reads otherwise than we would let a statement hide in what looks like a text:
    so backslashes, with which ``'\'`` ends or does not, and comments are refused.

    Raises:
        SelectionError: it is not one SELECT.
    """
    statement = text.strip().removesuffix(";").rstrip()
    if len(statement) > MAX_CHARACTERS:
        raise SelectionError(f"A statement may have {MAX_CHARACTERS} characters at most.")
    if "\\" in statement or "\0" in statement:
        raise SelectionError("A statement here may contain no backslash. Use LIKE, or SUBSTRING.")
    tokens = TOKEN.findall(statement)
    words = [token.upper() for token in tokens]
    if not words or words[0] not in FIRST:
        raise SelectionError(f"Only SELECT is allowed here. Received: {statement!r:.80}.")
    for before, word in zip(["", *words], words, strict=False):
        if word in ("--", "/*", "#"):
            raise SelectionError("A statement here may contain no comments.")
        if word == ";":
            raise SelectionError("Only one statement is allowed at a time.")
        if word in ("'", '"'):
            raise SelectionError(f"A quote is not closed in {statement!r:.80}.")
        if word in WRITING or (before, word) == ("NEXT", "VALUE"):
            raise SelectionError(
                f"Only SELECT is allowed here, without {word}. A name that is a word of SQL must "
                f'be in double quotes: "{word.lower()}".'
            )
        if word.strip('"') in LOADERS or (before in ("FROM", "JOIN") and word[0] == "'"):
            raise SelectionError("A statement here may read tables of the database, but no files.")
    return statement
