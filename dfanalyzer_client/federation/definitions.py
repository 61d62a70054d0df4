"""The statements that define a site: its schema, its remote tables, and the views over them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from ..config.store_url import StoreURL
from ..errors import FederationError
from ..store.schema import PUBLIC, TABLES, quoted_columns
from ..store.schema import VIEWS as CATALOGUE_VIEWS
from ..store.sql import identifier, qualified

__all__ = [
    "FEDERATION",
    "HERE",
    "REMOTE_TABLES",
    "VIEWS",
    "checked_name",
    "over_all_sites",
    "remote_tables",
    "schema_of",
    "site_views",
]

FEDERATION = "federation"
"""The schema of the views over all sites; the one of a site is ``federation.NAME``."""

HERE = "here"
"""What the central database is called among the sites."""

NAME = re.compile("[a-z][a-z0-9_-]{0,62}")
PLAIN = re.compile(r"[A-Za-z0-9._:-]+")

REMOTE_TABLES = (
    "catalogue_version",
    "dataflow",
    "data_transformation",
    "data_dependency",
    "data_set_role",
    "dataflow_execution",
    "task_begun",
    "task_ended",
    "hyperparameter_value",
    "metric_value",
    "metric_summary",
    "execution_tag",
    "execution_note",
)
"""The tables of a site's catalogue that are read from here."""

EXECUTIONS_VIEW = """
CREATE VIEW "public"."executions" AS
SELECT e.id AS df_exec, e.tag AS execution, d.tag AS dataflow
FROM "public"."dataflow_execution" AS e JOIN "public"."dataflow" AS d ON d.id = e.df_id
"""

VIEWS = {
    "executions": EXECUTIONS_VIEW,
    **{name: CATALOGUE_VIEWS[name] for name in ("hyperparameters", "metrics", "tags", "notes")},
}
"""The views that each site has, and that there are over all of them with a column ``site``."""


def checked_name(name: str) -> str:
    """The name of a site; raises FederationError if it is none."""
    if not NAME.fullmatch(name) or name == HERE:
        raise FederationError(
            "A site's name is of lower-case letters, digits, - and _, begins with a letter, and is "
            f"not {HERE!r}, which is the central database. Received: {name!r}."
        )
    return name


def schema_of(site: str) -> str:
    """The schema of a site's tables; the central database's own is ``public``."""
    return PUBLIC if site == HERE else f"{FEDERATION}.{site}"


def remote_tables(site: str, url: StoreURL) -> Iterator[str]:
    """Statements that define a site's remote tables; the password goes in as its hash."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    if url.scheme != "monetdb" or not all(map(PLAIN.fullmatch, (url.host, url.database))):
        raise FederationError(
            "MonetDB reads other servers without TLS only, and of names of letters, digits and "
            f"._-. Expected monetdb://user@host:port/database. Received: {url}."
        )
    address = f"mapi:monetdb://{host}:{url.port}/{url.database}"
    user = url.user.replace("'", "''")
    hashed = hashlib.sha512((url.password or "").encode()).hexdigest()
    for name in REMOTE_TABLES:
        yield (
            f"CREATE REMOTE TABLE {qualified(schema_of(site), name)} "
            f"({quoted_columns(TABLES[name])}) ON '{address}/{PUBLIC}/{name}' "
            f"WITH USER R'{user}' ENCRYPTED PASSWORD '{hashed}'"
        )


def site_views(site: str) -> Iterator[tuple[str, str]]:
    """Names of a site's views, and the statements that define them over its tables."""
    schema = identifier(schema_of(site))
    for name, view in VIEWS.items():
        yield name, view.replace(f"{identifier(PUBLIC)}.", f"{schema}.")


def over_all_sites(sites: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names of the views over the central database and all sites, and their statements."""
    for name, view in VIEWS.items():
        own = view.partition(" AS\n")[2] if name not in CATALOGUE_VIEWS else ""
        parts = []
        for site in (HERE, *sites):
            source = qualified(schema_of(site), name)
            if site == HERE and own:
                source = f"({own})"
            parts.append(f"SELECT CAST('{site}' AS TEXT) AS site, v.* FROM {source} AS v")
        yield name, f"CREATE VIEW {qualified(FEDERATION, name)} AS {' UNION ALL '.join(parts)}"
