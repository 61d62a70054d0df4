"""`keras-prov forget`: erase executions."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from ...config import settings
from ...config.store_url import StoreURL
from ...delivery.leftovers import drain_leftovers
from ...erasure import Forgotten, Plan, forget, plan_erasure
from ...erasure.selection import check_ended, selected
from ...errors import DfAnalyzerError
from ...private_server import PrivateServer
from ...store import Connection, reasons_to_upgrade
from ...store.reading import Catalogue
from ...support.clock import naive_utc
from ..common import chosen_store, friendly_errors, say, store_option
from ..completions import dataflow_tags, execution_tags
from ..strict_command import StrictCommand
from ..tables import print_table

__all__ = ["forget_executions"]

SHOWN = 20
EXPORTED = (
    "Documents, crates and graphs that were exported, copies of files, and backups of the database "
    "are not known here: erase them by hand."
)


@click.command("forget", cls=StrictCommand)
@click.argument("executions", nargs=-1, metavar="[EXECUTION]...", shell_complete=execution_tags)
@click.option(
    "--dataflow",
    metavar="TAG",
    shell_complete=dataflow_tags,
    help="All executions of this dataflow, and itself. With an EXECUTION, only one of this "
    "dataflow is meant, and the dataflow stays: `last` is then its newest.",
)
@click.option(
    "--before",
    metavar="DATE",
    help="Executions that began before this date or time, in UTC: 2026-01-31, or "
    "2026-01-31T12:00. With --dataflow, only those of the dataflow, which stays.",
)
@click.option(
    "--abandoned",
    is_flag=True,
    help="Also those that seem to be running, because their processes are known to be gone.",
)
@click.option("--dry-run", is_flag=True, help="Only list what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@store_option
def forget_executions(
    executions: tuple[str, ...],
    dataflow: str | None,
    before: str | None,
    abandoned: bool,
    dry_run: bool,
    yes: bool,
    store: str | None,
) -> None:
    """Erase executions from the database, the journals of this machine and the artifact store.

    EXECUTION is an id, a tag, the beginning of a tag, or `last`. What is erased is listed first.
    It does not come back, from whatever journal. The database keeps that something was erased,
    when and by whom, but not what.

    Example: keras-prov forget last --dry-run
    """
    if not executions and dataflow is None and before is None:
        raise click.UsageError("Name an EXECUTION, a --dataflow, or a date with --before.")
    if executions and before is not None:
        raise click.UsageError("Name either an EXECUTION or a date with --before.")
    moment = None if before is None else _moment(before)
    with friendly_errors():
        url, home = chosen_store(store), settings.home()
        drain_leftovers(url, home)
        with Connection(url or PrivateServer(home).ensure()) as connection:
            _check_catalogue(connection)
            with connection.transaction():
                found = selected(connection, executions, dataflow, moment)
                if not abandoned:
                    check_ended(connection, found)
            whole = dataflow if not executions and moment is None else None
            if not found and whole is None:
                click.echo("No execution is meant, so nothing is erased.", err=True)
                return
            plan = plan_erasure(connection, found, home=home, store=url, dataflow=whole)
            _print_plan(plan)
            if dry_run:
                click.echo("Nothing was erased.")
                return
            _confirm(yes)
            _print_outcome(plan, forget(plan, connection, home, url), url)


def _moment(text: str) -> datetime:
    try:
        return naive_utc(datetime.fromisoformat(text))
    except ValueError:
        raise click.UsageError(
            f"A date is as 2026-01-31, or 2026-01-31T12:00. Received: {text!r}."
        ) from None


def _check_catalogue(connection: Connection) -> None:
    with connection.transaction():
        if not Catalogue(connection).exists:
            raise DfAnalyzerError("The database is empty, so there is nothing to erase.")
    reasons = reasons_to_upgrade(connection)
    if reasons:
        raise DfAnalyzerError(f"{reasons[0]} Nothing was erased.")


def _print_plan(plan: Plan) -> None:
    print_table(["id", "execution", "dataflow"], [list(each) for each in plan.executions[:SHOWN]])
    if len(plan.executions) > SHOWN:
        click.echo(f"and {len(plan.executions) - SHOWN} more executions")
    if plan.dataflow is not None:
        say(f"The dataflow {plan.dataflow} goes, too, with its tables.")
    if plan.rows:
        print_table(["table", "rows"], [list(each) for each in plan.rows.items()])
    for journal in plan.journals:
        later = "" if journal.is_free else " (in use: what it has goes when its process ends)"
        say(f"Journal {journal.path}{later}")
    for artifact in plan.artifacts:
        by_hand = "" if artifact.path else " (not in this machine's artifact store: by hand)"
        say(f"Artifact {artifact.place}, {artifact.size} bytes{by_hand}")
    for signature in plan.signatures:
        say(f"Signature {signature}")
    for error in plan.unreadable:
        say(f"Not looked through: {error}", err=True)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _confirm(yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise DfAnalyzerError("Nothing was erased: without a terminal to ask on, add --yes.")
    click.confirm("Erase this?", abort=True)


def _print_outcome(plan: Plan, done: Forgotten, store: StoreURL | None) -> None:
    rows, messages = sum(plan.rows.values()), _count(done.messages, "message")
    click.echo(
        f"Erased: {_count(len(plan.executions), 'execution')}, {_count(rows, 'row')}, "
        f"{messages} in journals, {_count(done.artifacts, 'artifact')} "
        f"({_count(done.bytes, 'byte')})."
    )
    for path in done.in_use:
        say(f"{path} is in use: what it has of them goes when its process ends.", err=True)
    if store is None:
        for aside in PrivateServer(settings.home()).databases_aside():
            say(f"A database that was set aside may have them, too: {aside}", err=True)
    click.echo(EXPORTED, err=True)
    for failure in done.failures:
        say(f"Not erased: {failure}", err=True)
    if done.failures:
        raise DfAnalyzerError(f"{len(done.failures)} files could not be erased.")
