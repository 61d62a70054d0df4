"""The files that executions can be exported as."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...analysis import Run, Table
from ...config import settings
from ...errors import SelectionError
from ...executions.summaries import find_execution
from ...store import Connection
from ...support.spreadsheet import csv_text
from ..database import Database

if TYPE_CHECKING:
    from ...export.prov import Options

__all__ = ["FORMATS", "METRICS", "ExportState", "FileFormat", "tables_as_zip", "written"]

CYPHER, OPENLINEAGE, CRATE = "cypher", "openlineage", "ro-crate"
METRICS = "metrics"
"""What the table of epochs is called, whose columns are metrics under their own names."""


@dataclass(frozen=True)
class FileFormat:
    """A kind of file.

    Attributes:
        title: what it is called.
        suffix: of the file.
        media_type: what browsers are told.
        use: what it is for.
        of_dataflows: whether all executions of a dataflow can be in one file.
    """

    title: str
    suffix: str
    media_type: str
    use: str
    of_dataflows: bool = True


FORMATS = {
    "provn": FileFormat("PROV-N", ".provn", "text/provenance-notation", "W3C PROV for reading"),
    "json": FileFormat("PROV-JSON", ".json", "application/json", "W3C PROV for programs"),
    "jsonld": FileFormat(
        "PROV-JSONLD", ".jsonld", "application/ld+json", "the same as linked data"
    ),
    "xml": FileFormat("PROV-XML", ".xml", "application/provenance+xml", "W3C PROV in XML"),
    "turtle": FileFormat(
        "PROV-O in Turtle", ".ttl", "text/turtle", "for RDF stores and SPARQL", of_dataflows=False
    ),
    "rdfxml": FileFormat(
        "PROV-O in RDF/XML",
        ".rdf",
        "application/rdf+xml",
        "for older RDF tools",
        of_dataflows=False,
    ),
    "trig": FileFormat("PROV-O in TriG", ".trig", "application/trig", "RDF with named graphs"),
    "svg": FileFormat("SVG", ".svg", "image/svg+xml", "a picture for pages and papers"),
    "png": FileFormat("PNG", ".png", "image/png", "a picture in pixels"),
    "pdf": FileFormat("PDF", ".pdf", "application/pdf", "a picture to print"),
    "dot": FileFormat("Graphviz", ".dot", "text/vnd.graphviz", "the picture as text, to change it"),
    CYPHER: FileFormat("Cypher", ".cypher", "text/plain; charset=utf-8", "for Neo4j and others"),
    OPENLINEAGE: FileFormat(
        "OpenLineage", ".ndjson", "application/x-ndjson", "events for Marquez and catalogues"
    ),
    CRATE: FileFormat(
        "RO-Crate", ".zip", "application/zip", "to publish it with its files", of_dataflows=False
    ),
}
"""By their names in `keras-prov export --format`."""


@dataclass(frozen=True)
class ExportState:
    """What an address says of an export.

    Attributes:
        run: names an execution; empty: all of `dataflow`.
        dataflow: a tag.
        has_epochs: whether every epoch is in it.
        has_design: whether transformations and sets are in it.
    """

    run: str = ""
    dataflow: str = ""
    has_epochs: bool = True
    has_design: bool = False


def written(database: Database, state: ExportState, format_: str) -> Iterator[bytes]:
    """A file piece by piece; the first is made before this returns, so that errors come early.

    Raises:
        SelectionError: there is no such format, or it cannot hold a whole dataflow.
        UnknownTagError: there is no such execution or dataflow.
        DfAnalyzerError: an optional package or Graphviz is missing.
    """
    known = FORMATS.get(format_)
    if known is None:
        raise SelectionError(
            f"There is no format {format_!r}. Expected one of: {', '.join(FORMATS)}."
        )
    if not state.run and not known.of_dataflows:
        raise SelectionError(f"{known.title} is of one execution: choose one.")
    pieces = _pieces(database, state, format_)
    first = next(pieces, b"")
    return _behind(first, pieces)


def tables_as_zip(run: Run) -> bytes:
    """The epochs of an execution, and the rows of each of its sets, as CSV files."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{METRICS}.csv", _csv(run.metrics))
        for tag in run.sets:
            archive.writestr(f"sets/{tag.replace('/', '_')}.csv", _csv(run.rows(tag)))
    return content.getvalue()


def _csv(table: Table) -> str:
    return csv_text(table.columns, table.rows)


def _behind(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _pieces(database: Database, state: ExportState, format_: str) -> Iterator[bytes]:
    from ...export.prov import execution_pieces, export_dataflow, options_for

    options = options_for(database.store, epochs=state.has_epochs, prospective=state.has_design)
    with database.reading() as connection:
        if format_ == CRATE:
            yield _crate(connection, state.run, options)
        elif format_ == CYPHER:
            yield from _cypher(connection, state, options)
        elif format_ == OPENLINEAGE:
            yield from _events(connection, state, options)
        elif state.run:
            yield from execution_pieces(connection, state.run, format_, options)
        else:
            yield from export_dataflow(connection, state.dataflow, format_, options)


def _cypher(connection: Connection, state: ExportState, options: Options) -> Iterable[bytes]:
    from ...export.graph import Selection, script_pieces

    return script_pieces(Selection(connection, state.run or None, state.dataflow, options))


def _events(connection: Connection, state: ExportState, options: Options) -> Iterable[bytes]:
    from ...export.openlineage import event_lines
    from ...export.prov import executions_of

    if not state.run:
        return event_lines(connection, executions_of(connection, state.dataflow), options)
    return event_lines(connection, [find_execution(connection, state.run)], options)


def _crate(connection: Connection, name: str, options: Options) -> bytes:
    from ...export.crate import write_crate
    from ...export.prov import export_execution

    summary = find_execution(connection, name)
    document = export_execution(connection, summary, "json", options)
    with tempfile.TemporaryDirectory(prefix="keras-prov-") as folder:
        crate = write_crate(
            connection,
            summary,
            Path(folder) / "crate.zip",
            prov_json=document.decode(),
            author=options.author,
            license=settings.licence(),
        )
        return crate.read_bytes()
