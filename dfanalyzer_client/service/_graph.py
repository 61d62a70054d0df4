"""A dataflow as a graph of nodes and edges, as DfAnalyzer's viewer draws it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from ..store.layout import DataflowLayout

__all__ = ["DataflowEntry", "DataflowGraph", "dataflow_graph"]


class DataflowEntry(BaseModel):
    """One dataflow in the list."""

    id: int
    tag: str


class NodeAttribute(BaseModel):
    """An attribute of a set."""

    name: str
    type: str


class Node(BaseModel):
    """A transformation or a set; `id` is what edges name."""

    id: str
    tag: str
    kind: Literal["transformation", "set"]
    attributes: list[NodeAttribute] = []


class Edge(BaseModel):
    """What a transformation reads (set → transformation) or writes (transformation → set)."""

    source: str
    target: str


class DataflowGraph(DataflowEntry):
    """A dataflow with its nodes and edges."""

    nodes: list[Node]
    edges: list[Edge]


def dataflow_graph(layout: DataflowLayout) -> DataflowGraph:
    """The graph of one dataflow."""
    nodes = [
        Node(id=f"transformation:{tag}", tag=tag, kind="transformation")
        for tag in layout.transformations
    ]
    edges = []
    for tag, known in layout.sets.items():
        attributes = [
            NodeAttribute(name=name, type=attribute.type)
            for name, attribute in known.attributes.items()
        ]
        nodes.append(Node(id=f"set:{tag}", tag=tag, kind="set", attributes=attributes))
        edges += [
            Edge(source=f"transformation:{producer}", target=f"set:{tag}")
            for producer in known.producers
        ]
        edges += [
            Edge(source=f"set:{tag}", target=f"transformation:{consumer}")
            for consumer in known.consumers
        ]
    return DataflowGraph(id=layout.id, tag=layout.tag, nodes=nodes, edges=edges)
