"""`keras-prov origin`: where a file came from."""

from __future__ import annotations

from pathlib import Path

import click

from ...lineage import origin_with
from ...lineage.origin import CHANGED, DEPTH, KNOWN, UNKNOWN, FileOrigin
from ..common import friendly_errors, reading, say, store_option
from ..forms import json_text
from ..strict_command import StrictCommand
from .origin_tree import print_origin, use_line

__all__ = ["origin"]


@click.command(cls=StrictCommand)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--check",
    is_flag=True,
    help="Only say whether the file is what was recorded; exit code 1 if it has changed since, or "
    "is unknown.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=0),
    default=DEPTH,
    show_default=True,
    help="How many steps of derivation are shown in each direction.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
@store_option
def origin(file: Path, check: bool, depth: int, as_json: bool, store: str | None) -> None:
    """Say which execution wrote FILE or read it, with what, and what came of it.

    FILE is a model, weights, a log, data (.npy, .npz, .csv), or the folder of a SavedModel or a
    checkpoint. It is recognized by its content, whatever it is called now.

    Example: keras-prov origin model.keras --check
    """
    with friendly_errors(), reading(store) as connection:
        found = origin_with(connection, file, depth=depth, explained=as_json or not check)
    if as_json:
        click.echo(json_text(found.to_dict()))
    elif check:
        say(_verdict(found, str(file)))
    elif found.uses or found.before or found.parts:
        print_origin(found, str(file))
    else:
        say(_unknown(found, str(file)), err=True)
    if check and found.status in (CHANGED, UNKNOWN):
        raise SystemExit(1)


def _verdict(found: FileOrigin, name: str) -> str:
    """What --check says, in one line."""
    about = next((part for part in found.parts if part.status == found.status != KNOWN), found)
    named = name if about is found else str(about.path)
    if found.status == CHANGED:
        last = about.before[-1] if about.before else None
        text = "" if last is None else f": it had another content when {use_line(last)}"
        return f"{named} was changed since{text}."
    if found.status == UNKNOWN:
        return _unknown(about, named)
    newest = [*found.writers, *found.uses][len(found.writers) - 1]
    return f"{name} is unchanged: {use_line(newest)}."


def _unknown(found: FileOrigin, name: str) -> str:
    if found.is_empty:
        return f"{name} is unknown: the database is empty."
    return (
        f"{name} is unknown: no execution wrote or read a file with this content "
        f"(SHA-256 {found.sha256})."
    )
