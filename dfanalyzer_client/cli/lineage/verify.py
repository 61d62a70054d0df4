"""`keras-prov verify`: whether a record was altered since it was captured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ...config import settings
from ...errors import UnknownTagError
from ...executions.summaries import find_execution
from ...journal import is_journal
from ...lineage import origin_with
from ...lineage.origin import KNOWN, UNKNOWN
from ...store import Connection
from ...verification import Finding, State, Verification, verify_journal, verify_with
from ..common import friendly_errors, reading, say, store_option
from ..completions import execution_tags
from ..forms import json_text
from ..strict_command import StrictCommand

__all__ = ["verify"]

VERDICTS = {
    State.UNCHANGED: "is as it was captured.",
    State.ALTERED: "was ALTERED since it was captured.",
    State.UNKNOWN: "cannot be verified as a whole; nothing that could be compared was altered.",
}

CODES = {State.UNCHANGED: 0, State.ALTERED: 1, State.UNKNOWN: 3}


@click.command(cls=StrictCommand)
@click.argument("what", metavar="EXECUTION|FILE|JOURNAL", shell_complete=execution_tags)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@store_option
def verify(what: str, as_json: bool, store: str | None) -> None:
    """Verify that a record was not altered, and name the first difference.

    Journals are compared with the hash chain whose heads were stored with the rows; rows with the
    messages in the journals, value by value; files with their SHA-256. EXECUTION is an id, a tag,
    the beginning of a tag, or `last`. Of a FILE, the executions that wrote it are verified, and of
    a JOURNAL all that it has messages of.

    Exit code 1 if anything was altered, 3 if something cannot be compared here, as when a journal
    is on another machine.

    Example: keras-prov verify last
    """
    with friendly_errors(), reading(store) as connection:
        found = list(_verified(connection, what))
    if as_json:
        click.echo(json_text([_as_dict(each) for each in found]))
    else:
        for each in found:
            _print(each)
    states = [each.state for each in found]
    worst = next((state for state in (State.ALTERED, State.UNKNOWN) if state in states), None)
    if worst is not None:
        raise SystemExit(CODES[worst])


def _verified(connection: Connection, what: str) -> Iterator[Verification]:
    path, home = Path(what), settings.home()
    if not path.exists():
        yield verify_with(connection, find_execution(connection, what), home)
    elif is_journal(path):
        yield from verify_journal(connection, path, home)
    else:
        for execution in _writers(connection, path):
            yield verify_with(connection, find_execution(connection, str(execution)), home)


def _writers(connection: Connection, path: Path) -> Sequence[int]:
    """The executions that wrote a file with this content; raises UnknownTagError if none did."""
    found = origin_with(connection, path, explained=False)
    if found.status == KNOWN and found.writers:
        return sorted({use.df_exec for use in found.writers})
    reason = "no execution wrote a file with this content"
    if found.status not in (KNOWN, UNKNOWN):
        reason = "it was changed since it was written: `keras-prov origin` says when, and by whom"
    raise UnknownTagError(f"{path} cannot be verified: {reason}.")


def _print(found: Verification) -> None:
    say(f"Execution {found.id} ({found.execution}) of {found.dataflow}:")
    for each in found.findings:
        detail = f": {each.detail}" if each.detail else ""
        say(f"  {each.state.value:<9}  {_named(each)}{detail}")
    say(f"Execution {found.id} {VERDICTS[found.state]}")


def _named(found: Finding) -> str:
    """What was checked: a journal without its folder, a file below this folder without that."""
    if found.what == "rows":
        return found.what
    path = Path(found.name)
    if found.what == "journal":
        return f"journal {path.name}"
    here = Path.cwd()
    return f"file {path.relative_to(here) if path.is_relative_to(here) else path}"


def _as_dict(found: Verification) -> dict[str, object]:
    return {
        "id": found.id,
        "execution": found.execution,
        "dataflow": found.dataflow,
        "state": found.state.value,
        "findings": [
            {"what": each.what, "name": each.name, "state": each.state.value, "detail": each.detail}
            for each in found.findings
        ],
    }
