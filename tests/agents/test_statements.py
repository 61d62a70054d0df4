"""Which statements an agent may run."""

from __future__ import annotations

import pytest

from dfanalyzer_client.agents.statements import checked_statement
from dfanalyzer_client.errors import SelectionError


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "select 'a;b', 'it''s -- no comment', \"update\".x FROM \"update\"",
        "WITH a AS (SELECT 1 AS i) SELECT i FROM a;",
        "VALUES (1)",
        "SELECT 1 - -1, 2 * 3, update_time FROM \"public\".metrics WHERE name LIKE '%loss'",
    ],
)
def test_questions_are_allowed(statement: str) -> None:
    """What only reads tables passes, without the semicolon at its end."""
    assert checked_statement(statement) == statement.removesuffix(";")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("", "Only SELECT"),
        ("DELETE FROM t", "Only SELECT"),
        ("CALL sys.shutdown(1)", "Only SELECT"),
        ("SET SCHEMA sys", "Only SELECT"),
        ("SELECT 1; DROP TABLE t", "one statement"),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", "without INSERT"),
        ("WITH a AS (SELECT 1) Delete FROM t", "without DELETE"),
        ("SELECT NEXT VALUE FOR s", "without VALUE"),
        ("SELECT 1 /* ' */; DROP TABLE t; -- '", "no comments"),
        ("SELECT 1 # ' \n; DROP TABLE t; -- '", "no comments"),
        ("SELECT '\\''; DROP TABLE t; -- '", "no backslash"),
        ("SELECT R'\\'; DROP TABLE t; -- '", "no backslash"),
        ("SELECT 'open", "not closed"),
        ("SELECT * FROM '/etc/passwd.csv'", "no files"),
        ("SELECT * FROM a JOIN '/etc/passwd.csv'", "no files"),
        ("SELECT * FROM file_loader('/etc/passwd')", "no files"),
        ('SELECT * FROM sys."proto_loader"(1)', "no files"),
        ("SELECT " + "1," * 20_000, "at most"),
    ],
)
def test_everything_else_is_refused(statement: str, reason: str) -> None:
    """Neither a second statement, hidden in a text or a comment, nor one that writes passes."""
    with pytest.raises(SelectionError, match=reason):
        checked_statement(statement)
