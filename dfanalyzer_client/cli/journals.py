"""`keras-prov sync` and `keras-prov journal`: messages that are not stored yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ..config import settings
from ..config.store_url import StoreURL
from ..declarations.messages import (
    ANNOTATION,
    STEERING_OFFER,
    STEERING_OUTCOME,
    STEERING_REQUEST,
    TASK,
)
from ..delivery.journal_states import JournalState, journal_states
from ..delivery.relocation import move_journals, moved_hint
from ..delivery.sync import sync as sync_journals
from ..errors import DfAnalyzerError
from ..journal import journals_with_dead_letters
from .common import chosen_store, duration, friendly_errors, say, store_option
from .strict_command import StrictCommand
from .tables import print_table

__all__ = ["journal", "sync", "sync_all"]

OF_EXECUTIONS = {
    ANNOTATION: "annotation",
    STEERING_OFFER: "offer to be steered",
    STEERING_REQUEST: "request to steer",
    STEERING_OUTCOME: "outcome of a request",
}
"""Kinds of messages of executions as a whole, in words."""

MAX_LISTED = 20
"""Messages set aside that are listed for each journal, at most."""

COLUMNS = (
    "journal",
    "store",
    "process",
    "execution",
    "messages",
    "stored",
    "set aside",
    "bytes",
    "age",
)


@click.command(cls=StrictCommand)
@store_option
@click.option(
    "--again",
    is_flag=True,
    help="Also read journals that were stored before, so that a database that was restored from a "
    "backup gets what it lacks. Nothing is stored twice.",
)
@click.option(
    "--elsewhere",
    is_flag=True,
    help="Also take over journals of other machines that share this folder. Use it only when the "
    "processes there have ended: otherwise their messages would be stored twice.",
)
@click.option(
    "--moved-from",
    metavar="URL",
    help="The server at this URL now has another address or login: messages for it go to the "
    "server of --store or KERAS_PROV_STORE. `keras-prov journal` shows the old URL.",
)
@click.option(
    "--refused",
    is_flag=True,
    help="Also try again messages that the database refused, which `keras-prov journal` lists. "
    "Messages that only lacked something are tried again without this option, once it is there.",
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
        sync_all(url, "{} messages stored.", again=again, elsewhere=elsewhere, refused=refused)


@click.command(cls=StrictCommand)
@store_option
def journal(store: str | None) -> None:
    """List the journals: executions, messages, how many are stored, and what was set aside and why.

    Example: keras-prov journal
    """
    states: list[JournalState] = []
    failures: list[DfAnalyzerError] = []
    with friendly_errors():
        for found in journal_states(settings.home(), chosen_store(store)):
            if isinstance(found, JournalState):
                states.append(found)
            else:
                failures.append(found)
    if not states and not failures:
        click.echo("No journals yet.", err=True)
    if states:
        print_table(list(COLUMNS), [_row(state) for state in states])
    unreachable = {state.store for state in states if state.store and state.stored is None}
    for address in sorted(unreachable):
        say(f"{address} does not answer, or refuses the login. {moved_hint(address)}", err=True)
    for state in states:
        if state.refused:
            _print_refused(state)
    for failure in failures:
        say(f"Error: {failure}", err=True)
    if failures:
        raise SystemExit(1)


def _move(old: str, new: StoreURL | None, *, again: bool, elsewhere: bool) -> None:
    if new is None:
        raise click.UsageError(
            "Name the new address of the server: --store URL, or KERAS_PROV_STORE."
        )
    moved = move_journals(
        settings.home(), StoreURL.parse(old), new, done=again, elsewhere=elsewhere
    )
    click.echo(f"{moved.count} journals now go to {new}.")
    if moved.running:
        click.echo(
            f"{moved.running} are still being written for the old address: run this again when "
            "those processes have ended.",
            err=True,
        )


def sync_all(
    store: StoreURL | None,
    summary: str,
    *,
    again: bool,
    elsewhere: bool = False,
    refused: bool = False,
) -> None:
    """Store what is left in journals; exit code 1 if some of it cannot be stored."""
    failures: list[DfAnalyzerError] = []

    def report(path: Path, outcome: int | DfAnalyzerError) -> None:
        if isinstance(outcome, DfAnalyzerError):
            failures.append(outcome)
            say(f"{path.name}: {outcome}", err=True)
        else:
            click.echo(f"{path.name}: {outcome} messages stored.")

    def say_left_out(count: int) -> None:
        click.echo(f"{count} messages of erased executions were left out.")

    count = sync_journals(
        settings.home(),
        store,
        report,
        again=again,
        elsewhere=elsewhere,
        refused=refused,
        left_out=say_left_out,
    )
    set_aside = _count_set_aside()
    if count or not (failures or set_aside):
        click.echo(summary.format(count) if count else "Nothing was left to store.")
    if failures:
        raise click.ClickException(f"{len(failures)} journals could not be stored.")
    if set_aside:
        _say_set_aside(set_aside, tried=refused)


def _count_set_aside() -> int:
    """How many messages the databases refused; the journals keep them."""
    found = journals_with_dead_letters(settings.home() / "journals")
    return sum(len(letters) for _, letters in found)


def _say_set_aside(count: int, *, tried: bool) -> None:
    """Say what is not stored; an error, if that was what should be stored."""
    messages = "1 message is" if count == 1 else f"{count} messages are"
    text = f"{messages} still refused by the database: `keras-prov journal` says why."
    if tried:
        raise click.ClickException(text)
    click.echo(text, err=True)


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
    """Print which messages of a journal were set aside, and why."""
    click.echo(
        f"\nSet aside from {state.path.name} (once the cause is fixed, `keras-prov sync --refused` "
        "tries these messages again):"
    )
    print_table(
        ["message", "about", "reason"],
        [
            [letter.sequence, _subject(letter.message), letter.error]
            for letter in state.refused[:MAX_LISTED]
        ],
    )
    if len(state.refused) > MAX_LISTED:
        click.echo(f"and {len(state.refused) - MAX_LISTED} more in {state.dead_letters_path.name}")


def _subject(message: Any) -> str:
    """What a message is about; the message may have any content."""
    fields = message if isinstance(message, dict) else {}
    if fields.get("kind") == TASK:
        names = [fields.get(name) for name in ("transformation", "id", "dataflow", "exec")]
        return "task {1} of {0} in dataflow {2}, execution {3}".format(*names)
    what = OF_EXECUTIONS.get(str(fields.get("kind")))
    if what is not None:
        return f"{what}, execution {fields.get('exec')} in dataflow {fields.get('dataflow')}"
    return f"{fields.get('kind', 'message')} {fields.get('tag', '')}".strip()
