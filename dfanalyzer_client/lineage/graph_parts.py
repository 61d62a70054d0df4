"""The parts of a graph of lineage: executions, files, data and tests, and what joins them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = [
    "DATA",
    "DERIVED",
    "EXECUTION",
    "FILES",
    "GENERATED",
    "INFORMED",
    "SAID",
    "TESTS",
    "UNKNOWN",
    "USED",
    "Edge",
    "LineageGraph",
    "Node",
]

EXECUTION, FILES, DATA, TESTS, UNKNOWN = "execution", "files", "data", "tests", "unknown"
SAID = "said"
"""What can be hidden beside kinds of nodes: derivations that a program recorded by itself."""

GENERATED, USED, DERIVED, INFORMED = "wasGeneratedBy", "used", "wasDerivedFrom", "wasInformedBy"
"""The relations, in the words of W3C PROV."""


@dataclass
class Node:
    """An execution with all its epochs; or files, data or tests that belong together.

    Attributes:
        id: unique in the graph.
        kind: ``execution``, ``files``, ``data``, ``tests``, or ``unknown``, an execution that was
            erased, or is in another database.
        title: what it is called.
        detail: what else there is to say in a few words.
        facts: more, by name.
        execution: the tag of the execution that it is, or whose tests these are.
        status: of the execution.
        contents: hashes of the contents of files or data.
        is_start: whether the graph was asked for from here.
    """

    id: str
    kind: str
    title: str
    detail: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    execution: str | None = None
    status: str | None = None
    contents: list[str] = field(default_factory=list)
    is_start: bool = False


@dataclass(frozen=True)
class Edge:
    """What leads from one node to another, in the order of time.

    Attributes:
        source: the id of the earlier node.
        target: the id of the later node.
        relation: as W3C PROV calls it; there, it points the other way.
        label: says more: ``training``, or the file's name.
    """

    source: str
    target: str
    relation: str
    label: str = ""


@dataclass
class LineageGraph:
    """What something came from, and what came of it.

    Attributes:
        nodes: in the order in which they were reached.
        edges: from earlier to later.
        more: how many executions were left out, because there are too many.
    """

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    more: int = 0
