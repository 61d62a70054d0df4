"""Check the signature of an execution, and that what was signed is still what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..config import settings
from ..errors import SigningError
from ..store import Connection
from ..support.digest import file_digest
from ..support.distribution import installed_version
from ..support.signature_files import timestamp_path
from ..verification import FORM, Finding, State, Stored, row_digests
from ._envelope import opened_envelope, read_envelope
from ._keys import public_key, tag_of
from ._sign import default_signature
from ._statement import (
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    chain_head,
    prov_digest,
    prov_options,
    signed_files,
)
from ._timestamps import verify_stamp

__all__ = ["Signed", "timestamp_finding"]

SIGNATURE, SIGNED, TIMESTAMP = "signature", "signed", "timestamp"

PARTS = frozenset(
    {"execution", "signedAt", "recorder", "journals", "rows", "provDocument", "files"}
)
"""What every predicate of ours has."""

OTHERWISE = "it is of the key, but its statement is not as `keras-prov sign` writes it"


@dataclass(frozen=True)
class Signed:
    """Checks an execution's signature; `dfanalyzer_client.verification.verify` takes it as `check`.

    Attributes:
        key: PEM file of the public key.
        signature: the signature's file; None: the one in the data folder.
        tsa_certificates: PEM file of certificates that vouch for its timestamp; None: that is not
            verified.
    """

    key: Path
    signature: Path | None = None
    tsa_certificates: Path | None = None

    def __call__(
        self, connection: Connection, stored: Stored, journals: dict[str, Path]
    ) -> Iterator[Finding]:
        """What is found of the signature, and of each thing that was signed.

        Raises:
            SigningError: the key cannot be read, there is no file of the name that was given, or a
                package is missing.
        """
        path = self.signature or default_signature(settings.home(), stored.summary)
        key = public_key(self.key)
        if not path.exists():
            if self.signature is not None:
                raise SigningError(f"There is no signature {path}: `keras-prov sign` writes one.")
            detail = "there is none: `keras-prov sign` writes it, and --signature names another"
            yield Finding(SIGNATURE, str(path), State.UNKNOWN, detail)
            return
        try:
            statement = opened_envelope(read_envelope(path), key, f"the key {self.key}")
            told = _told(statement, stored)
        except SigningError as error:
            yield Finding(SIGNATURE, str(path), State.ALTERED, str(error))
            return
        except (LookupError, TypeError):
            yield Finding(SIGNATURE, str(path), State.UNKNOWN, OTHERWISE)
            return
        made = f"made with key {tag_of(key)}, {told['signedAt']} by the clock of who signed"
        if self.tsa_certificates is None and timestamp_path(path).exists():
            made += "; --tsa-certificate verifies its timestamp"
        yield Finding(SIGNATURE, str(path), State.UNCHANGED, made)
        if self.tsa_certificates is not None:
            yield timestamp_finding(path, self.tsa_certificates)
        yield from _journals(told["journals"], stored, journals)
        yield _rows(told, stored)
        yield _document(connection, told, stored)
        yield from _documents(told.get("documents", {}), path.parent)


def timestamp_finding(signature: Path, certificates: Path) -> Finding:
    """What is found of the timestamp of a signature."""
    path = timestamp_path(signature)
    try:
        when = verify_stamp(path.read_bytes(), signature.read_bytes(), certificates)
    except FileNotFoundError:
        return Finding(TIMESTAMP, str(path), State.UNKNOWN, "there is none")
    except OSError as error:
        detail = f"it cannot be read: {error.strerror or error}"
        return Finding(TIMESTAMP, str(path), State.UNKNOWN, detail)
    except SigningError as error:
        return Finding(TIMESTAMP, str(path), State.ALTERED, f"it does not hold: {error}")
    detail = f"the signature was there {when.isoformat()}"
    return Finding(TIMESTAMP, str(path), State.UNCHANGED, detail)


def _told(statement: Mapping[str, Any], stored: Stored) -> dict[str, Any]:
    """The predicate of a statement about an execution.

    Raises:
        SigningError: it is about something else.
        LookupError, TypeError: it has not all that we write.
    """
    kind = statement.get("predicateType")
    if statement.get("_type") != STATEMENT_TYPE or kind != PREDICATE_TYPE:
        raise SigningError(f"its statement is of another kind: {kind!r}")
    told: dict[str, Any] = statement["predicate"]
    if missing := PARTS - told.keys():
        raise KeyError(*sorted(missing))
    of = told["execution"]
    if (of["tag"], of["dataflow"]) != (stored.summary.tag, stored.summary.dataflow):
        raise SigningError(f"it is of execution {of['tag']} of {of['dataflow']}")
    return told


def _journals(
    told: list[dict[str, Any]], stored: Stored, journals: Mapping[str, Path]
) -> Iterator[Finding]:
    """Whether the heads of journals are those that were signed."""
    for each in told:
        name, sequence = f"journal {each['id']}", each["sequence"]
        if each["id"] not in journals:
            known = {head.sequence: head.digest for head in stored.heads.get(each["id"], ())}
            if known.get(sequence, each["head"]) != each["head"]:
                detail = f"the database has another head after record {sequence}"
                yield Finding(SIGNED, name, State.ALTERED, detail)
            else:
                yield Finding(SIGNED, name, State.UNKNOWN, "the journal is not on this machine")
            continue
        path = journals[each["id"]]
        yield Finding(SIGNED, f"journal {path.name}", *_of_chain(path, each))


def _of_chain(path: Path, told: Mapping[str, Any]) -> tuple[State, str]:
    sequence, found = told["sequence"], chain_head(path, told["sequence"])
    if found is None:
        return State.ALTERED, f"record {sequence}, which was signed, is not there"
    if found.head != told["head"]:
        return State.ALTERED, f"its records up to {sequence} are not those that were signed"
    if told["resumed"] is not None and found.resumed != told["resumed"]:
        return State.UNKNOWN, "records were left out since, as when executions are erased"
    return State.UNCHANGED, f"records 1 to {sequence} are those that were signed"


def _rows(told: Mapping[str, Any], stored: Stored) -> Finding:
    """Whether the rows are those that were signed."""
    if told["rows"]["form"] != FORM:
        detail = f"they were signed in form {told['rows']['form']}, and this version has {FORM}"
        return Finding(SIGNED, "rows", State.UNKNOWN, detail)
    signed, found = told["rows"]["parts"], row_digests(stored.record, stored.derived)
    different = [part for part in {**signed, **found} if signed.get(part) != found.get(part)]
    if not different:
        detail = f"all {len(found)} parts are those that were signed"
        return Finding(SIGNED, "rows", State.UNCHANGED, detail)
    first = different[0]
    if "files" in different and (detail := _of_files(told["files"], stored)):
        first = "files"
    elif first not in found:
        detail = f"{first} was signed, and is not stored"
    elif first not in signed:
        detail = f"{first} is stored, and was not signed"
    else:
        detail = f"what is stored of {first} is not what was signed"
    others = ", ".join(part for part in different if part != first)
    return Finding(
        SIGNED, "rows", State.ALTERED, detail + (f" (nor is {others})" if others else "")
    )


def _of_files(signed: Mapping[str, str], stored: Stored) -> str:
    """The first file that is not recorded as it was signed; empty if all contents are the same."""
    found = signed_files(stored.record.files)
    for name in {**signed, **found}:
        if signed.get(name) != found.get(name):
            was, is_ = (each.get(name, "nothing") for each in (signed, found))
            return f"of file {name}, SHA-256 {was} was signed, and {is_} is recorded"
    return ""


def _document(connection: Connection, told: Mapping[str, Any], stored: Stored) -> Finding:
    """Whether the PROV document is the one that was signed, if this version writes it so."""
    signed = told["provDocument"]
    if prov_digest(connection, stored, prov_options(signed)) == signed["sha256"]:
        detail = f"SHA-256 {signed['sha256']}, as it was signed"
        return Finding(SIGNED, "PROV document", State.UNCHANGED, detail)
    recorder = told["recorder"]
    if recorder == {"kerasProv": installed_version(), "prov": version("prov")}:
        detail = "it is not the one that was signed"
        return Finding(SIGNED, "PROV document", State.ALTERED, detail)
    detail = (
        f"it was written by keras-prov {recorder['kerasProv']} with prov {recorder['prov']}, and "
        "these versions may write another"
    )
    return Finding(SIGNED, "PROV document", State.UNKNOWN, detail)


def _documents(signed: Mapping[str, str], folder: Path) -> Iterator[Finding]:
    """Whether the documents that lie beside the signature are those that were signed."""
    for name, digest in signed.items():
        path = folder / name
        try:
            _, found = file_digest(path)
        except OSError as error:
            detail = f"it cannot be read beside the signature: {error.strerror or error}"
            yield Finding(SIGNED, f"document {name}", State.UNKNOWN, detail)
            continue
        if found == digest:
            yield Finding(SIGNED, f"document {name}", State.UNCHANGED, f"SHA-256 {digest}")
        else:
            detail = f"its SHA-256 is {found}, and {digest} was signed"
            yield Finding(SIGNED, f"document {name}", State.ALTERED, detail)
