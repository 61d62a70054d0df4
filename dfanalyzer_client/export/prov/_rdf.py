"""PROV-O: a document as RDF, reproducible byte for byte.

`prov` writes a relation with an identifier only as a node (``prov:qualifiedUsage``). According to
PROV-O (https://www.w3.org/TR/prov-o/, section 3.3) this implies the plain property, which SPARQL
queries rely on, so we add it. A location is a resource in PROV-O, not a literal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from prov.model import ProvBundle, ProvDocument

__all__ = ["rdf_xml", "trig", "turtle"]

IMPLIED = {
    "Association": ("wasAssociatedWith",),
    "Attribution": ("wasAttributedTo",),
    "Delegation": ("actedOnBehalfOf",),
    "Derivation": ("wasDerivedFrom",),
    "Generation": ("wasGeneratedBy",),
    "Revision": ("wasRevisionOf", "wasDerivedFrom"),
    "Usage": ("used",),
}
"""The plain properties that the qualified ones (``qualifiedUsage``) imply, for those we write."""

PREFIXES = re.compile(r"(?:@prefix [^\n]*\n)*")

OTHER_END = {
    "Association": "agent",
    "Attribution": "agent",
    "Delegation": "agent",
    "Generation": "activity",
}
"""The property for the other end of a qualified relation, if that is not an entity."""


def turtle(document: ProvDocument) -> str:
    """A document without bundles as Turtle."""
    ((_, graph),) = _graphs(document)
    return str(graph.serialize(format="turtle"))


def rdf_xml(document: ProvDocument) -> str:
    """A document without bundles as RDF/XML, with its statements in a fixed order."""
    from lxml import etree

    ((_, graph),) = _graphs(document)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.fromstring(graph.serialize(format="xml").encode(), parser)
    for node in root:
        node[:] = sorted(node, key=_order)
    root[:] = sorted(root, key=_order)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8").decode() + "\n"


def trig(document: ProvDocument) -> str:
    """A document with its bundles as TriG: one named graph per bundle, ordered by name."""
    parts = []
    for name, graph in sorted(_graphs(document), key=lambda pair: str(pair[0] or "")):
        text = graph.serialize(format="turtle")
        head = PREFIXES.match(text)
        begin = head.end() if head else 0
        if body := text[begin:].strip():
            parts.append(text[:begin] + (body if name is None else f"<{name}> {{\n{body}\n}}"))
    return "\n\n".join(parts) + "\n"


def _graphs(document: ProvDocument) -> Iterator[tuple[str | None, Any]]:
    """The document's graph, and those of its bundles by their names."""
    yield None, _graph(document)
    for bundle in document.bundles:
        yield str(bundle.identifier and bundle.identifier.uri), _graph(bundle)


def _graph(part: ProvBundle) -> Any:
    """The statements of a bundle, or of a document beside its bundles."""
    from prov.serializers.provrdf import ProvRDFSerializer

    alone = ProvDocument(records=part.records, namespaces=part.namespaces)
    graph = ProvRDFSerializer(alone).encode_document(alone).default_graph
    for prefix, namespace in _prefixes(part):
        graph.bind(prefix, namespace)
    _complete(graph)
    return graph


def _prefixes(part: Any) -> list[tuple[str, str]]:
    return sorted((namespace.prefix, namespace.uri) for namespace in part.namespaces)


def _complete(graph: Any) -> None:
    """Add the properties that qualified ones imply, and turn locations into resources."""
    from rdflib import PROV, URIRef

    for kind, properties in IMPLIED.items():
        end = URIRef(f"{PROV}{OTHER_END.get(kind, 'entity')}")
        for subject, node in list(graph.subject_objects(PROV[f"qualified{kind}"])):
            for plain in properties:
                graph.add((subject, PROV[plain], graph.value(node, end)))
    for subject, location in list(graph.subject_objects(PROV.atLocation)):
        graph.remove((subject, PROV.atLocation, location))
        graph.add((subject, PROV.atLocation, URIRef(str(location))))


def _order(element: Any) -> tuple[str, list[tuple[str, str]], str]:
    return str(element.tag), sorted(map(_pair, element.attrib.items())), element.text or ""


def _pair(item: tuple[Any, Any]) -> tuple[str, str]:
    return str(item[0]), str(item[1])
