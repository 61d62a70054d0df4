"""Write documents with many bundles, keeping only one bundle in memory at a time.

The functions take a document without bundles and documents with one bundle each, and yield the
text of the combined document. `prov` writes the bundles; here is what goes between them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from prov.model import ProvDocument

from ._rdf import trig as as_trig

__all__ = [
    "as_json",
    "as_jsonld",
    "as_provn",
    "as_xml",
    "json_parts",
    "jsonld",
    "provn",
    "trig",
    "xml",
]

END_OF_DOCUMENT = "endDocument"
BUNDLE_CONTENT = "{http://www.w3.org/ns/prov#}bundleContent"


def as_provn(document: ProvDocument) -> str:
    """A document as PROV-N."""
    return f"{document.get_provn(strict=True)}\n"


def as_json(document: ProvDocument) -> str:
    """A document as PROV-JSON."""
    return f"{document.serialize(format='json', indent=1, ensure_ascii=False)}\n"


def as_jsonld(document: ProvDocument) -> str:
    """A document as PROV-JSONLD."""
    return f"{document.serialize(format='jsonld', indent=1, ensure_ascii=False)}\n"


def as_xml(document: ProvDocument) -> str:
    """A document as PROV-XML."""
    return str(document.serialize(format="xml"))


def provn(top: ProvDocument, parts: Iterable[ProvDocument]) -> Iterator[str]:
    """PROV-N: the bundles come before the end of the document."""
    yield as_provn(top).rstrip().removesuffix(END_OF_DOCUMENT)
    for part in parts:
        for bundle in part.bundles:
            yield f"  {bundle.get_provn(1, strict=True)}\n"
    yield f"{END_OF_DOCUMENT}\n"


def json_parts(top: ProvDocument, parts: Iterable[ProvDocument]) -> Iterator[str]:
    """PROV-JSON: bundles are the values of one object."""
    content = json.loads(as_json(top))
    yield "{\n"
    for name, value in content.items():
        yield f"{_json(name)}: {_json(value)},\n"
    yield '"bundle": {'
    between = "\n"
    for part in parts:
        for name, bundle in json.loads(as_json(part))["bundle"].items():
            yield f"{between}{_json(name)}: {_json(bundle)}"
            between = ",\n"
    yield "\n}\n}\n"


def jsonld(top: ProvDocument, parts: Iterable[ProvDocument]) -> Iterator[str]:
    """PROV-JSONLD: bundles are nodes of the graph."""
    content = json.loads(as_jsonld(top))
    yield f'{{\n"@context": {_json(content["@context"])},\n"@graph": ['
    between = "\n"
    for node in content["@graph"]:
        yield f"{between}{_json(node)}"
        between = ",\n"
    for part in parts:
        for node in json.loads(as_jsonld(part))["@graph"]:
            yield f"{between}{_json(node)}"
            between = ",\n"
    yield "\n]\n}\n"


def xml(top: ProvDocument, parts: Iterable[ProvDocument]) -> Iterator[str]:
    """PROV-XML: the content of each bundle is an element of the root."""
    from lxml import etree

    begin, _, end = as_xml(top).rpartition("</")
    yield begin
    for part in parts:
        root = etree.fromstring(as_xml(part).encode())
        for element in root.iter(BUNDLE_CONTENT):
            yield f"  {etree.tostring(element).decode('ascii').strip()}\n"
    yield f"</{end.strip()}\n"


def trig(top: ProvDocument, parts: Iterable[ProvDocument]) -> Iterator[str]:
    """TriG: the default graph, then the named graphs; prefixes may be repeated in between."""
    yield as_trig(top)
    for part in parts:
        yield "\n"
        yield as_trig(part)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
