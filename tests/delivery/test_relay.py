"""A relay: many journals through one connection to MonetDB; nothing lost, nothing doubled."""

from __future__ import annotations

import json
import logging
import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.cluster import Outcome, Relay, measure
from delivery.speaker import NEVER, Speaker, command, rows_of, stored
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import (
    NotYetError,
    RefusedError,
    StoreError,
    StoreLoginError,
    StoreUnavailableError,
)
from dfanalyzer_client.journal import JournalReader, Record, journals
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.relay._writer import BusyError, Stored, Writer
from dfanalyzer_client.store import RelayedStore, open_store, reader_connection

TOKEN = "0123456789abcdef0123"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of the server that the relays write to; it stands for one of one's own."""
    folder = tmp_path_factory.mktemp("server")
    yield folder
    PrivateServer(folder).stop()


@pytest.fixture(scope="module")
def relay(folder: Path) -> Iterator[Relay]:
    """A relay for it."""
    relay = Relay(PrivateServer(folder).ensure().reveal(), folder / "relay")
    yield relay
    relay.close()


def test_writers_a_relay_and_a_server_that_are_killed() -> None:
    """Of 20 writers two are killed, and the relay and the server once: each row is stored once."""
    outcome = measure(20, 6, 6.0)
    assert outcome == Outcome(20 * 6 - 2 * 3, outcome.seconds, 4, lost=0, doubled=0, wrong_ends=0)


@pytest.mark.thorough
def test_what_a_killed_process_left_goes_through_the_relay(
    own: Path, relay: Relay, folder: Path, tag: str
) -> None:
    """`sync` stores it while the relay is there; while it is away, the journal keeps it.

    A relay can be replaced by its database, and the other way round.
    """
    speaker = Speaker(own, tag, 1, 9, "wait", KERAS_PROV_STORE=relay.url, **NEVER)
    speaker.go(4)
    last = speaker.kill()
    relay.kill()
    asked = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "sync"],
        env={**os.environ, "KERAS_PROV_HOME": str(own), "KERAS_PROV_STORE": relay.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "does not answer" in asked.stderr
    assert len(journals(own / "journals")) == 1
    relay.start()
    command(own, "sync", KERAS_PROV_STORE=relay.url)
    command(own, "sync", "--again", KERAS_PROV_STORE=relay.url)
    direct = PrivateServer(folder).ensure().reveal()
    command(own, "sync", "--again", "--moved-from", relay.url, "--store", direct)
    moved_back = ("--moved-from", str(StoreURL.parse(direct).without_password()))
    command(own, "sync", "--again", *moved_back, "--store", relay.url)
    assert stored(folder, tag) == rows_of(range(1, last + 1))
    assert journals(own / "journals") == []
    direct = PrivateServer(folder).ensure().reveal()
    assert "is as it was captured" in command(own, "verify", "last", KERAS_PROV_STORE=direct)


@pytest.mark.thorough
def test_what_was_erased_does_not_come_back_through_a_relay(
    own: Path, tmp_path: Path, relay: Relay, folder: Path, tag: str
) -> None:
    """Its messages are left out and counted, and go from the sender's journal as well."""
    Speaker(own, tag, 1, 3, KERAS_PROV_STORE=relay.url).end()
    command(own, "sync", KERAS_PROV_STORE=relay.url)
    direct = PrivateServer(folder).ensure().reveal()
    command(tmp_path / "other", "forget", "--dataflow", tag, "--yes", KERAS_PROV_STORE=direct)
    (journal,) = journals(own / "journals", done=True)
    records = [record for record in JournalReader(journal) if record.message.get("exec")]
    assert records
    store = RelayedStore(StoreURL.parse(relay.url))
    store.write(tag, records)
    assert store.left_out == len(records)
    store.close()
    command(own, "sync", "--again", KERAS_PROV_STORE=relay.url)
    assert stored(folder, tag) == []
    assert [record for record in JournalReader(journal) if record.message.get("exec")] == []


def test_a_refused_message_is_set_aside_by_its_sender(relay: Relay, tag: str) -> None:
    """What the database refuses is said so; the others of the batch can be stored after it."""
    store = RelayedStore(StoreURL.parse(relay.url))
    task = {"kind": "task", "dataflow": tag, "exec": "e", "transformation": "step", "id": "1"}
    with pytest.raises(NotYetError, match="declared"):
        store.write("a", [Record(1, {**task, "status": "RUNNING", "sets": []})])
    with pytest.raises(RefusedError, match="newer keras-prov"):
        store.write("a", [Record(1, {"kind": "riddle"})])
    store.write("a", [Record(2, {"kind": "refused"})])
    assert store.position("a") == 2
    store.forget_position("a")
    assert store.position("a") == 2
    assert store.position("b") == -1
    store.prune_marks("a")
    assert len(store.erasures) == 0
    store.close()


def test_a_token_keeps_others_out(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it a relay takes nothing; neither the URL nor an error shows it."""
    monkeypatch.setenv("KERAS_PROV_TOKEN", TOKEN)
    relay = Relay(PrivateServer(folder).ensure().reveal(), tmp_path)
    try:
        url = StoreURL.parse(relay.url)
        store = RelayedStore(url)
        assert store.position("never") == -1
        monkeypatch.setenv("KERAS_PROV_TOKEN", TOKEN[::-1])
        with pytest.raises(StoreLoginError) as refused:
            store.position("b")
        assert TOKEN[::-1] not in f"{refused.value} {url!r} {vars(store)}"
        store.close()
    finally:
        relay.close()


def test_a_relay_answers_no_queries(own: Path) -> None:
    """What reads says so, and names the cure."""
    url = StoreURL.parse("relay+http://127.0.0.1:9")
    with pytest.raises(StoreError, match="KERAS_PROV_STORE"):
        reader_connection(url, own)
    with pytest.raises(StoreError, match="KERAS_PROV_STORE"):
        open_store(url, own)


def test_the_private_server_takes_no_relay(own: Path) -> None:
    """It is rebuilt from the journals of its machine, and those of others are not there."""
    done = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "relay", "--port", "0"],
        env={**os.environ, "KERAS_PROV_HOME": str(own)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs a MonetDB server" in done.stderr


def test_a_busy_relay_asks_for_a_pause(caplog: pytest.LogCaptureFixture) -> None:
    """Its sender does not ask again before that, and keeps its messages."""
    asked = []

    class Busy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(429)
            self.send_header("Retry-After", "30")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = RelayedStore(StoreURL.parse(f"relay+http://127.0.0.1:{server.server_port}"))
        for _ in range(2):
            with pytest.raises(StoreUnavailableError):
                store.position("a")
        assert len(asked) == 1
        with (
            pytest.raises(StoreError, match="answers no queries"),
            caplog.at_level(logging.WARNING),
        ):
            store.read(lambda connection: connection)
        assert "cannot be steered" in caplog.text
        store.close()
        server.shutdown()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_relay_behind_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its certificate is checked."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    names = ["-subj", "/CN=relay", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "14")
            self.end_headers()
            self.wfile.write(b'{"position":3}')

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = RelayedStore(StoreURL.parse(f"relay+https://127.0.0.1:{server.server_port}"))
        with pytest.raises(StoreUnavailableError, match="certificate"):
            store.position("a")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert store.position("a") == 3
        store.close()
        server.shutdown()


class FullStore:
    """A store whose writes wait for a word."""

    def __init__(self) -> None:
        self.may_go, self.written = threading.Event(), list[list[str]]()
        self.erasures, self._positions = self, dict[str, int]()

    def names(self, _: object) -> bool:
        return False

    def look_up_positions(self, _: object) -> None:
        self.may_go.wait(60)

    def position(self, journal: str) -> int:
        return self._positions.get(journal, -1)

    def write_all(self, batches: dict[str, list[Record]]) -> None:
        if any(record.message.get("bad") for each in batches.values() for record in each):
            raise RefusedError("bad")
        self.written.append(sorted(batches))
        self._positions |= {journal: each[-1].sequence for journal, each in batches.items()}

    def apply_pending(self) -> None:
        return None

    def close(self) -> None:
        pass


def test_what_waits_is_bounded_and_written_together() -> None:
    """Beyond the bound senders are refused; what waits goes into one transaction, one by one if
    a message in it is refused."""
    from dfanalyzer_client.journal import line_of

    store = FullStore()
    writer = Writer(store, queued_bytes=100)  # type: ignore[arg-type]
    writer.start()
    writer.reserve(60)
    with pytest.raises(BusyError):
        writer.reserve(60)
    writer.release(60)
    writer.reserve(60)
    line = line_of(1, json.dumps({"kind": "refused"}))
    first = writer.write("a", line)
    others = [writer.write(name, line) for name in "bcb"]
    bad = writer.write("d", line_of(1, json.dumps({"bad": True})))
    damaged = writer.write("e", line[:-3])
    store.may_go.set()
    assert first.result(60) == Stored(1)
    assert [each.result(60) for each in others] == [Stored(1)] * 3
    with pytest.raises(RefusedError):
        bad.result(60)
    with pytest.raises(ValueError, match="damaged"):
        damaged.result(60)
    writer.stop()
    assert store.written[0] == ["a"] or store.written[0] == ["a", "b", "c"]
    assert sum(names.count("b") for names in store.written) == 2


def test_requests_that_no_exporter_sends(relay: Relay) -> None:
    """They are refused with a reason, and the relay goes on."""
    connection = HTTPConnection(relay.url.removeprefix("relay+http://"), timeout=60)
    for method, path, headers, status in (
        ("GET", "/position", {}, 400),
        ("POST", "/records?journal=a", {"Content-Length": str(1 << 40)}, 413),
        ("GET", "/position?journal=a", {"Host": "evil.example"}, 403),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/position?journal=a", {}, 200),
    ):
        connection.request(method, path, headers=headers)
        assert connection.getresponse().status == status, path
        connection.close()


def test_a_forked_child_closes_the_connection(relay: Relay) -> None:
    """It closes its copy only: the parent goes on with the same connection."""
    store = RelayedStore(StoreURL.parse(relay.url))
    store.position("a")
    connection = store._connection
    assert connection is not None
    child = os.fork()
    if child == 0:
        os._exit(0 if store._connection is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.position("c") == -1
    assert store._connection is connection
    store.close()
