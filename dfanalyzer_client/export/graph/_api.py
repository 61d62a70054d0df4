"""Read executions from the database as graphs, and write them: the functions of the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prov.model import ProvDocument

from ...config.graph_url import GraphURL
from ...store import Connection
from ..prov import Options, dataflow_documents, document_with
from ._database import Written, write
from ._dlprov import as_dlprov
from ._graph import Graph, graph_of
from ._script import script

__all__ = ["NAMES", "Selection", "script_pieces", "write_graph"]

PROV = "prov"
NAMES: dict[str, Callable[[Graph], Graph]] = {PROV: lambda graph: graph, "dlprov": as_dlprov}
"""How nodes, relationships and properties are named, and what names them so."""


@dataclass(frozen=True)
class Selection:
    """What to write: an execution, or all executions of a dataflow.

    Attributes:
        connection: to the database that has them.
        execution: its id, tag or beginning of a tag; None: all of `dataflow`.
        dataflow: a tag, if `execution` is None.
        options: what the graph is to contain.
        names: one of `NAMES`.
    """

    connection: Connection
    execution: str | None
    dataflow: str | None
    options: Options
    names: str = PROV

    def graphs(self) -> Iterator[Graph]:
        """A graph for each execution, read when it is needed; raises UnknownTagError."""
        for document in self._documents():
            yield NAMES[self.names](graph_of(document))

    def _documents(self) -> Iterator[ProvDocument]:
        if self.execution is not None:
            yield document_with(self.connection, self.execution, self.options)
        else:
            yield from dataflow_documents(self.connection, self.dataflow or "", self.options)


def script_pieces(selection: Selection) -> Iterator[bytes]:
    """The Cypher script that writes what is selected, piece by piece.

    Raises:
        UnknownTagError: no execution matches, or several do.
    """
    for piece in script(selection.graphs()):
        yield piece.encode()


def write_graph(selection: Selection, url: GraphURL, password: str | None) -> Written:
    """Write what is selected into a graph database.

    Raises:
        UnknownTagError: no execution matches, or several do.
        DfAnalyzerError: the driver is not installed.
        GraphError: the graph database cannot be reached, or refuses.
    """
    return write(selection.graphs(), url, password)
