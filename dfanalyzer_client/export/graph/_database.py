"""Write graphs into a graph database, with the official driver `neo4j`.

Values are bound parameters. Each batch is a transaction, which the driver repeats after a failure
that may pass; a write that ended early is completed by repeating it.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...config.graph_url import GraphURL
from ...errors import DfAnalyzerError, GraphError
from ...support.distribution import install_command
from ._graph import Graph
from ._statements import CONSTRAINTS, Batch, batches

if TYPE_CHECKING:
    from neo4j import ManagedTransaction, Session

__all__ = ["Written", "write"]

CONNECT_SECONDS = 10.0


@dataclass
class Written:
    """What was written.

    Attributes:
        nodes: how many nodes, counted once for each execution.
        relationships: likewise.
        is_constrained: whether the database lets no two nodes have one identifier.
    """

    nodes: int = 0
    relationships: int = 0
    is_constrained: bool = True


def write(graphs: Iterable[Graph], url: GraphURL, password: str | None) -> Written:
    """Write graphs, one after the other.

    Args:
        graphs: what to write; the next one is read when the last one is written.
        url: of the database.
        password: of its user; None or empty: no login.

    Raises:
        DfAnalyzerError: the driver is not installed.
        GraphError: the database cannot be reached, or refuses.
    """
    written = Written()
    with _session(url, password) as session:
        written.is_constrained = _constrain(session)
        for graph in graphs:
            for batch in batches(graph):
                session.execute_write(_run, batch)
            written.nodes += len(graph.nodes)
            written.relationships += len(graph.relationships)
    return written


@contextlib.contextmanager
def _session(url: GraphURL, password: str | None) -> Iterator[Session]:
    try:
        import neo4j
        from neo4j.exceptions import DriverError, Neo4jError
    except ImportError:
        raise DfAnalyzerError(
            f"--to needs an optional package: {install_command('neo4j')}"
        ) from None
    login = (url.user, password) if password else None
    try:
        with (
            _quiet(),
            neo4j.GraphDatabase.driver(
                url.address, auth=login, connection_timeout=CONNECT_SECONDS
            ) as driver,
        ):
            driver.verify_connectivity()
            with driver.session(database=url.database or None) as session:
                yield session
    except (DriverError, Neo4jError) as error:
        raise GraphError(_explained(error, url)) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the driver's log on stderr, which says again what its errors say."""
    logger, handler = logging.getLogger("neo4j"), logging.NullHandler()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _constrain(session: Session) -> bool:
    """Make identifiers unique, if the database allows it."""
    from neo4j.exceptions import ClientError, DatabaseError

    try:
        for constraint in CONSTRAINTS:
            session.run(constraint).consume()
    except (ClientError, DatabaseError):  # not allowed to, not supported, or not unique before
        return False
    return True


def _run(transaction: ManagedTransaction, batch: Batch) -> None:
    text: Any = f"UNWIND $rows AS row\n{batch.action}"  # the driver asks for a literal
    transaction.run(text, rows=batch.rows).consume()


def _explained(error: Exception, url: GraphURL) -> str:
    from neo4j.exceptions import AuthError, ServiceUnavailable

    said = " ".join(str(getattr(error, "message", None) or error).split())
    if isinstance(error, AuthError):
        return (
            f"{url} refuses the login of {url.user!r}. Check the user in the URL and the password "
            f"in KERAS_PROV_GRAPH_PASSWORD. The server says: {said}"
        )
    if isinstance(error, ServiceUnavailable):
        hint = " A single server may need bolt://." if url.scheme.startswith("neo4j") else ""
        return (
            f"{url} cannot be reached. Check that a graph database listens there for Bolt.{hint} "
            f"The driver says: {said}"
        )
    return f"{url} refuses the graph: {said}"
