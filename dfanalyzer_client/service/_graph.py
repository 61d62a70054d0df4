"""A dataflow as a graph of nodes and edges, as DfAnalyzer's viewer draws it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from ..store.layout import DataflowLayout, SetLayout

__all__ = ["DataflowEntry", "DataflowGraph", "dataflow_graph"]


UNWRITTEN = "#7BE141"
"""The colour of sets that no transformation writes."""


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


class ViewerNode(BaseModel):
    """A set, as the network of DfAnalyzer's page (vis.js) takes it."""

    id: int
    label: str
    shape: str = "box"
    title: str
    color: str | None = None


class ViewerEdge(BaseModel):
    """A transformation that reads one set and writes another, likewise."""

    source: Annotated[int, Field(serialization_alias="from")]
    to: int
    arrows: str = "to"
    label: str
    color: dict[str, str] = {"color": "black"}


class ViewerGraph(BaseModel):
    """Sets, joined by transformations."""

    nodes: list[ViewerNode]
    edges: list[ViewerEdge]


class SetAttributes(BaseModel):
    """The attributes of a set, under the names of DfAnalyzer's page."""

    name: str
    atts: list[NodeAttribute]


class DataflowGraph(DataflowEntry):
    """A dataflow as a graph of sets and transformations, and as DfAnalyzer's page reads it."""

    nodes: list[Node]
    edges: list[Edge]
    graph: ViewerGraph
    allAttrsMap: dict[int, SetAttributes]  # noqa: N815 (as DfAnalyzer spells it)


def dataflow_graph(layout: DataflowLayout) -> DataflowGraph:
    """The graph of one dataflow."""
    nodes, edges = _nodes(layout), _edges(layout)
    attributes = {
        known.id: SetAttributes(name=tag, atts=_attributes(known))
        for tag, known in layout.sets.items()
    }
    return DataflowGraph(
        id=layout.id,
        tag=layout.tag,
        nodes=nodes,
        edges=edges,
        graph=_viewer_graph(layout),
        allAttrsMap=attributes,
    )


def _viewer_graph(layout: DataflowLayout) -> ViewerGraph:
    nodes = [
        ViewerNode(
            id=known.id,
            label=tag,
            title=f"({','.join(known.attributes)})",
            color=None if known.producers else UNWRITTEN,
        )
        for tag, known in layout.sets.items()
    ]
    edges = [
        ViewerEdge(source=read.id, to=written.id, label=transformation)
        for transformation in layout.transformations
        for read in layout.sets.values()
        for written in layout.sets.values()
        if transformation in read.consumers and transformation in written.producers
    ]
    return ViewerGraph(nodes=nodes, edges=edges)


def _attributes(known: SetLayout) -> list[NodeAttribute]:
    return [
        NodeAttribute(name=name, type=attribute.type)
        for name, attribute in known.attributes.items()
    ]


def _nodes(layout: DataflowLayout) -> list[Node]:
    transformations = [
        Node(id=f"transformation:{tag}", tag=tag, kind="transformation")
        for tag in layout.transformations
    ]
    sets = [
        Node(id=f"set:{tag}", tag=tag, kind="set", attributes=_attributes(known))
        for tag, known in layout.sets.items()
    ]
    return transformations + sets


def _edges(layout: DataflowLayout) -> list[Edge]:
    edges = []
    for tag, known in layout.sets.items():
        edges += [
            Edge(source=f"transformation:{producer}", target=f"set:{tag}")
            for producer in known.producers
        ]
        edges += [
            Edge(source=f"set:{tag}", target=f"transformation:{consumer}")
            for consumer in known.consumers
        ]
    return edges
