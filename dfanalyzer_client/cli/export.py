"""`keras-prov export`: executions as documents that other tools read."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from ..config import settings
from ..errors import DfAnalyzerError
from ..executions.summaries import find_execution
from .common import friendly_errors, reading, say, store_option

if TYPE_CHECKING:
    from ..export.prov import Options
    from ..store import Connection

__all__ = ["export"]

TEXTS = ("provn", "json", "jsonld", "xml", "turtle", "rdfxml", "trig", "dot")
BINARY = ("png", "pdf")
CRATE = "ro-crate"
FORMATS = (*TEXTS, "svg", *BINARY, CRATE)
"""Listed here, so that --help needs no import; a test compares them with the package's."""


@click.command()
@click.argument("execution", required=False)
@click.option(
    "--dataflow",
    metavar="TAG",
    help="All executions of this dataflow, as one bundle per execution.",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), default="json", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A file. Default: standard output."
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
@click.option("--force", is_flag=True, help="Replace an existing crate.")
@store_option
def export(
    execution: str | None,
    dataflow: str | None,
    format_: str,
    output: Path | None,
    epochs: bool,
    prospective: bool,
    author: str | None,
    base: str | None,
    licence: str | None,
    force: bool,
    store: str | None,
) -> None:
    """Write EXECUTION as a W3C PROV document, as a picture, or as an RO-Crate to publish.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`. PROV-O is turtle, rdfxml or trig.

    Example: keras-prov export last --format svg -o last.svg
    """
    if (execution is None) == (dataflow is None):
        raise click.UsageError(
            "Name an EXECUTION, or a --dataflow to export all of its executions."
        )
    if format_ == CRATE and (execution is None or output is None):
        raise click.UsageError(
            "A crate is of one EXECUTION, and needs --output: a folder, or a name ending in .zip."
        )
    with friendly_errors():
        from ..export.prov import export_dataflow, export_execution, options_for

        options = options_for(
            settings.store_url(store),
            epochs=epochs,
            prospective=prospective,
            author=author,
            base=base,
        )
        licence = settings.licence(licence) if format_ == CRATE else None
        with reading(store) as connection:
            if format_ == CRATE:
                _crate(connection, execution or "", output or Path(), options, licence, force)
            elif execution is None:
                pieces = export_dataflow(connection, dataflow or "", format_, options)
                _write(pieces, format_, output)
            else:
                _write([export_execution(connection, execution, format_, options)], format_, output)


def _crate(
    connection: Connection,
    execution: str,
    output: Path,
    options: Options,
    licence: str | None,
    force: bool,
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
        license=licence,
        force=force,
    )
    say(f"Written to {output}.", err=True)


def _write(pieces: Iterable[bytes], format_: str, output: Path | None) -> None:
    if output is not None:
        with _replacing(output) as file:
            for piece in pieces:
                file.write(piece)
        say(f"Written to {output}.", err=True)
        return
    if format_ in BINARY and sys.stdout.isatty():
        raise DfAnalyzerError(f"A terminal cannot show {format_}: name a file with --output.")
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.flush()


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that replaces `path` once it is completely written; an error leaves `path` unchanged.

    Links and permissions are kept. A device or a pipe is written to directly.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as file:
                yield file
            return
        target = path.resolve()
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        with _beside(target) as (new, file):
            yield file
            file.close()
            new.chmod(mode)
            new.replace(target)
    except OSError as error:
        raise DfAnalyzerError(f"{path} cannot be written: {error.strerror or error}.") from None


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in the folder of `target`, which is removed if anything fails."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".export-", delete=False) as file:
        new = Path(file.name)
        try:
            yield new, file
        except BaseException:
            new.unlink()
            raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
