"""Draw an execution with Graphviz: causes on the left, results on the right.

`prov.dot` gives nodes and arrows the shapes and colours of the PROV documents
(https://www.w3.org/TR/prov-primer/); a legend says what they are.
"""

from __future__ import annotations

import subprocess
from html import escape
from typing import Any

from prov.model import ProvDocument, ProvElement, ProvRecord

from ...errors import DfAnalyzerError
from ._identifiers import unescaped

__all__ = ["PICTURES", "dot", "picture"]

BUNDLE = ".bundle"
PICTURES = ("svg", "png", "pdf")
FONT = "Helvetica"
SECONDS = 300.0
RESOLUTION = 110
SHOWN = ("kp", "data")
"""Prefixes of the attributes that a picture shows."""

LEGEND = (
    ("entity", "oval", "#FFFC87", "#808080"),
    ("activity", "box", "#9FB1FC", "#0000FF"),
    ("agent", "house", "#FED37F", "#000000"),
)


def dot(document: ProvDocument, title: str) -> str:
    """A document in Graphviz' language."""
    return str(_graph(document, title).to_string())


def picture(document: ProvDocument, title: str, kind: str) -> bytes:
    """A document as SVG, PNG or PDF.

    Raises:
        DfAnalyzerError: Graphviz is not installed, or fails.
    """
    command = ["dot", f"-T{kind}", f"-Gdpi={RESOLUTION if kind == 'png' else 72}"]
    try:
        done = subprocess.run(  # noqa: S603  # constants alone
            command,
            input=dot(document, title).encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
    except (FileNotFoundError, PermissionError):
        raise DfAnalyzerError(
            f"A picture ({kind}) needs Graphviz' program `dot`: apt-get install graphviz, brew "
            "install graphviz, or https://graphviz.org/download/. --format dot needs no Graphviz."
        ) from None
    except subprocess.TimeoutExpired:
        raise DfAnalyzerError(f"Graphviz has not drawn the picture within {SECONDS:g} s.") from None
    if done.returncode:
        raise DfAnalyzerError(f"Graphviz failed: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _graph(document: ProvDocument, title: str) -> Any:
    from prov.dot import prov_to_dot

    graph = prov_to_dot(
        document,
        direction="RL",
        show_nary=False,
        show_element_attributes=False,
        show_relation_attributes=False,
    )
    elements = {
        record.identifier.uri: record
        for part in (document, *document.bundles)
        for record in part.get_records(ProvElement)
        if record.identifier is not None
    }
    for node in _nodes(graph):
        record = elements.get((node.get("URL") or "").strip('"'))
        if record is not None:
            node.set("label", _label(record))
            node.set("margin", "0.08,0.04")
        node.set("fontname", FONT)
    for cluster, bundle in zip(graph.get_subgraphs(), document.bundles, strict=True):
        tag = str(bundle.identifier and bundle.identifier.localpart).removesuffix(BUNDLE)
        cluster.set("label", _quoted(f"execution {unescaped(tag)}"))
    for edge in _edges(graph):
        edge.set("fontname", FONT)
    settings = {
        "charset": "utf-8",
        "fontname": FONT,
        "nodesep": "0.12",
        "ranksep": "0.45",
        "labelloc": "t",
        "label": _quoted(f"{title}\narrows lead from results back to their causes"),
    }
    for name, value in settings.items():
        graph.set(name, value)
    graph.add_subgraph(_legend())
    return graph


def _nodes(graph: Any) -> list[Any]:
    """The nodes of a graph and of its clusters."""
    inner = [node for subgraph in graph.get_subgraphs() for node in _nodes(subgraph)]
    return [*graph.get_nodes(), *inner]


def _edges(graph: Any) -> list[Any]:
    inner = [edge for subgraph in graph.get_subgraphs() for edge in _edges(subgraph)]
    return [*graph.get_edges(), *inner]


def _label(record: ProvRecord) -> str:
    """The record's title with its attributes below it, as an HTML-like label of Graphviz."""
    lines = [
        f"{escape(name.localpart)} {escape(str(value))}"
        for name, value in record.extra_attributes
        if name.namespace.prefix in SHOWN and name.localpart != "name"  # which is the title
    ]
    rows = "".join(f'<br align="left"/>{line}' for line in lines)
    below = f'<font point-size="9">{rows}<br align="left"/></font>' if rows else ""
    return f"<<b>{escape(str(record.label))}</b>{below}>"


def _legend() -> Any:
    import pydot

    legend = pydot.Cluster("legend", label="W3C PROV", fontname=FONT, fontsize="10")
    for name, shape, fill, line in LEGEND:
        node = pydot.Node(
            f"legend_{name}",
            label=name,
            shape=shape,
            style="filled",
            fillcolor=fill,
            color=line,
            fontname=FONT,
            fontsize="10",
            height="0.3",
        )
        legend.add_node(node)
    return legend


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
