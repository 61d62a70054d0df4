"""Export executions from the database as documents: the functions that users call."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator
from pathlib import Path

from prov.constants import PROV
from prov.model import ProvDocument

from ...config import settings
from ...config.author import Author
from ...config.store_url import StoreURL
from ...errors import DfAnalyzerError, UnknownTagError
from ...executions.reader import read_execution
from ...executions.record import ExecutionRecord
from ...executions.sites import site_of
from ...executions.summaries import ExecutionSummary, executions, find_execution
from ...store import Connection, reader_connection
from ..masked import published
from ._clocks import drop_contradictory_times
from ._diagram import PICTURES, dot, picture
from ._document import bundle_name, document_of, fill
from ._formats import FORMATS, needs_extra
from ._identifiers import DEFAULT_BASE
from ._options import Options
from ._statements import Statements
from ._summary import summary_of

__all__ = [
    "DOT",
    "dataflow_documents",
    "document_with",
    "execution_pieces",
    "executions_of",
    "export_dataflow",
    "export_execution",
    "options_for",
    "prov_document",
]

DOT = "dot"


def prov_document(
    execution: str | int,
    *,
    epochs: bool = True,
    prospective: bool = False,
    author: Author | str | None = None,
    base: str | None = None,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> ProvDocument:
    """An execution as a W3C PROV document (`prov.model.ProvDocument`).

    Args:
        execution: its id, its tag, the beginning of its tag, or ``last``.
        epochs: whether every epoch is an entity; if not, only the last, and those that a test, an
            adaptation or a saved model was derived from.
        prospective: whether to include the design: transformations, sets and attributes.
        author: the person behind the execution; None: KERAS_PROV_AUTHOR, else its recorded user.
        base: IRI that identifiers begin with; None: KERAS_PROV_BASE, else ours.
        store: URL of the database; None: KERAS_PROV_STORE, else the private server.
        home: the data folder of the private server.

    Raises:
        UnknownTagError: no execution matches, or several do.
        StoreError: the database cannot be queried.
        DfAnalyzerError: `author` or `base` is invalid.
    """
    url = settings.store_url(store)
    options = options_for(url, epochs=epochs, prospective=prospective, author=author, base=base)
    with reader_connection(url, home or settings.home()) as connection:
        return document_with(connection, str(execution), options)


def options_for(
    url: StoreURL | None,
    *,
    epochs: bool = True,
    prospective: bool = False,
    author: Author | str | None = None,
    base: str | None = None,
) -> Options:
    """Options, completed from the settings; raises DfAnalyzerError if one is invalid.

    Args:
        url: of the store; executions in the private store belong to this user.
        epochs: see `prov_document`.
        prospective: likewise.
        author: likewise.
        base: likewise.
    """
    person = author if isinstance(author, Author) else settings.author(author)
    options = Options(
        epochs,
        prospective,
        person,
        _system_user() if url is None else None,
        settings.prov_base(base) or DEFAULT_BASE,
    )
    _ = options.names  # raises if the base is invalid
    return options


def document_with(connection: Connection, execution: str, options: Options) -> ProvDocument:
    """`prov_document` over an open connection."""
    return document_of(_read(connection, find_execution(connection, execution), options), options)


def dataflow_documents(
    connection: Connection, dataflow: str, options: Options
) -> Iterator[ProvDocument]:
    """A document for every execution of a dataflow; an execution is read when needed.

    Raises:
        UnknownTagError: there is no such dataflow, or it has no execution.
    """
    for summary in executions_of(connection, dataflow):
        yield document_of(_read(connection, summary, options), options)


def export_execution(
    connection: Connection, execution: str | ExecutionSummary, format_: str, options: Options
) -> bytes:
    """An execution in one of `FORMATS`, as Graphviz' text, or as one of `PICTURES`.

    See `execution_pieces`, which needs less memory for long trainings.
    """
    return b"".join(execution_pieces(connection, execution, format_, options))


def execution_pieces(
    connection: Connection, execution: str | ExecutionSummary, format_: str, options: Options
) -> Iterator[bytes]:
    """`export_execution` piece by piece; what cannot be exported raises before the first piece.

    Args:
        connection: to the database that has it.
        execution: its id, tag or beginning of a tag, or its summary.
        format_: the format, as in the command's option.
        options: what the document is to contain.

    Raises:
        UnknownTagError: no execution matches, or several do.
        DfAnalyzerError: an optional package or Graphviz is missing.
    """
    if isinstance(execution, str):
        execution = find_execution(connection, execution)
    record = _read(connection, execution, options)
    with needs_extra(f"--format {format_}"):
        if format_ not in FORMATS:
            yield _drawn(summary_of(record, options), f"execution {record.tag}", format_)
        elif (stream := FORMATS[format_].stream) is not None:
            yield from stream(record, options)
        else:
            yield FORMATS[format_].text(document_of(record, options)).encode()


def export_dataflow(
    connection: Connection, dataflow: str, format_: str, options: Options
) -> Iterator[bytes]:
    """All executions of a dataflow, one bundle per execution, piece by piece.

    Raises:
        UnknownTagError: there is no such dataflow, or it has no execution.
        DfAnalyzerError: the format has no bundles; an optional package or Graphviz is missing.
    """
    summaries = executions_of(connection, dataflow)
    with needs_extra(f"--format {format_}"):
        if format_ == DOT or format_ in PICTURES:
            yield _drawn(_summaries(connection, summaries, options), dataflow, format_)
            return
        chosen = FORMATS[format_]
        if chosen.parts is None:
            raise DfAnalyzerError(
                f"{chosen.title} has no bundles, which keep executions apart: use --format trig, "
                "or export the executions one by one."
            )
        site = options.site or site_of(connection)
        top = _top(summaries, site, options)
        for text in chosen.parts(top, _bundles(connection, summaries, options)):
            yield text.encode()


def executions_of(connection: Connection, dataflow: str) -> list[ExecutionSummary]:
    """The executions of a dataflow; raises UnknownTagError if it has none."""
    summaries = executions(connection, dataflow)
    if not summaries:
        raise UnknownTagError(
            f"No execution of a dataflow {dataflow!r}: `keras-prov runs` lists them."
        )
    return summaries


def _drawn(document: ProvDocument, title: str, format_: str) -> bytes:
    if format_ == DOT:
        return dot(document, title).encode()
    return picture(document, title, format_)


def _read(connection: Connection, summary: ExecutionSummary, options: Options) -> ExecutionRecord:
    read = read_execution(connection, summary.dataflow, summary.id)
    read.site = options.site or site_of(connection)
    return drop_contradictory_times(published(read))


def _top(summaries: Iterable[ExecutionSummary], site: str, options: Options) -> ProvDocument:
    """The document's part outside the bundles: which bundles there are, and their executions."""
    document = ProvDocument()
    statements = Statements(document, options.names.at(site))
    for summary in summaries:
        statements.entity(
            bundle_name(summary.tag, site, options),
            f"execution {summary.tag}",
            [PROV["Bundle"]],
            {"execution": summary.tag, "dataflow": summary.dataflow},
        )
    return document


def _bundles(
    connection: Connection, summaries: Iterable[ExecutionSummary], options: Options
) -> Iterator[ProvDocument]:
    """Documents with one bundle each, one per execution; an execution is read when needed."""
    for summary in summaries:
        document, record = ProvDocument(), _read(connection, summary, options)
        document.add_namespace(options.names.runs)
        fill(document.bundle(bundle_name(summary.tag, record.site, options)), record, options)
        yield document


def _summaries(
    connection: Connection, summaries: Iterable[ExecutionSummary], options: Options
) -> ProvDocument:
    """A summary of every execution in one document; shared agents and contents are one node."""
    whole = ProvDocument()
    stated: set[str] = set()
    for summary in summaries:
        read = _read(connection, summary, options)
        alone = summary_of(read, options)
        bundle = whole.bundle(bundle_name(summary.tag, read.site, options))
        for record in alone.records:
            if record.identifier is None or record.identifier.uri not in stated:
                bundle.add_record(record)
        stated |= {record.identifier.uri for record in alone.records if record.identifier}
    return whole


def _system_user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return None
