"""A graph as a Cypher script, for `cypher-shell` and other clients of openCypher."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ._graph import Graph
from ._statements import CONSTRAINTS, batches
from ._values import literal

__all__ = ["script"]

ROWS = 200
"""In a statement, which has to be parsed as a whole."""

HEAD = """\
// Provenance as a property graph, by Keras-Prov. It may be run again: cypher-shell -f FILE
// Remove the constraints if you are not allowed to create them.
"""


def script(graphs: Iterable[Graph]) -> Iterator[str]:
    """The script that writes graphs, one after the other, piece by piece."""
    yield HEAD
    yield "".join(f"{constraint};\n" for constraint in CONSTRAINTS)
    for graph in graphs:
        for batch in batches(graph, ROWS):
            rows = ",\n".join(literal(row) for row in batch.rows)
            yield f"UNWIND [\n{rows}\n] AS row\n{batch.action};\n"
