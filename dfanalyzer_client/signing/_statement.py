"""What is signed of an execution: an in-toto statement (https://in-toto.io/Statement/v1).

Its subjects are the execution's journals, by the heads of their hash chains, its rows and its PROV
document, by digests of them, and its files, by the SHA-256 that was recorded. The predicate says
how each was computed, so that it can be computed again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from ..config.author import Author
from ..errors import SigningError
from ..executions.record import FileRecord
from ..executions.sites import site_of
from ..export.prov import Options, export_execution
from ..journal import CHAIN_HEAD, JournalReader
from ..masking import masked_location
from ..store import Connection
from ..support.digest import file_digest
from ..support.distribution import installed_version
from ..verification import FORM, Stored, digest_of, row_digests

__all__ = [
    "HEAD",
    "PREDICATE_TYPE",
    "STATEMENT_TYPE",
    "ChainHead",
    "chain_head",
    "prov_digest",
    "prov_options",
    "signed_files",
    "statement_of",
]

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://w3id.org/keras-prov/attestation/execution/v1"
HEAD = "kerasProvChainHead"
"""The algorithm of a journal's digest: SHA-256 over the digest before it and a record's line."""


class ChainHead(NamedTuple):
    """The head of a journal's hash chain after a record, and how often it skipped erased ones."""

    head: str
    resumed: int


def chain_head(path: Path, sequence: int) -> ChainHead | None:
    """The head of a journal after a record; None if it has no record of that number."""
    resumed = 0
    for record in JournalReader(path):
        resumed += CHAIN_HEAD in record.message
        if record.sequence >= sequence:
            return ChainHead(record.head.hex(), resumed) if record.sequence == sequence else None
    return None


def statement_of(
    connection: Connection,
    stored: Stored,
    journals: Mapping[str, Path],
    options: Options,
    documents: Sequence[Path],
) -> dict[str, Any]:
    """The statement about an execution as it is now.

    Args:
        connection: to the database.
        stored: what it has of the execution.
        journals: those of this machine, by their ids.
        options: of its PROV document.
        documents: files about the execution that are signed with it.

    Raises:
        SigningError: a journal is not what was stored, or a document cannot be read.
    """
    chains = list(_chains(stored, journals))
    rows = row_digests(stored.record, stored.derived)
    options = replace(options, site=site_of(connection))
    document = prov_digest(connection, stored, options)
    files = signed_files(stored.record.files)
    others = {path.name: _digest(path) for path in documents}
    return {
        "_type": STATEMENT_TYPE,
        "subject": [
            *(_subject(f"journal {each['id']}", each["head"], HEAD) for each in chains),
            _subject("rows", digest_of(rows)),
            _subject("prov.json", document),
            *(_subject(name, digest) for name, digest in {**files, **others}.items()),
        ],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "execution": {"tag": stored.summary.tag, "dataflow": stored.summary.dataflow},
            "signedAt": datetime.now(UTC).isoformat(timespec="seconds"),
            "recorder": {"kerasProv": installed_version(), "prov": version("prov")},
            "journals": chains,
            "rows": {"form": FORM, "parts": rows},
            "provDocument": {"sha256": document, **_as_dict(options)},
            "files": files,
            "documents": others,
        },
    }


def prov_digest(connection: Connection, stored: Stored, options: Options) -> str:
    """SHA-256 of the execution's PROV-JSON, as `keras-prov export` writes it."""
    document = export_execution(connection, stored.summary, "json", options)
    return hashlib.sha256(document).hexdigest()


def prov_options(told: Mapping[str, Any]) -> Options:
    """The options of a PROV document that was signed, from the predicate."""
    author = told.get("author")
    return Options(
        author=Author(**author) if author else None,
        user=told.get("user"),
        base=told["base"],
        site=told.get("site"),
    )


def signed_files(files: Sequence[FileRecord]) -> dict[str, str]:
    """The SHA-256 of files by their names, or by their paths where several have one name.

    Of one that was written several times, the last content counts.
    """
    newest = {file.path: file for file in files if file.sha256 is not None}
    names = Counter(file.name for file in newest.values())
    return {
        masked_location(file.name if names[file.name] == 1 else path): str(file.sha256)
        for path, file in newest.items()
    }


def _chains(stored: Stored, journals: Mapping[str, Path]) -> Iterator[dict[str, Any]]:
    """The heads of the execution's journals, as far as the database has them."""
    for id_, heads in sorted(stored.heads.items()):
        if not heads:
            continue  # an earlier version stored it: there is nothing to prove of its chain
        last, resumed = heads[-1], None
        if id_ in journals:
            found = chain_head(journals[id_], last.sequence)
            if found is None or found.head != last.digest:
                raise SigningError(
                    f"The journal {journals[id_]} is not what was stored, so it is not signed: "
                    "`keras-prov verify` says more."
                )
            resumed = found.resumed
        yield {"id": id_, "sequence": last.sequence, "head": last.digest, "resumed": resumed}


def _subject(name: str, digest: str, algorithm: str = "sha256") -> dict[str, Any]:
    return {"name": name, "digest": {algorithm: digest}}


def _digest(path: Path) -> str:
    try:
        return file_digest(path)[1]
    except OSError as error:
        raise SigningError(f"{path} cannot be read: {error.strerror or error}.") from None


def _as_dict(options: Options) -> dict[str, Any]:
    author = asdict(options.author) if options.author else None
    return {
        "base": options.base,
        "site": options.site,
        "author": author,
        "user": options.user,
    }
