"""Whether a text can be asked as a question."""

from __future__ import annotations

from ..errors import DefinitionError, RefusedError
from ..store.connection import Connection
from ..support.sql_text import split_statements
from ._binding import prepared
from ._question import Question

__all__ = ["check_form", "check_syntax"]

FIRST = ("SELECT", "WITH", "VALUES", "(")
SYNTAX = "syntax error"


def check_form(text: str) -> None:
    """Raise DefinitionError if a text is not one statement that asks."""
    statements, _ = split_statements(f"{text}\n;")
    if not statements and not text.strip():
        raise DefinitionError("A question needs a statement in SQL. Received: an empty text.")
    if len(statements) > 1:
        raise DefinitionError(
            f"A question is one statement. Received {len(statements)}, the second is "
            f"{statements[1]!r:.100}."
        )
    if not "".join(statements).upper().startswith(FIRST):
        raise DefinitionError(
            f"A question begins with SELECT, WITH or VALUES. Received: {text.strip()!r:.100}."
        )


def check_syntax(connection: Connection, name: str, text: str) -> None:
    """Raise DefinitionError if the database cannot read a statement.

    Tables and columns are not looked up: which there are depends on the dataflow that is asked
    about.
    """
    try:
        with connection.transaction():
            connection.execute(f"PREPARE {prepared(Question(name, text)).strip().rstrip(';')}")
    except RefusedError as error:
        if SYNTAX in str(error):
            reason = " ".join(str(error).split())
            raise DefinitionError(f"The statement of {name!r} is not SQL: {reason}.") from None
