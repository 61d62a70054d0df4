"""`keras-prov export`: executions as documents that other tools read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..config import settings
from ..executions.summaries import find_execution
from .common import friendly_errors, reading, say, store_option
from .graph import chosen_graph, write_selection
from .output import write_pieces
from .strict_command import StrictCommand

if TYPE_CHECKING:
    from ..export.prov import Options
    from ..store import Connection

__all__ = ["export"]

TEXTS = ("provn", "json", "jsonld", "xml", "turtle", "rdfxml", "trig", "dot")
BINARY = ("png", "pdf")
CYPHER = "cypher"
CRATE = "ro-crate"
OPENLINEAGE = "openlineage"
FORMATS = (*TEXTS, "svg", *BINARY, CYPHER, OPENLINEAGE, CRATE)
NAMES = ("prov", "dlprov")
PROFILES = ("0.5", "0.6")
"""Listed here, so that --help needs no import; a test compares them with the package's."""


@click.command(cls=StrictCommand)
@click.argument("execution", required=False)
@click.option(
    "--dataflow",
    metavar="TAG",
    help="All executions of this dataflow, as one bundle per execution.",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), show_default="json")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file. Default: standard output."
)
@click.option(
    "--to",
    metavar="URL",
    help="Write into a graph database: neo4j://user@host:port/database. You are asked for the "
    "password, unless KERAS_PROV_GRAPH_PASSWORD has it. OpenLineage events are sent to "
    "https://host:port, with the API key in KERAS_PROV_OPENLINEAGE_KEY, or appended to file:///file.",
)
@click.option(
    "--names",
    type=click.Choice(NAMES),
    help="Names in a graph: those of the document, or those of DLProv.",
    show_default="prov",
)
@click.option(
    "--epochs/--no-epochs",
    default=True,
    show_default=True,
    help="Whether every epoch is an entity, or only those that something was derived from.",
)
@click.option("--prospective", is_flag=True, help="Include the design: transformations and sets.")
@click.option(
    "--author", metavar="TEXT", help="'Name <mail>', ORCID iD. Default: KERAS_PROV_AUTHOR."
)
@click.option(
    "--base", metavar="IRI", help="What identifiers begin with. Default: KERAS_PROV_BASE."
)
@click.option(
    "--license",
    "licence",
    metavar="TEXT",
    help="Licence of a crate: SPDX id or URL. Default: KERAS_PROV_LICENSE.",
)
@click.option(
    "--namespace",
    metavar="TEXT",
    help="Namespace of the jobs in OpenLineage events.",
    show_default="keras-prov",
)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    help="Version of a crate's Workflow Run RO-Crate profiles: 0.5 with RO-Crate 1.1, or 0.6 with "
    "1.3.",
    show_default=PROFILES[0],
)
@click.option(
    "--lock",
    is_flag=True,
    help="Ask pip, and its index, for the hashes of a crate's packages; nothing is installed.",
)
@click.option("--force", is_flag=True, help="Replace an existing crate.")
@store_option
def export(
    execution: str | None,
    dataflow: str | None,
    format_: str | None,
    output: Path | None,
    to: str | None,
    names: str | None,
    epochs: bool,
    prospective: bool,
    author: str | None,
    base: str | None,
    licence: str | None,
    namespace: str | None,
    profile: str | None,
    lock: bool,
    force: bool,
    store: str | None,
) -> None:
    """Write EXECUTION as a W3C PROV document, a picture, a graph, or an RO-Crate to publish.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`. PROV-O is turtle, rdfxml or trig.
    A graph is a Cypher script, or it is written into Neo4j with --to. OpenLineage events are lines
    of JSON, or they are sent to a server with --to.

    Example: keras-prov export last --format svg -o last.svg
    """
    _check_usage(execution, dataflow, format_, output, to, names)
    if namespace is not None and format_ != OPENLINEAGE:
        raise click.UsageError("--namespace is for --format openlineage.")
    format_ = format_ or "json"
    if format_ != CRATE and (profile is not None or lock):
        raise click.UsageError("--profile and --lock are for crates: with --format ro-crate.")
    with friendly_errors():
        from ..export.prov import options_for

        options = options_for(
            settings.store_url(store),
            epochs=epochs,
            prospective=prospective,
            author=author,
            base=base,
        )
        licence = settings.licence(licence) if format_ == CRATE else None
        is_graph = to is not None and format_ != OPENLINEAGE
        database = chosen_graph(to or "") if is_graph else None
        with reading(store) as connection:
            if format_ == OPENLINEAGE:
                _events(connection, execution, dataflow, options, namespace, output, to)
            elif database is not None or format_ == CYPHER:
                from ..export.graph import Selection

                selection = Selection(connection, execution, dataflow, options, names or NAMES[0])
                write_selection(selection, database, output)
            elif format_ == CRATE:
                crate = {"license": licence, "force": force, "profile": profile or PROFILES[0]}
                _crate(connection, execution or "", output or Path(), options, crate, lock)
            else:
                pieces = _document(connection, execution, dataflow or "", format_, options)
                write_pieces(pieces, output, format_, is_binary=format_ in BINARY)


def _check_usage(
    execution: str | None,
    dataflow: str | None,
    format_: str | None,
    output: Path | None,
    to: str | None,
    names: str | None,
) -> None:
    """Raise a UsageError for options that contradict each other."""
    if (execution is None) == (dataflow is None):
        raise click.UsageError(
            "Name an EXECUTION, or a --dataflow to export all of its executions."
        )
    if format_ == CRATE and (execution is None or output is None):
        raise click.UsageError(
            "A crate is of one EXECUTION, and needs --output: a folder, or a name ending in .zip."
        )
    if to is not None and (format_ not in (None, OPENLINEAGE) or output is not None):
        raise click.UsageError(
            "--to writes into a database: leave out --format and --output. With --format "
            "openlineage, it sends events."
        )
    if names is not None and format_ != CYPHER and (to is None or format_ == OPENLINEAGE):
        raise click.UsageError("--names is for graphs: with --to, or with --format cypher.")


def _document(
    connection: Connection, execution: str | None, dataflow: str, format_: str, options: Options
) -> Iterable[bytes]:
    from ..export.prov import execution_pieces, export_dataflow

    if execution is None:
        return export_dataflow(connection, dataflow, format_, options)
    return execution_pieces(connection, execution, format_, options)


def _events(
    connection: Connection,
    execution: str | None,
    dataflow: str | None,
    options: Options,
    namespace: str | None,
    output: Path | None,
    to: str | None,
) -> None:
    from ..export.openlineage import NAMESPACE, event_lines, send_events
    from ..export.prov import executions_of

    if execution is None:
        found = executions_of(connection, dataflow or "")
    else:
        found = [find_execution(connection, execution)]
    jobs = namespace or NAMESPACE
    if to is None:
        lines = event_lines(connection, found, options, namespace=jobs)
        write_pieces(lines, output, OPENLINEAGE, is_binary=False)
        return
    key = settings.openlineage_key()
    count = send_events(connection, found, options, to, namespace=jobs, key=key)
    say(f"Sent {count} events to {to}.", err=True)


def _crate(
    connection: Connection,
    execution: str,
    output: Path,
    options: Options,
    crate: dict[str, Any],
    lock: bool,
) -> None:
    from ..export.crate import write_crate
    from ..export.prov import export_execution

    summary = find_execution(connection, execution)
    document = export_execution(connection, summary, "json", options)
    write_crate(
        connection,
        summary,
        output,
        prov_json=document.decode(),
        author=options.author,
        lock=lock,
        **crate,
    )
    say(f"Written to {output}.", err=True)
