"""The formats of a document: how to write them, and what they need."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prov.model import ProvDocument
from prov.serializers import DoNotExist

from ...errors import DfAnalyzerError
from ...executions.record import ExecutionRecord
from ...support.distribution import install_command
from . import _bundles
from ._bundles import as_json, as_jsonld, as_provn, as_xml
from ._options import Options
from ._rdf import rdf_xml, trig, turtle
from ._streaming import turtle_pieces

__all__ = ["FORMATS", "Format", "needs_extra"]

Parts = Callable[[ProvDocument, Iterable[ProvDocument]], Iterator[str]]
Stream = Callable[[ExecutionRecord, Options], Iterator[bytes]]


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
    stream: Stream | None = None


FORMATS: dict[str, Format] = {
    "provn": Format("PROV-N", ".provn", as_provn, _bundles.provn),
    "json": Format("PROV-JSON", ".json", as_json, _bundles.json_parts),
    "jsonld": Format("PROV-JSONLD", ".jsonld", as_jsonld, _bundles.jsonld),
    "xml": Format("PROV-XML", ".xml", as_xml, _bundles.xml),
    "turtle": Format("PROV-O in Turtle", ".ttl", turtle, stream=turtle_pieces),
    "rdfxml": Format("PROV-O in RDF/XML", ".rdf", rdf_xml),
    "trig": Format("PROV-O in TriG", ".trig", trig, _bundles.trig),
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
