"""The statements of Cypher that write a graph, in batches of rows.

Values are never part of a statement's text, and names only in quotes. All statements may be run
again: nodes are merged by their identifier, and relationships by their type and both ends. Labels
are set by statements of their own, because some databases (ArcadeDB 26.10) cannot merge a node and
label it in one transaction if its identifier is unique.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ._graph import ACTIVITY, AGENT, ENTITY, IDENTIFIER, Graph
from ._values import quoted_name

__all__ = ["BATCH", "CONSTRAINTS", "Batch", "batches"]

BATCH = 1000
"""Rows in a statement."""

CONSTRAINTS = tuple(
    f"CREATE CONSTRAINT keras_prov_{kind.lower()} IF NOT EXISTS "
    f"FOR (n:{kind}) REQUIRE n.{IDENTIFIER} IS UNIQUE"
    for kind in (ENTITY, ACTIVITY, AGENT)
)
"""They also index the identifiers."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """Rows, and what is done with each of them, which is called ``row`` there."""

    action: str
    rows: Sequence[Row]


def batches(graph: Graph, size: int = BATCH) -> Iterator[Batch]:
    """What writes a graph, in the order in which it has to be done."""
    for action, rows in [*_nodes(graph), *_labels(graph), *_relationships(graph)]:
        for start in range(0, len(rows), size):
            yield Batch(action, rows[start : start + size])


def _nodes(graph: Graph) -> Iterable[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for (kind, identifier), node in graph.nodes.items():
        action = (
            f"MERGE (n:{quoted_name(kind)} {{{IDENTIFIER}: row.{IDENTIFIER}}})\n"
            "SET n += row.properties"
        )
        found[action].append({IDENTIFIER: identifier, "properties": node.properties})
    return found.items()


def _labels(graph: Graph) -> Iterable[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for (kind, identifier), node in graph.nodes.items():
        if node.labels:
            labels = "".join(f":{quoted_name(label)}" for label in node.labels)
            action = f"{_matched('n', kind, IDENTIFIER)}\nSET n{labels}"
            found[action].append({IDENTIFIER: identifier})
    return found.items()


def _relationships(graph: Graph) -> Iterable[tuple[str, list[Row]]]:
    found: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for (type_, begin, end), properties in graph.relationships.items():
        row = {"source": begin[1], "target": end[1], "properties": properties}
        found[type_, begin[0], end[0]].append(row)
    return [(_joined(*group, rows), rows) for group, rows in found.items()]


def _joined(type_: str, begin: str, end: str, rows: list[Row]) -> str:
    """Merge relationships of a type.

    The pattern starts at the side whose nodes have fewer of them: some databases look through all
    relationships of the node where it starts, and a set has thousands of rows.
    """
    sources, targets = ({row[side] for row in rows} for side in ("source", "target"))
    forward = len(sources) >= len(targets)
    named = quoted_name(type_)
    return (
        f"{_matched('a', begin, 'source')}\n{_matched('b', end, 'target')}\n"
        f"MERGE {f'(a)-[r:{named}]->(b)' if forward else f'(b)<-[r:{named}]-(a)'}\n"
        "SET r += row.properties"
    )


def _matched(variable: str, kind: str, column: str) -> str:
    return f"MATCH ({variable}:{quoted_name(kind)} {{{IDENTIFIER}: row.{column}}})"
