"""Executions as W3C PROV documents; docs/explanation/prov.md describes the mapping.

PROV-XML, RDF/XML and pictures need ``pip install 'keras-prov[prov]'``.
"""

from __future__ import annotations

from ._api import (
    DOT,
    dataflow_documents,
    document_with,
    execution_pieces,
    executions_of,
    export_dataflow,
    export_execution,
    options_for,
    prov_document,
)
from ._diagram import PICTURES
from ._formats import FORMATS
from ._identifiers import DEFAULT_BASE, Names, unescaped
from ._options import Options
from ._vocabulary import CLASSES, PROPERTIES, VOCABULARY

__all__ = [
    "CLASSES",
    "DEFAULT_BASE",
    "DOT",
    "FORMATS",
    "PICTURES",
    "PROPERTIES",
    "VOCABULARY",
    "Names",
    "Options",
    "dataflow_documents",
    "document_with",
    "execution_pieces",
    "executions_of",
    "export_dataflow",
    "export_execution",
    "options_for",
    "prov_document",
    "unescaped",
]
