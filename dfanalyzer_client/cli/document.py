"""`keras-prov document`: an execution as a document for regulators, model hubs and catalogues."""

from __future__ import annotations

from pathlib import Path

import click

from ..config import settings
from ..errors import DfAnalyzerError
from ..executions.summaries import find_execution
from .common import friendly_errors, reading, store_option
from .completions import execution_tags
from .output import write_pieces
from .strict_command import StrictCommand

__all__ = ["document"]

FORMS = ("model-card", "ml-bom", "spdx", "croissant", "annex-iv")
"""Listed here, so that --help needs no import; a test compares them with the package's."""


@click.command(cls=StrictCommand)
@click.argument("execution", shell_complete=execution_tags)
@click.option("--as", "form", type=click.Choice(FORMS), required=True, help="Which document.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file. Default: standard output."
)
@click.option(
    "--author", metavar="TEXT", help="'Name <mail>', ORCID iD. Default: KERAS_PROV_AUTHOR."
)
@click.option(
    "--license",
    "licence",
    metavar="TEXT",
    help="Licence of model and data: SPDX id or URL. Default: KERAS_PROV_LICENSE.",
)
@click.option(
    "--base", metavar="IRI", help="What identifiers begin with. Default: KERAS_PROV_BASE."
)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@store_option
def document(
    execution: str,
    form: str,
    output: Path | None,
    author: str | None,
    licence: str | None,
    base: str | None,
    force: bool,
    store: str | None,
) -> None:
    """Write EXECUTION as a model card, a bill of materials, or technical documentation.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`. What its rows do not say is left
    open and marked. ml-bom is CycloneDX 1.6; spdx is SPDX 3.0.1; croissant describes the data;
    annex-iv is the EU AI Act's, section 2.

    Example: keras-prov document last --as model-card -o README.md
    """
    with friendly_errors():
        if output is not None and output.is_file() and not force:
            raise DfAnalyzerError(
                f"{output} exists. Name another file, or replace it with --force."
            )
        from ..export.documents import document as written
        from ..export.prov import DEFAULT_BASE

        person, named = settings.author(author), settings.licence(licence)
        begin = settings.prov_base(base) or DEFAULT_BASE
        with reading(store) as connection:
            summary = find_execution(connection, execution)
            text = written(connection, summary, form, author=person, licence=named, base=begin)
        write_pieces([text.encode()], output, form, is_binary=False)
