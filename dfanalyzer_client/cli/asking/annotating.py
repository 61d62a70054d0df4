"""`keras-prov tag` and `keras-prov note`: what people say of executions afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click

from ...annotations import (
    Named,
    check_may_annotate,
    check_tagged,
    named_execution,
    say_note,
    say_tags,
)
from ...config import settings
from ...delivery.client import Client
from ...delivery.clients import client_for
from ...executions.annotations import note_of, tags_of
from ...executions.summaries import find_execution
from ..common import chosen_store, friendly_errors, reading, say, store_option
from ..completions import execution_tags, tags_of_execution
from ..strict_command import StrictCommand
from ..tables import print_table

__all__ = ["note", "tag"]

STORE_SECONDS = 5.0


@click.command(cls=StrictCommand)
@click.argument("execution", shell_complete=execution_tags)
@click.argument("names", metavar="[NAME[=VALUE]]...", nargs=-1)
@click.option(
    "--remove",
    metavar="NAME",
    multiple=True,
    shell_complete=tags_of_execution,
    help="A tag to remove; may be repeated.",
)
@store_option
def tag(execution: str, names: tuple[str, ...], remove: tuple[str, ...], store: str | None) -> None:
    """Tag EXECUTION, so that it can be found again; without names, list its tags.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`. `runs --where` finds tags as
    `tags.NAME`.

    Example: keras-prov tag last baseline reviewed=yes
    """
    values = dict[str, str | None](_pair(name) for name in names)
    values |= dict.fromkeys(remove)
    if not values:
        _list_tags(execution, store)
        return

    def send(client: Client, found: Named) -> None:
        check_tagged(found, remove, client.store, client.home)
        say_tags(client, found, values)

    _annotate(execution, store, send)


@click.command(cls=StrictCommand)
@click.argument("execution", shell_complete=execution_tags)
@click.argument("text", required=False)
@click.option("--remove", is_flag=True, help="Remove the note.")
@store_option
def note(execution: str, text: str | None, *, remove: bool, store: str | None) -> None:
    """Write TEXT as the note on EXECUTION, in place of the one before; without TEXT, print it.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`.

    Example: keras-prov note last 'The learning rate was too high.'
    """
    if remove and text is not None:
        raise click.UsageError("Give a TEXT or --remove, not both.")
    if text is None and not remove:
        _print_note(execution, store)
        return
    _annotate(execution, store, lambda client, found: say_note(client, found, text))


def _annotate(execution: str, store: str | None, send: Callable[[Client, Named], None]) -> None:
    """Send an annotation; if it is not stored in time, say where it is."""
    with friendly_errors():
        url, home = chosen_store(store), settings.home()
        found = named_execution(execution, url, home)
        check_may_annotate(url)
        client = client_for(url, home)
        send(client, found)
        if not client.close(STORE_SECONDS):
            say(
                "The database does not store it now. It is in the journal, and will be stored "
                "later: `keras-prov journal` lists it.",
                err=True,
            )


def _list_tags(execution: str, store: str | None) -> None:
    with friendly_errors(), reading(store) as connection:
        found = tags_of(connection, find_execution(connection, execution).id)
    if found:
        rows = [(each.name, each.value, _second(each.changed), each.changed_by) for each in found]
        print_table(["name", "value", "changed (UTC)", "by"], rows)
    else:
        click.echo("No tags.", err=True)


def _print_note(execution: str, store: str | None) -> None:
    with friendly_errors(), reading(store) as connection:
        found = note_of(connection, find_execution(connection, execution).id)
    if found is None:
        click.echo("No note.", err=True)
    else:
        say(found.text)
        say(f"({found.changed_by}, {_second(found.changed)} UTC)", err=True)


def _second(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _pair(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name, value
