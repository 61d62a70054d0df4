"""What tells databases apart whose executions, dataflows and accounts have the same names.

A tag that Keras-Prov gives to an execution has the microsecond and 32 random bits in it: it is the
same execution wherever its rows are, also after its journal was gathered into another database. A
tag that somebody chose, such as ``run1``, is unique only within its database, and so are the tags
of dataflows and the names of accounts and machines.
"""

from __future__ import annotations

import hashlib
import re

from ..store.connection import Connection
from ..store.reading import Catalogue
from ..store.rights.permissions import may_select
from ..store.schema import PUBLIC, table

__all__ = ["is_unique", "site_of"]

UNIQUE = re.compile(r".*-\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}-[0-9a-f]{8}", re.DOTALL)
DIGITS = 16
VERSIONS = "catalogue_version"


def is_unique(tag: str) -> bool:
    """Whether an execution's tag is one that no other execution has, in any database."""
    return UNIQUE.fullmatch(tag) is not None


def site_of(connection: Connection) -> str:
    """The name of a database: a digest of when it was created, and of its first execution's tag.

    Two databases that were created in the same microsecond differ by the tag. A database that was
    restored, or stored anew from journals, is another site.
    """
    catalogue = Catalogue(connection)
    rows = connection.query(
        f"SELECT e.tag FROM {catalogue.table('dataflow_execution')} AS e ORDER BY e.id LIMIT 1"
    )
    facts = [str(tag) for (tag,) in rows]
    if may_select(connection, PUBLIC, VERSIONS):
        ((made,),) = connection.query(f"SELECT min(v.made) FROM {table(VERSIONS)} AS v")
    else:
        begun = catalogue.table("task_begun")
        ((made,),) = connection.query(f"SELECT min(b.began) FROM {begun} AS b")
    facts.append(str(made))
    return hashlib.sha256("\0".join(facts).encode(errors="surrogatepass")).hexdigest()[:DIGITS]
