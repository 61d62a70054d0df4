"""Sign executions: the functions that users and the command call."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from ..config import settings
from ..config.store_url import StoreURL
from ..delivery.leftovers import drain_leftovers
from ..errors import SigningError
from ..executions.summaries import ExecutionSummary, find_execution
from ..export.prov import Options, options_for
from ..store import Connection, reader_connection
from ..support.safe_home import create_home
from ..support.signature_files import signature_file, timestamp_path
from ..verification import Stored, found_journals
from ._envelope import sealed_envelope
from ._keys import Password, private_key
from ._statement import statement_of
from ._timestamps import check_url, stamp

__all__ = ["default_signature", "sign", "sign_with", "write_signature"]

FLUSH_SECONDS = 30.0
"""How long storing what this process has recorded may take."""


def sign(
    execution: str | int,
    key: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    password: Password | None = None,
    timestamp: str | None = None,
    documents: Sequence[str | os.PathLike[str]] = (),
    store: str | None = None,
) -> Path:
    """Sign what is recorded of an execution, and write the signature.

    What this process and ended ones of this machine have recorded is stored first.

    Args:
        execution: its id, its tag, the beginning of its tag, or ``last``.
        key: PEM file of a private key, ECDSA or Ed25519.
        output: the signature's file; None: one in the data folder, where `verify` looks for it.
        password: asks for the password of an encrypted key.
        timestamp: URL of a server of timestamps (RFC 3161); None: there is no timestamp.
        documents: files about the execution that are signed with it, such as a crate.
        store: URL of the store; by default the one of the settings.

    Returns:
        The signature's file; a timestamp lies beside it.

    Raises:
        UnknownTagError: no execution matches, or several do.
        SigningError: it still runs, the key cannot be used, or the file cannot be written.
        StoreError: the store cannot be read.
    """
    from ..delivery.clients import flush  # the command has no messages of its own

    url, home = settings.store_url(store), settings.home()
    flush(FLUSH_SECONDS)
    drain_leftovers(url, home)
    with reader_connection(url, home) as connection:
        return sign_with(
            connection,
            find_execution(connection, str(execution)),
            Path(key),
            output=None if output is None else Path(output),
            password=password,
            timestamp=timestamp,
            documents=[Path(each) for each in documents],
            url=url,
        )


def sign_with(
    connection: Connection,
    summary: ExecutionSummary,
    key: Path,
    *,
    output: Path | None = None,
    password: Password | None = None,
    timestamp: str | None = None,
    documents: Sequence[Path] = (),
    url: StoreURL | None = None,
    options: Options | None = None,
) -> Path:
    """`sign` over an open connection.

    Args:
        connection: to the database that has the execution.
        summary: which execution.
        key: see `sign`.
        output: see `sign`.
        password: see `sign`.
        timestamp: see `sign`.
        documents: see `sign`.
        url: of the store; executions in the private one belong to this user.
        options: of its PROV document; None: those of the settings.
    """
    if timestamp is not None:
        check_url(timestamp)
    if summary.status == "RUNNING":
        raise SigningError(
            f"Execution {summary.id} still runs, and what comes would not be signed: sign it once "
            "it has ended."
        )
    private, home = private_key(key, password), settings.home()
    with connection.transaction():
        stored = Stored.read(connection, summary)
    statement = statement_of(
        connection, stored, found_journals(home), options or options_for(url), documents
    )
    if output is None:
        create_home(home)
        output = default_signature(home, summary)
    return write_signature(output, sealed_envelope(statement, private), timestamp)


def default_signature(home: Path, summary: ExecutionSummary) -> Path:
    """Where the signature of an execution is, unless another file is named."""
    return signature_file(home, summary.dataflow, summary.tag)


def write_signature(path: Path, content: bytes, timestamp: str | None) -> Path:
    """Write a signature, and beside it its timestamp; an older timestamp is removed."""
    token = stamp(timestamp, content) if timestamp is not None else None
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        beside = timestamp_path(path)
        beside.unlink(missing_ok=True)  # before: it is of the signature that is replaced
        _replace(path, content)
        if token is not None:
            _replace(beside, token)
    except OSError as error:
        raise SigningError(f"{path} cannot be written: {error.strerror or error}.") from None
    return path


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(content)
    new.replace(path)
