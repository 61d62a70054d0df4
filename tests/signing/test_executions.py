"""An execution that was signed cannot be altered unseen, by whomever."""

from __future__ import annotations

import base64
import gzip
import json
import uuid
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from google.protobuf.json_format import ParseDict
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as Proto

from conftest import Asker
from dfanalyzer_client.cli import main
from dfanalyzer_client.errors import SigningError
from dfanalyzer_client.executions.sites import site_of
from dfanalyzer_client.executions.summaries import find_execution
from dfanalyzer_client.export.prov import Options, export_execution
from dfanalyzer_client.journal import JournalReader
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.signing import NewKey, Signed, default_signature, sign, sign_with
from dfanalyzer_client.signing._envelope import sealed_envelope
from dfanalyzer_client.signing._keys import private_key
from dfanalyzer_client.signing._statement import PREDICATE_TYPE, STATEMENT_TYPE
from dfanalyzer_client.store import Connection
from dfanalyzer_client.support.digest import file_digest
from dfanalyzer_client.verification import (
    Finding,
    State,
    Stored,
    _verify,
    found_journals,
    row_digests,
    verify,
)
from dfanalyzer_client.verification._replay import replayed
from dfanalyzer_client.verification._rows import execution_with
from signing.conftest import Authority, Trained, train

Keys = dict[str, NewKey]


def command(*words: object) -> Result:
    """What `keras-prov` answers."""
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def signature(trained: Trained, keys: Keys, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training's signature."""
    path = tmp_path_factory.mktemp("signatures") / "training.json"
    return sign(trained.execution, keys["ecdsa"].private, output=path)


def findings(home: Path, execution: str, check: Signed) -> list[Finding]:
    """What is found of a signature alone."""
    with Connection(PrivateServer(home).ensure()) as connection:
        summary = find_execution(connection, execution)
        with connection.transaction():
            stored = Stored.read(connection, summary)
        return list(check(connection, stored, found_journals(home)))


def states(found: list[Finding]) -> dict[str, State]:
    """The states by what was checked."""
    return {f"{each.what} {each.name.partition(' ')[0]}": each.state for each in found}


def test_what_was_signed_is_verified(
    home: Path, trained: Trained, keys: Keys, tmp_path: Path
) -> None:
    """The command signs the newest execution and verifies it: signature, chain, rows, document."""
    signed = command("sign", trained.execution, "--key", keys["ecdsa"].private)
    assert signed.exit_code == 0, signed.output
    with Connection(PrivateServer(home).ensure()) as connection:
        path = default_signature(home, find_execution(connection, trained.execution))
    assert path.is_file()
    found = command("verify", trained.execution, "--key", keys["ecdsa"].public)
    assert found.exit_code == 0, found.output
    assert f"made with key {keys['ecdsa'].id}" in found.output
    for what in ("signed journal", "signed rows", "signed PROV document"):
        assert f"  unchanged  {what}" in found.output
    assert "is as it was captured." in found.output
    path.unlink()
    missing = command("verify", trained.execution, "--key", keys["ecdsa"].public)
    assert (missing.exit_code, "there is none" in missing.output) == (3, True)


@pytest.mark.parametrize("kind", ["ecdsa", "ed25519"])
def test_the_envelope_is_that_of_the_standards(
    trained: Trained, keys: Keys, kind: str, tmp_path: Path
) -> None:
    """Others read it: in-toto's classes the statement, and DSSE's encoding is what is signed."""
    path = sign(trained.execution, keys[kind].private, output=tmp_path / "s.json")
    envelope = json.loads(path.read_text())
    payload = base64.b64decode(envelope["payload"])
    statement = json.loads(payload)
    proto: Any = ParseDict(statement, Proto())
    Statement.copy_from_pb(proto).validate()
    subjects = {each["name"]: each["digest"] for each in statement["subject"]}
    assert subjects["model.keras"] == {"sha256": file_digest(trained.model)[1]}
    assert {"rows", "prov.json"} <= subjects.keys()
    assert any(name.startswith("journal ") for name in subjects)
    kind_, (told,) = envelope["payloadType"].encode(), envelope["signatures"]
    encoded = b"DSSEv1 %d %b %d %b" % (len(kind_), kind_, len(payload), payload)
    public = load_pem_public_key(keys[kind].public.read_bytes())
    made = base64.b64decode(told["sig"])
    if isinstance(public, Ed25519PublicKey):
        public.verify(made, encoded)
    else:
        assert isinstance(public, EllipticCurvePublicKey)
        public.verify(made, encoded, ECDSA(SHA256()))
    assert told["keyid"] == keys[kind].id


def test_a_wrong_key_is_said(home: Path, trained: Trained, keys: Keys, signature: Path) -> None:
    """A signature of another key proves nothing, and the line names both."""
    found = command(
        *("verify", trained.execution, "--key", keys["other"].public, "--signature", signature)
    )
    assert found.exit_code == 1
    assert "altered    signature" in found.output
    assert f"whose id is {keys['other'].id}, but with key {keys['ecdsa'].id}" in found.output
    assert "does NOT hold" in found.output


def _swap(envelope: dict[str, Any]) -> None:
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"]["rows"]["parts"]["tasks"] = "0" * 64
    envelope["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()


def _resign(envelope: dict[str, Any]) -> None:
    envelope["signatures"][0]["sig"] = base64.b64encode(b"0" * 70).decode()


def _drop(envelope: dict[str, Any]) -> None:
    envelope["signatures"] = []


def _break(envelope: dict[str, Any]) -> None:
    del envelope["payload"]


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (_swap, "it was altered since it was made"),
        (_resign, "it was altered since it was made"),
        (_drop, "but with key none"),
        (_break, "it is no DSSE envelope"),
    ],
)
def test_an_altered_envelope_is_found(
    home: Path,
    trained: Trained,
    keys: Keys,
    signature: Path,
    tmp_path: Path,
    alter: Callable[[dict[str, Any]], None],
    said: str,
) -> None:
    """What is signed, and the signature, cannot be changed; nothing else is said then."""
    envelope = json.loads(signature.read_text())
    alter(envelope)
    path = tmp_path / "altered.json"
    path.write_text(json.dumps(envelope))
    (found,) = findings(home, trained.execution, Signed(keys["ecdsa"].public, path))
    assert (found.what, found.state) == ("signature", State.ALTERED)
    assert said in found.detail


def test_a_signature_of_another_execution_is_found(
    home: Path, trained: Trained, keys: Keys, signature: Path, tmp_path: Path
) -> None:
    """A good signature proves nothing of an execution that it does not name."""
    other = train(tmp_path, trained.dataflow)
    (found,) = findings(home, other.execution, Signed(keys["ecdsa"].public, signature))
    assert found.state is State.ALTERED
    assert f"it is of execution {trained.execution}" in found.detail


ROWS = {
    "a metric": (
        'UPDATE "{tag}".ds_otrainingmodel SET loss = 0 - loss WHERE epoch_id = 1',
        "what is stored of set otrainingmodel is not what was signed",
    ),
    "a hyperparameter": (
        'UPDATE "{tag}".ds_itrainingmodel SET learning_rate = 0 - learning_rate',
        "what is stored of set itrainingmodel is not what was signed",
    ),
}


@pytest.mark.parametrize("what", ROWS)
def test_an_altered_row_is_found_without_its_journal(
    home: Path, trained: Trained, keys: Keys, signature: Path, what: str
) -> None:
    """Rows are known by their digests, wherever the journals are, and the set is named."""
    statement, said = ROWS[what]
    check = Signed(keys["ecdsa"].public, signature)
    before = findings(home, trained.execution, check)
    assert {each.state for each in before} == {State.UNCHANGED}
    with Connection(PrivateServer(home).ensure()) as connection:
        with connection.transaction():
            assert connection.execute(statement.format(tag=trained.dataflow))
        try:
            found = findings(home, trained.execution, check)
        finally:
            with connection.transaction():
                connection.execute(statement.format(tag=trained.dataflow))
    (rows,) = (each for each in found if each.name == "rows")
    assert rows.state is State.ALTERED
    assert said in rows.detail
    assert states(found)["signed PROV"] is State.ALTERED
    assert states(found)["signed journal"] is State.UNCHANGED


def _journal(home: Path, execution: str) -> Path:
    for path in found_journals(home).values():
        if execution.encode() in _content(path):
            return path
    raise AssertionError(execution)


def _content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _rewrite(path: Path, old: str, new: str) -> None:
    """Change a text in a journal, with all checksums right."""
    lines = []
    for line in _content(path).splitlines():
        number, _, message = line.split(b" ", 2)
        body = message.replace(old.encode(), new.encode())
        lines.append(b"%b %08x %b\n" % (number, zlib.crc32(number + b" " + body), body))
    whole = b"".join(lines)
    path.write_bytes(gzip.compress(whole) if path.suffix == ".gz" else whole)


def _seal(connection: Connection, path: Path) -> None:
    """Make the heads in the database those of the journal."""
    reader = JournalReader(path)
    journal = ""
    for record in reader:
        journal = journal or str(record.message["journal"])
        connection.execute(
            'UPDATE "public".journal_head SET digest = %s WHERE "journal" = %s AND "sequence" = %s',
            [record.head.hex(), journal, record.sequence],
        )


def test_who_alters_everything_alike_is_found_by_the_signature_alone(
    home: Path, tag: str, keys: Keys, tmp_path: Path, ask: Asker
) -> None:
    """Journal, heads, rows and file that agree are unchanged without a key, altered with it."""
    trained = train(tmp_path, tag)
    signature = sign(trained.execution, keys["ecdsa"].private, output=tmp_path / "s.json")
    check = Signed(keys["ecdsa"].public, signature)
    assert verify(trained.execution, check=check).state is State.UNCHANGED

    (was, *_), *_ = ask.set(tag, "idataset", "hash")
    false_hash = "sha256:" + "0" * 64
    _, sha256 = file_digest(trained.model)
    content = bytearray(trained.model.read_bytes())
    content[len(content) // 2] ^= 1
    trained.model.write_bytes(bytes(content))
    _, false_sha256 = file_digest(trained.model)
    path = _journal(home, trained.execution)
    for old, new in ((was, false_hash), (sha256, false_sha256)):
        _rewrite(path, old, new)
    with Connection(PrivateServer(home).ensure()) as connection, connection.transaction():
        _seal(connection, path)
        for statement, values in (
            (f'UPDATE "{tag}".ds_idataset SET hash = %s WHERE hash = %s', [false_hash, was]),
            (f'UPDATE "{tag}".ds_omodelfile SET sha256 = %s', [false_sha256]),
            ('UPDATE "public".file SET sha256 = %s WHERE sha256 = %s', [false_sha256, sha256]),
        ):
            assert connection.execute(statement, values)

    assert verify(trained.execution).state is State.UNCHANGED
    found = verify(trained.execution, check=check)
    assert found.state is State.ALTERED
    by_name = {
        each.name.partition(" ")[0]: each for each in found.findings if each.what == "signed"
    }
    assert {each.state for each in by_name.values()} == {State.ALTERED}
    assert f"of file model.keras, SHA-256 {sha256} was signed" in by_name["rows"].detail
    assert "set idataset" in by_name["rows"].detail
    assert "are not those that were signed" in by_name["journal"].detail


def test_a_chain_that_leaves_records_out_proves_nothing(
    home: Path, tag: str, keys: Keys, tmp_path: Path
) -> None:
    """Who hides a change behind a record that stands for erased ones is not believed."""
    trained = train(tmp_path, tag)
    signature = sign(trained.execution, keys["ecdsa"].private, output=tmp_path / "s.json")
    path = _journal(home, trained.execution)
    heads = {record.sequence: record.head.hex() for record in JournalReader(path)}
    lines = _content(path).splitlines(keepends=True)
    number = int(lines[-2].split(b" ", 1)[0])
    body = json.dumps({"kind": "refused", "chainHead": heads[number]}).encode()
    checked = b"%d %b" % (number, body)
    lines[-2] = b"%d %08x %b\n" % (number, zlib.crc32(checked), body)
    whole = b"".join(lines)
    path.write_bytes(gzip.compress(whole) if path.suffix == ".gz" else whole)
    found = findings(home, trained.execution, Signed(keys["ecdsa"].public, signature))
    assert states(found)["signed journal"] is State.UNKNOWN
    assert states(found)["signed rows"] is State.UNCHANGED


@pytest.mark.thorough
def test_a_rebuilt_database_has_what_was_signed(home: Path, trained: Trained) -> None:
    """Rows and document have the same digests wherever the messages are stored, the document with
    the site's name that it had when it was signed."""
    path = _journal(home, trained.execution)
    records = [record._replace(head=b"") for record in JournalReader(path) if record.sequence]

    def digests(connection: Connection) -> tuple[dict[str, str], bytes]:
        summary = find_execution(connection, trained.execution)
        with connection.transaction():
            rows = row_digests(*execution_with(connection, summary))
        return rows, export_execution(connection, summary, "json", Options(site=site))

    with replayed(records) as other, Connection(PrivateServer(home).ensure()) as connection:
        site = site_of(connection)
        assert site_of(other) != site
        assert digests(other) == digests(connection)


def test_what_still_runs_is_not_signed(home: Path, trained: Trained, keys: Keys) -> None:
    """More would come, and would not be signed."""
    with Connection(PrivateServer(home).ensure()) as connection:
        summary = replace(find_execution(connection, trained.execution), status="RUNNING")
        with pytest.raises(SigningError, match="still runs"):
            sign_with(connection, summary, keys["ecdsa"].private)


def test_what_is_no_signature_is_said(
    home: Path, trained: Trained, keys: Keys, tmp_path: Path
) -> None:
    """A file that is missing where it was named is an error; another file is no signature."""
    path = tmp_path / "s.json"
    with pytest.raises(SigningError, match="There is no signature"):
        findings(home, trained.execution, Signed(keys["ecdsa"].public, path))
    path.write_text("[]")
    (found,) = findings(home, trained.execution, Signed(keys["ecdsa"].public, path))
    assert (found.state, found.detail) == (
        State.ALTERED,
        "it is no signature: `keras-prov sign` writes one",
    )


def test_a_statement_that_is_otherwise_is_said(
    home: Path, trained: Trained, keys: Keys, tmp_path: Path
) -> None:
    """Who has the key can sign anything: a statement that is not ours proves nothing."""
    path, key = tmp_path / "s.json", private_key(keys["ecdsa"].private)
    statement = {"_type": STATEMENT_TYPE, "predicateType": PREDICATE_TYPE}
    for rest, state, said in (
        ({"predicate": {"execution": {}}}, State.UNKNOWN, "is not as `keras-prov sign` writes it"),
        ({}, State.UNKNOWN, "is not as `keras-prov sign` writes it"),
        ({"predicateType": "https://slsa.dev/provenance/v1"}, State.ALTERED, "of another kind"),
    ):
        path.write_bytes(sealed_envelope({**statement, **rest}, key))
        (found,) = findings(home, trained.execution, Signed(keys["ecdsa"].public, path))
        assert (found.state, said in found.detail) == (state, True), found


def test_documents_are_signed_with_it(
    home: Path, trained: Trained, keys: Keys, tmp_path: Path
) -> None:
    """A crate or a model card beside the signature is verified with it."""
    card = tmp_path / "card.md"
    card.write_text("A model.")
    path = sign(
        trained.execution, keys["ecdsa"].private, output=tmp_path / "s.json", documents=[card]
    )
    check = Signed(keys["ecdsa"].public, path)
    assert states(findings(home, trained.execution, check))["signed document"] is State.UNCHANGED
    card.write_text("Another model.")
    assert states(findings(home, trained.execution, check))["signed document"] is State.ALTERED
    card.unlink()
    assert states(findings(home, trained.execution, check))["signed document"] is State.UNKNOWN


def test_a_timestamp_says_when(
    home: Path, trained: Trained, keys: Keys, tmp_path: Path, authority: Authority
) -> None:
    """A server's timestamp holds for its root's certificate, and for no other signature or root."""
    path = tmp_path / "s.json"
    words = ("sign", trained.execution, "--key", keys["ecdsa"].private, "-o", path)
    signed = command(*words, "--timestamp", authority.url)
    assert signed.exit_code == 0, signed.output
    assert "s.json.tsr" in signed.output
    public = keys["ecdsa"].public
    found = findings(home, trained.execution, Signed(public, path, authority.root))
    assert states(found)[f"timestamp {path}.tsr"] is State.UNCHANGED
    other = findings(home, trained.execution, Signed(public, path, authority.other))
    assert states(other)[f"timestamp {path}.tsr"] is State.ALTERED
    path.write_text(path.read_text() + "\n")
    later = findings(home, trained.execution, Signed(public, path, authority.root))
    assert states(later)[f"timestamp {path}.tsr"] is State.ALTERED
    assert states(later)[f"signature {path}"] is State.UNCHANGED
    again = command(*words)
    assert again.exit_code == 0
    assert not Path(f"{path}.tsr").exists()
    without = findings(home, trained.execution, Signed(public, path, authority.root))
    assert states(without)[f"timestamp {path}.tsr"] is State.UNKNOWN


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:9/tsr", "cannot be reached"),
        ("ftp://tsa.example.org", "has a URL such as"),
        ("https://me:secret@tsa.example.org", "may have no login"),
    ],
)
def test_a_server_that_does_not_answer_leaves_nothing(
    trained: Trained, keys: Keys, tmp_path: Path, url: str, said: str
) -> None:
    """Without its timestamp, a signature is not written; a password is not shown."""
    path = tmp_path / "s.json"
    words = ("sign", trained.execution, "--key", keys["ecdsa"].private, "-o", path)
    signed = command(*words, "--timestamp", url)
    assert signed.exit_code == 1
    assert said in signed.output
    assert "secret" not in signed.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.thorough
def test_a_journals_executions_are_verified_together(
    home: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is verified with its own signature; erasing one leaves the other's rows proven."""
    first = _several(f"several-{uuid.uuid4().hex[:8]}")
    for execution in first:
        sign(execution, keys["ecdsa"].private)
    path, servers = _journal(home, first[0]), []
    monkeypatch.setattr(_verify, "replayed", lambda given: servers.append(1) or replayed(given))
    found = command("verify", path, "--key", keys["ecdsa"].public, "--json")
    assert found.exit_code == 0, found.output
    assert [each["execution"] for each in json.loads(found.output)] == first
    assert servers == [1]
    signatures = set((home / "signatures").iterdir())
    assert command("forget", first[0], "--yes").exit_code == 0
    (erased,) = signatures - set((home / "signatures").iterdir())
    assert erased.name.startswith("several-")
    left = findings(home, first[1], Signed(keys["ecdsa"].public))
    assert states(left)["signed rows"] is State.UNCHANGED
    assert states(left)["signed journal"] is State.UNKNOWN


def _several(dataflow: str) -> list[str]:
    """Two executions of one process, in one journal."""
    import dfanalyzer_client
    from small_models import data, small_model

    tags = []
    for rate in (0.1, 0.2):
        model = small_model()
        model.optimizer.learning_rate = rate
        model.provenance(dataflow_tag=dataflow, hyps={"LEARNING_RATE": True})
        model.fit(*data(), epochs=1, verbose=0)
        tags.append(model.exec_tag)
    dfanalyzer_client.shutdown()
    return tags
