"""`keras-prov sign`: sign executions and model files, and make keys."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import click

from ...config import settings
from ...executions.summaries import find_execution
from ..common import chosen_store, friendly_errors, reading_from, say, store_option
from ..completions import execution_tags
from ..passwords import asked_password
from ..strict_command import StrictCommand

__all__ = ["sign"]

KINDS = ("ecdsa", "ed25519")
"""Listed here, so that --help needs no import; a test compares them with the package's."""

FILE = click.Path(path_type=Path)


@click.command(cls=StrictCommand)
@click.argument("what", metavar="EXECUTION|FILE", required=False, shell_complete=execution_tags)
@click.option("--key", type=FILE, help="PEM file of the private key that signs.")
@click.option(
    "-o",
    "--output",
    type=FILE,
    help="The signature's file. Default: FILE.sig beside a model; for an execution, one in the "
    "data folder.",
)
@click.option(
    "--timestamp",
    metavar="URL",
    help="A server that vouches for the time (RFC 3161); its answer is beside the signature, with "
    ".tsr after its name.",
)
@click.option(
    "--document",
    "documents",
    type=FILE,
    multiple=True,
    help="A file about the execution that is signed with it, such as a crate; repeatable.",
)
@click.option(
    "--certificate", type=FILE, help="The key's certificate, which a model's signature contains."
)
@click.option(
    "--chain",
    type=FILE,
    multiple=True,
    help="A certificate between that one and a root; repeatable.",
)
@click.option("--new-key", type=FILE, help="Make a key in this file, and a public one beside it.")
@click.option("--kind", type=click.Choice(KINDS), help="Of a new key; model files take only ecdsa.")
@click.option("--encrypt", is_flag=True, help="Encrypt a new key; you are asked for a password.")
@store_option
def sign(
    what: str | None,
    key: Path | None,
    output: Path | None,
    timestamp: str | None,
    documents: tuple[Path, ...],
    certificate: Path | None,
    chain: tuple[Path, ...],
    new_key: Path | None,
    kind: str | None,
    encrypt: bool,
    store: str | None,
) -> None:
    """Sign what is recorded of an EXECUTION, or a model's FILE, for `keras-prov verify --key`.

    Of an execution, an in-toto statement is signed: the heads of its journals' hash chains, digests
    of its rows and its PROV document, and its files. A model's file is signed by OpenSSF
    model-signing, whose own command verifies it, too. The password of an encrypted key is asked
    for, or KERAS_PROV_KEY_PASSWORD has it.

    Example: keras-prov sign last --key key.pem
    """
    if new_key is not None:
        others = (what, key, output, timestamp, certificate, *documents, *chain)
        if any(other is not None for other in others):
            raise click.UsageError("--new-key makes a key and signs nothing: leave the rest out.")
        _make(new_key, kind or KINDS[0], encrypt)
        return
    if what is None or key is None:
        raise click.UsageError("Name an EXECUTION or a FILE, and a --key that signs it.")
    if kind is not None or encrypt:
        raise click.UsageError("--kind and --encrypt are for --new-key.")
    _warn_of_readers(key)
    password = _password_for(key)
    if Path(what).exists():
        if documents:
            raise click.UsageError("--document is for executions.")
        _sign_model(Path(what), key, output, certificate, chain, password, timestamp)
        return
    if certificate is not None or chain:
        raise click.UsageError("--certificate and --chain are for model files.")
    _sign_execution(what, key, output, password, timestamp, documents, store)


def _make(path: Path, kind: str, encrypt: bool) -> None:
    with friendly_errors():
        from ...signing import new_key

        password = None
        if encrypt:
            password = settings.key_password() or asked_password(
                f"the new key {path}", "set KERAS_PROV_KEY_PASSWORD", is_new=True
            )
        made = new_key(path, kind, password=password)
    say(f"Private key, which stays with you: {made.private}")
    say(f"Public key, for who verifies: {made.public}")
    say(f"Key id: {made.id}")


def _sign_model(
    model: Path,
    key: Path,
    output: Path | None,
    certificate: Path | None,
    chain: tuple[Path, ...],
    password: Callable[[], str],
    timestamp: str | None,
) -> None:
    with friendly_errors():
        from ...signing import sign_model

        written = sign_model(
            model,
            key,
            output=output,
            password=password,
            certificate=certificate,
            chain=chain,
            timestamp=timestamp,
        )
    _say_written(written, timestamp)


def _sign_execution(
    what: str,
    key: Path,
    output: Path | None,
    password: Callable[[], str],
    timestamp: str | None,
    documents: tuple[Path, ...],
    store: str | None,
) -> None:
    with friendly_errors():
        from ...signing import sign_with

        url = chosen_store(store)
        with reading_from(url, settings.home()) as connection:
            written = sign_with(
                connection,
                find_execution(connection, what),
                key,
                output=output,
                password=password,
                timestamp=timestamp,
                documents=documents,
                url=url,
            )
    _say_written(written, timestamp)


def _say_written(path: Path, timestamp: str | None) -> None:
    say(f"Written to {path}.", err=True)
    if timestamp is not None:
        from ...signing import timestamp_path

        say(f"Its timestamp is {timestamp_path(path)}.", err=True)


def _warn_of_readers(key: Path) -> None:
    """Say that others can read a private key."""
    with contextlib.suppress(OSError):
        if os.name == "posix" and key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            say(f"Others can read {key}, and sign with it: chmod 600 {key}", err=True)


def _password_for(key: Path) -> Callable[[], str]:
    """What asks for a key's password, if it is encrypted."""

    def password() -> str:
        return settings.key_password() or asked_password(
            f"the key {key}", "set KERAS_PROV_KEY_PASSWORD"
        )

    return password
