"""The formats of a document: how to write them, and what they need."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prov.model import ProvDocument
from prov.serializers import DoNotExist

from ...errors import DfAnalyzerError
from ...support.distribution import install_command
from . import _bundles
from ._bundles import as_json, as_jsonld, as_provn, as_xml

__all__ = ["FORMATS", "Format", "needs_extra"]

Parts = Callable[[ProvDocument, Iterable[ProvDocument]], Iterator[str]]


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        title: its name in its standard.
        suffix: of its files.
        text: writes the document of one execution.
        parts: writes a document piece by piece: the part outside bundles, then documents with one
            bundle each; None if the format has no bundles.
    """

    title: str
    suffix: str
    text: Callable[[ProvDocument], str]
    parts: Parts | None = None


def _turtle(document: ProvDocument) -> str:
    from ._rdf import turtle

    return turtle(document)


def _rdf_xml(document: ProvDocument) -> str:
    from ._rdf import rdf_xml

    return rdf_xml(document)


def _trig(document: ProvDocument) -> str:
    from ._rdf import trig

    return trig(document)


FORMATS: dict[str, Format] = {
    "provn": Format("PROV-N", ".provn", as_provn, _bundles.provn),
    "json": Format("PROV-JSON", ".json", as_json, _bundles.json_parts),
    "jsonld": Format("PROV-JSONLD", ".jsonld", as_jsonld, _bundles.jsonld),
    "xml": Format("PROV-XML", ".xml", as_xml, _bundles.xml),
    "turtle": Format("PROV-O in Turtle", ".ttl", _turtle),
    "rdfxml": Format("PROV-O in RDF/XML", ".rdf", _rdf_xml),
    "trig": Format("PROV-O in TriG", ".trig", _trig, _bundles.trig),
}
"""Text formats; `_diagram` has the pictures."""


@contextlib.contextmanager
def needs_extra(what: str) -> Iterator[None]:
    """If an optional package is missing, raise an error that says which pip line installs it."""
    try:
        yield
    except (ImportError, DoNotExist):
        raise DfAnalyzerError(
            f"{what} needs optional packages: {install_command('prov')}"
        ) from None
