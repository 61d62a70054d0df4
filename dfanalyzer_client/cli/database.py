"""`keras-prov db`, `sync` and `journal`: the catalogue, and what is on its way to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..config import settings
from ..config.store_url import StoreURL
from ..declarations.encoding import TASK
from ..delivery.journal_states import JournalState, journal_states
from ..delivery.relocation import move_journals, moved_hint
from ..delivery.sync import sync as sync_journals
from ..errors import DfAnalyzerError
from ..private_server import READER, PrivateServer
from ..store import Connection, create_catalogue, differences
from .common import chosen_store, duration, friendly_errors, print_table, reading, say, store_option

__all__ = ["db", "journal", "sync"]

LISTED = 20
"""Messages set aside that are listed of a journal, at most."""

COLUMNS = (
    "journal", "store", "process", "execution", "messages", "stored", "set aside", "bytes", "age",
)  # fmt: skip


@click.group()
def db() -> None:
    """Make the database, check it, bring it forward, or make the private one anew."""


@db.command()
@store_option
def init(store: str | None) -> None:
    """Make the catalogue where it is missing; capture does so by itself at its first use.

    Example: keras-prov db init --store monetdb://monetdb@db.example.org:50000/provenance
    """
    with friendly_errors():
        connection, readers = _writing(store)
        made = create_catalogue(connection, readers)
        connection.close()
        state = "was made" if made else "is there already"
        click.echo(f"The catalogue {state} in {connection.url.without_password()}.")


@db.command()
@store_option
def check(store: str | None) -> None:
    """Say what differs from the catalogue that this version makes; exit code 1 where it does.

    Nothing is changed.

    Example: keras-prov db check --store monetdb://monetdb@db.example.org:50000/dataflow_analyzer
    """
    with friendly_errors(), reading(store, complete=False) as connection:
        found = differences(connection)
        for line in found:
            say(line)
        if found:
            raise SystemExit(1)
        click.echo(f"The catalogue in {connection.url.without_password()} is as it should be.")


@db.command()
@store_option
def upgrade(store: str | None) -> None:
    """Bring forward a catalogue of an earlier version, or one that DfAnalyzer made.

    Each step is one transaction, which writes its record, too. Capture does so by itself.

    Example: keras-prov db upgrade --store monetdb://monetdb@db.example.org:50000/dataflow_analyzer
    """
    steps: list[str] = []

    def report(step: str) -> None:
        steps.append(step)
        say(f"Done: {step}")

    with friendly_errors():
        connection, readers = _writing(store)
        if create_catalogue(connection, readers, report):
            steps.append("made")
            click.echo("There was no catalogue; one was made.")
        connection.close()
    if not steps:
        click.echo("Nothing was to be done.")


@db.command()
@click.confirmation_option(prompt="Set the private database aside and make it anew?")
def rebuild() -> None:
    """Make the private database anew from the journals; the old one is set aside, not deleted.

    Example: keras-prov db rebuild
    """
    with friendly_errors():
        aside = PrivateServer(settings.home()).set_database_aside()
        if aside is not None:
            click.echo(f"The old database is in {aside}.")
        _sync(settings.store_url(), "{} messages are stored anew.", again=True)


@click.command()
@store_option
@click.option(
    "--again",
    is_flag=True,
    help="Also look at journals that were stored before: a database that was brought back from a "
    "backup gets what it lacks. Nothing is stored twice.",
)
@click.option(
    "--elsewhere",
    is_flag=True,
    help="Also take over journals of other machines that share this folder. Only when the "
    "processes there have ended: what runs would be stored twice.",
)
@click.option(
    "--moved-from",
    metavar="URL",
    help="The server that was there is at another address, or has another login, now: what waits "
    "for it goes to the server of --store or KERAS_PROV_STORE. `keras-prov journal` shows the URL.",
)
@click.option(
    "--refused",
    is_flag=True,
    help="Also try again what was set aside because the database refused it, as `keras-prov "
    "journal` lists. What only lacked something that has come since is tried without it.",
)
def sync(
    store: str | None, *, again: bool, elsewhere: bool, moved_from: str | None, refused: bool
) -> None:
    """Store what earlier processes left in their journals.

    Example: keras-prov sync
    """
    with friendly_errors():
        url = chosen_store(store)
        if moved_from is not None:
            _move(moved_from, url, again=again, elsewhere=elsewhere)
        _sync(url, "{} messages stored.", again=again, elsewhere=elsewhere, refused=refused)


@click.command()
@store_option
def journal(store: str | None) -> None:
    """List the journals: executions, messages, how many are stored, and what was set aside and why.

    Example: keras-prov journal
    """
    rows: list[list[str | int]] = []
    failures: list[DfAnalyzerError] = []
    refusals: list[JournalState] = []
    away: set[str] = set()
    with friendly_errors():
        for each in journal_states(settings.home(), chosen_store(store)):
            if isinstance(each, JournalState):
                rows.append(_row(each))
                refusals += [each] * bool(each.refused)
                if each.stored is None and each.store is not None:
                    away.add(each.store)
            else:
                failures.append(each)
    if not rows and not failures:
        click.echo("No journals yet.", err=True)
    if rows:
        print_table(list(COLUMNS), rows)
    for address in sorted(away):
        say(f"{address} does not answer, or refuses us. {moved_hint(address)}", err=True)
    for state in refusals:
        _print_refused(state)
    for failure in failures:
        say(f"Error: {failure}", err=True)
    if failures:
        raise SystemExit(1)


def _move(old: str, new: StoreURL | None, *, again: bool, elsewhere: bool) -> None:
    if new is None:
        raise click.UsageError("Say where the server is now: --store URL, or KERAS_PROV_STORE.")
    moved = move_journals(
        settings.home(), StoreURL.parse(old), new, done=again, elsewhere=elsewhere
    )
    click.echo(f"{moved.count} journals go to {new} now.")
    if moved.running:
        click.echo(
            f"{moved.running} are still being written for the old address: do the same again when "
            "those processes have ended.",
            err=True,
        )


def _writing(store: str | None) -> tuple[Connection, tuple[str, ...]]:
    """A connection of a user who may write, and the users who may read what it makes."""
    url = chosen_store(store)
    readers = () if url is not None else (READER,)
    return Connection(url or PrivateServer(settings.home()).ensure()), readers


def _row(state: JournalState) -> list[str | int]:
    damaged = f" ({state.damaged} damaged)" if state.damaged else ""
    more = f" (+{len(state.executions) - 1})" if len(state.executions) > 1 else ""
    stored = "no answer" if state.stored is None else state.stored
    return [
        state.path.name,
        state.store or "private server",
        state.process,
        f"{state.executions[0]}{more}" if state.executions else "",
        f"{state.messages}{damaged}" if damaged else state.messages,
        stored,
        len(state.refused),
        state.size,
        duration(state.age),
    ]


def _print_refused(state: JournalState) -> None:
    """What was set aside of a journal, and why."""
    click.echo(
        f"\nSet aside of {state.path.name} (`keras-prov sync --refused` tries it again once the "
        "cause is mended):"
    )
    print_table(
        ["message", "says", "reason"],
        [[each.sequence, _subject(each.message), each.error] for each in state.refused[:LISTED]],
    )
    if len(state.refused) > LISTED:
        click.echo(f"and {len(state.refused) - LISTED} more in {state.dead_letters_path.name}")


def _subject(message: Any) -> str:
    """What a message is of, whatever is wrong with it."""
    said = message if isinstance(message, dict) else {}
    if said.get("kind") == TASK:
        names = [said.get(name) for name in ("transformation", "id", "dataflow", "exec")]
        return "task {1} of {0} in dataflow {2}, execution {3}".format(*names)
    return f"{said.get('kind', 'message')} {said.get('tag', '')}".strip()


def _sync(
    store: StoreURL | None,
    summary: str,
    *,
    again: bool,
    elsewhere: bool = False,
    refused: bool = False,
) -> None:
    """Store what is left; exit code 1 when some of it cannot be."""
    failures: list[DfAnalyzerError] = []

    def report(path: Path, outcome: int | DfAnalyzerError) -> None:
        if isinstance(outcome, DfAnalyzerError):
            failures.append(outcome)
            say(f"{path.name}: {outcome}", err=True)
        else:
            click.echo(f"{path.name}: {outcome} messages stored.")

    count = sync_journals(
        settings.home(), store, report, again=again, elsewhere=elsewhere, refused=refused
    )
    if count or not failures:
        click.echo(summary.format(count) if count else "Nothing was left to store.")
    if failures:
        raise click.ClickException(f"{len(failures)} journals could not be stored.")
