"""`keras-prov verify`: whether a record was altered since it was captured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from ...config import settings
from ...errors import UnknownTagError
from ...executions.summaries import find_executions
from ...journal import is_journal
from ...lineage import origin_with
from ...lineage.origin import KNOWN, UNKNOWN
from ...store import Connection
from ...verification import Check, Finding, State, Verification, verify_all, verify_journal
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

MODEL_VERDICTS = {
    State.UNCHANGED: "is as it was signed.",
    State.ALTERED: "is NOT as it was signed, or its signature does not hold.",
    State.UNKNOWN: "is as it was signed, but its timestamp cannot be verified.",
}

OF_SIGNATURES = {"signature", "timestamp"}

CODES = {State.UNCHANGED: 0, State.ALTERED: 1, State.UNKNOWN: 3}


FILE = click.Path(path_type=Path)


@dataclass(frozen=True)
class _Asked:
    """What is asked of signatures: the options of the command."""

    key: Path | None = None
    certificate: Path | None = None
    signature: Path | None = None
    tsa_certificate: Path | None = None

    def check(self) -> Check | None:
        """What checks signatures of executions; None without a key."""
        if self.key is None:
            return None
        from ...signing import Signed

        return Signed(self.key, self.signature, self.tsa_certificate)


@click.command(cls=StrictCommand)
@click.argument("what", metavar="EXECUTION|FILE|JOURNAL", shell_complete=execution_tags)
@click.option("--key", type=FILE, help="PEM file of the public key that a signature is to be of.")
@click.option(
    "--certificate",
    type=FILE,
    help="PEM file of certificates that vouch for the signature of a model's FILE.",
)
@click.option(
    "--signature",
    type=FILE,
    help="The signature's file. Default: FILE.sig beside a model; for an execution, the one in the "
    "data folder.",
)
@click.option(
    "--tsa-certificate",
    type=FILE,
    help="PEM file of certificates that vouch for the signature's timestamp.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of objects.")
@store_option
def verify(
    what: str,
    key: Path | None,
    certificate: Path | None,
    signature: Path | None,
    tsa_certificate: Path | None,
    as_json: bool,
    store: str | None,
) -> None:
    """Verify that a record was not altered, and name the first difference.

    Journals are compared with the hash chain whose heads were stored with the rows; rows with the
    messages in the journals, value by value; files with their SHA-256. EXECUTION is an id, a tag,
    the beginning of a tag, or `last`. Of a FILE, the executions that wrote it are verified, and of
    a JOURNAL all that it has messages of.

    With --key, a signature of `keras-prov sign` is verified, too, and that what was signed is still
    there: so whoever altered journal, database and files alike is found. Of a model's FILE that has
    a signature of its own, only that is verified, which needs no database.

    Exit code 1 if anything was altered or a signature does not hold, 3 if something cannot be
    compared here, as when a journal is on another machine.

    Example: keras-prov verify last
    """
    if (signature or tsa_certificate) and not (key or certificate):
        raise click.UsageError(
            "Name the --key, or the --certificate, that a signature is to be of."
        )
    asked = _Asked(key, certificate, signature, tsa_certificate)
    with friendly_errors():
        found = list(_model_findings(Path(what), asked))
        if found:
            raise SystemExit(_print_model(what, found, as_json))
        if certificate is not None:
            raise click.UsageError("--certificate is for a model's FILE that has a signature.")
    if signature is not None and Path(what).exists() and is_journal(Path(what)):
        raise click.UsageError("--signature is of one execution: name that, and not a journal.")
    _print_executions(what, asked, as_json, store)


def _print_executions(what: str, asked: _Asked, as_json: bool, store: str | None) -> None:
    with friendly_errors(), reading(store) as connection:
        found = list(_verified(connection, what, asked.check()))
    if as_json:
        click.echo(json_text([_as_dict(each) for each in found]))
    else:
        for each in found:
            _print(each)
    states = [each.state for each in found]
    worst = next((state for state in (State.ALTERED, State.UNKNOWN) if state in states), None)
    if worst is not None:
        raise SystemExit(CODES[worst])


def _model_findings(path: Path, asked: _Asked) -> Iterator[Finding]:
    """What is found of the signature of a model's file; nothing if it has none of its own."""
    if (asked.key is None and asked.certificate is None) or not path.exists():
        return
    from ...signing import is_bundle, model_signature, verify_model

    signature = asked.signature or model_signature(path)
    if not signature.exists() or not is_bundle(signature):
        return
    yield verify_model(path, signature, key=asked.key, certificates=asked.certificate)
    if asked.tsa_certificate is not None:
        from ...signing import timestamp_finding

        yield timestamp_finding(signature, asked.tsa_certificate)


def _print_model(what: str, findings: Sequence[Finding], as_json: bool) -> int:
    """Print what was found of a model's signature; the exit code."""
    altered = any(each.state is State.ALTERED for each in findings)
    unknown = any(each.state is State.UNKNOWN for each in findings)
    state = State.ALTERED if altered else State.UNKNOWN if unknown else State.UNCHANGED
    if as_json:
        click.echo(json_text([{"file": what, "state": state.value, "findings": _dicts(findings)}]))
    else:
        say(f"File {what}:")
        for each in findings:
            _print_finding(each)
        say(f"File {what} {MODEL_VERDICTS[state]}")
    return CODES[state]


def _verified(connection: Connection, what: str, check: Check | None) -> Sequence[Verification]:
    path, home = Path(what), settings.home()
    if path.exists() and is_journal(path):
        return verify_journal(connection, path, home, check=check)
    names = list(map(str, _writers(connection, path))) if path.exists() else [what]
    return verify_all(connection, find_executions(connection, names), home, check=check)


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
        _print_finding(each)
    altered = {each.what for each in found.findings if each.state is State.ALTERED}
    if altered and altered <= OF_SIGNATURES:
        say(f"The signature of execution {found.id} does NOT hold.")
    else:
        say(f"Execution {found.id} {VERDICTS[found.state]}")


def _print_finding(found: Finding) -> None:
    detail = f": {found.detail}" if found.detail else ""
    say(f"  {found.state.value:<9}  {_named(found)}{detail}")


def _named(found: Finding) -> str:
    """What was checked: a journal without its folder, a file below this folder without that."""
    if found.what == "rows":
        return found.what
    if found.what == "signed":
        return f"signed {found.name}"
    path = Path(found.name)
    if found.what == "journal":
        return f"journal {path.name}"
    here = Path.cwd()
    return f"{found.what} {path.relative_to(here) if path.is_relative_to(here) else path}"


def _as_dict(found: Verification) -> dict[str, object]:
    return {
        "id": found.id,
        "execution": found.execution,
        "dataflow": found.dataflow,
        "state": found.state.value,
        "findings": _dicts(found.findings),
    }


def _dicts(findings: Sequence[Finding]) -> list[dict[str, str]]:
    return [
        {"what": each.what, "name": each.name, "state": each.state.value, "detail": each.detail}
        for each in findings
    ]
