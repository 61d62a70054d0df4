"""Who may read a table or view, also after it was recreated.

MonetDB forgets grants and comments when the object is dropped, even by CREATE OR REPLACE VIEW.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..connection import Connection
from ..schema import PUBLIC, TABLES, VIEWS, names_in
from ..sql import identifier, literal, placeholders, qualified

__all__ = ["Permissions", "all_readers", "may_select", "selectable"]

SELECT_CODE = 1
"""MonetDB's code of the SELECT privilege, the only one of use on a view."""

OURS = "('public', current_user, current_role)"
"""Whose rights the account has. It owns a schema, or administers the server, by these, too."""

MAY_SELECT = f"""
SELECT current_user = 'monetdb' OR current_role = 'sysadmin'
  OR EXISTS (SELECT 1 FROM sys.auths a
             WHERE a.id IN (s."authorization", s."owner") AND a.name IN {OURS})
  OR EXISTS (SELECT 1 FROM sys.privileges p JOIN sys.auths a ON a.id = p.auth_id
             WHERE p.obj_id = t.id AND p.privileges = {SELECT_CODE} AND a.name IN {OURS})
FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id WHERE s.name = %s AND t.name = %s
"""


def may_select(connection: Connection, schema: str, name: str) -> bool | None:
    """Whether the account may read all columns of a table or view; None if there is none.

    Ask within a transaction, which would be lost if the database refused to read.
    """
    rows = connection.query(MAY_SELECT, [schema, name])
    return bool(rows[0][0]) if rows else None


def selectable(connection: Connection, name: str) -> set[tuple[str, str]]:
    """Schemas and names of the tables and views from which an account was allowed to SELECT."""
    rows = connection.query(
        "SELECT s.name, t.name FROM sys.privileges p JOIN sys.auths a ON a.id = p.auth_id "
        "JOIN sys.tables t ON t.id = p.obj_id JOIN sys.schemas s ON s.id = t.schema_id "
        f"WHERE p.privileges = {SELECT_CODE} AND a.name = %s",
        [name],
    )
    return {(schema, relation) for schema, relation in rows}


def all_readers(connection: Connection, known: Iterable[str]) -> list[str]:
    """Accounts and roles that are to read what is created now.

    These are the `known` ones, and all that may SELECT from all of the catalogue as it is.
    """
    names = names_in(connection, PUBLIC) & {*TABLES, *VIEWS}
    rows = connection.query(
        "SELECT a.name FROM sys.privileges p JOIN sys.auths a ON a.id = p.auth_id "
        "JOIN sys.tables t ON t.id = p.obj_id JOIN sys.schemas s ON s.id = t.schema_id "
        f"WHERE p.privileges = {SELECT_CODE} AND s.name = %s "
        f"AND t.name IN ({placeholders(len(names)) or 'NULL'}) "
        "GROUP BY a.name HAVING count(DISTINCT t.name) = %s",
        [PUBLIC, *names, len(names)],
    )
    return list(dict.fromkeys([*known, *sorted(name for (name,) in rows)]))


class Permissions:
    """The SELECT grants and comments that a table or view has now.

    Attributes:
        exists: whether there is such a table or view.
    """

    def __init__(self, connection: Connection, schema: str, name: str) -> None:
        self._connection, self._name = connection, qualified(schema, name)
        found = connection.query(
            "SELECT t.id, t.type FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
            "WHERE s.name = %s AND t.name = %s",
            [schema, name],
        )
        self.exists = bool(found)
        self._id, kind = found[0] if found else (-1, 0)
        self._kind = "VIEW" if kind == 1 else "TABLE"
        self._grants = self._load_grants()
        self._comments = self._load_comments()

    def restore(self, readers: Iterable[str]) -> None:
        """Restore the grants and comments, and let `readers` SELECT, too."""
        grants = dict.fromkeys([(reader, None) for reader in readers], False) | self._grants
        for (grantee, column), may_pass_on in grants.items():
            columns = "" if column is None else f" ({identifier(column)})"
            self._connection.execute(
                f"GRANT SELECT{columns} ON {self._name} TO {identifier(grantee)}"
                + " WITH GRANT OPTION" * may_pass_on
            )
        for column, remark in self._comments:
            what = self._name if column is None else f"{self._name}.{identifier(column)}"
            kind = self._kind if column is None else "COLUMN"
            self._connection.execute(literal(f"COMMENT ON {kind} {what} IS ") + "%s", [remark])

    def _load_grants(self) -> dict[tuple[str, str | None], bool]:
        rows = self._connection.query(
            "SELECT a.name, c.name, max(p.grantable) FROM sys.privileges p "
            "JOIN sys.auths a ON a.id = p.auth_id LEFT JOIN sys.columns c ON c.id = p.obj_id "
            f"WHERE p.privileges = {SELECT_CODE} AND (p.obj_id = %s OR c.table_id = %s) "
            "GROUP BY a.name, c.name",
            [self._id, self._id],
        )
        return {(grantee, column): bool(grantable) for grantee, column, grantable in rows}

    def _load_comments(self) -> list[tuple[str | None, str]]:
        rows = self._connection.query(
            "SELECT c.name, m.remark FROM sys.comments m LEFT JOIN sys.columns c ON c.id = m.id "
            "WHERE m.id = %s OR c.table_id = %s",
            [self._id, self._id],
        )
        return [(column, remark) for column, remark in rows]
