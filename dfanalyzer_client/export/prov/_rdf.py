"""A document as RDF, in Turtle, TriG and RDF/XML, reproducible byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prov.model import ProvBundle, ProvDocument

from ._prov_o import triples
from ._turtle import prefixes
from ._turtle import turtle as written

__all__ = ["rdf_xml", "trig", "turtle", "turtle_part"]


def turtle(document: ProvDocument) -> str:
    """A document without bundles as Turtle."""
    return prefixes(document.namespaces) + turtle_part(document)


def turtle_part(part: ProvBundle) -> str:
    """The statements of a bundle, or of a document beside its bundles, without prefixes."""
    return "".join(f"\n{text}" for text in _subjects(part))


def trig(document: ProvDocument) -> str:
    """A document with its bundles as TriG: one named graph per bundle, ordered by name."""
    parts = [_graph(document, None)]
    for name, bundle in sorted((_iri(each), each) for each in document.bundles):
        parts.append(_graph(bundle, name))
    return "\n".join(filter(None, parts))


def rdf_xml(document: ProvDocument) -> str:
    """A document without bundles as RDF/XML, with its statements in a fixed order."""
    import rdflib
    from lxml import etree

    graph = rdflib.Graph().parse(data=turtle(document), format="turtle")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(graph.serialize(format="xml").encode(), parser)
    for node in root:
        node[:] = sorted(node, key=_order)
    root[:] = sorted(root, key=_order)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8").decode() + "\n"


def _subjects(part: ProvBundle) -> Iterator[str]:
    return written(triple for record in part.records for triple in triples(record))


def _graph(part: ProvBundle, name: str | None) -> str:
    """A named graph, or the default one; empty if it states nothing."""
    body = "\n".join(_subjects(part))
    if not body:
        return ""
    head = prefixes(part.namespaces)
    return f"{head}\n{body}" if name is None else f"{head}\n<{name}> {{\n{body}}}\n"


def _iri(bundle: ProvBundle) -> str:
    return str(bundle.identifier and bundle.identifier.uri)


def _order(element: Any) -> tuple[str, list[tuple[str, str]], str]:
    return str(element.tag), sorted(map(_pair, element.attrib.items())), element.text or ""


def _pair(item: tuple[Any, Any]) -> tuple[str, str]:
    return str(item[0]), str(item[1])
