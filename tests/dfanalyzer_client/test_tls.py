"""`monetdbs://`: over a proxy that ends TLS, for the server here has none."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.errors import StoreLoginError, StoreUnavailableError
from dfanalyzer_client.journal import Record
from dfanalyzer_client.private_server import READER, PrivateServer
from dfanalyzer_client.store import Connection, MonetDBStore

NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this machine's own, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("making a certificate takes openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, file = folder / "key.pem", folder / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    where = ["-subj", "/CN=localhost", "-addext", NAMES, "-keyout", str(key), "-out", str(file)]
    subprocess.run([*made, *where], check=True, capture_output=True)
    return file


class Proxy:
    """Ends TLS, and passes on what was in it, as stunnel and HAProxy do."""

    def __init__(self, certificate: Path, port: int) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, certificate.with_name("key.pem"))
        self._port, self._listening = port, socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                accepted, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(accepted,), daemon=True).start()

    def _pass_on(self, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError):  # a client that does not trust the certificate
            inside = self._context.wrap_socket(accepted, server_side=True)
            server = socket.create_connection(("127.0.0.1", self._port))
            threading.Thread(target=_pump, args=(server, inside), daemon=True).start()
            _pump(inside, server)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    for each in (source, target):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def secured(home: Path, certificate: Path) -> Iterator[StoreURL]:
    """The worker's server behind the proxy, as its administrator reaches it."""
    url = PrivateServer(home).ensure()
    proxy = Proxy(certificate, url.port)
    yield dataclasses.replace(
        url, host="localhost", port=proxy.port, scheme="monetdbs", options=f"cert={certificate}"
    )
    proxy.close()


def test_a_batch_goes_through_tls(secured: StoreURL, tag: str) -> None:
    """Definitions and many rows, by COPY, and back."""
    columns = [{"name": "n", "type": "NUMERIC"}, {"name": "t", "type": "TEXT"}]
    sets = [{"tag": "out", "type": "OUTPUT", "attributes": columns}]
    flow = {"kind": "dataflow", "tag": tag, "transformations": [{"tag": "step", "sets": sets}]}
    rows = [[number, "é" * 100] for number in range(3000)]
    task = {
        "kind": "task",
        "dataflow": tag,
        "exec": f"{tag}-1",
        "transformation": "step",
        "id": "1",
        "status": "FINISHED",
        "sets": [{"tag": "out", "attributes": ["n", "t"], "elements": rows}],
    }
    store = MonetDBStore(lambda: secured, readers=(READER,))
    store.write(tag, [Record(1, {**flow, "exec": f"{tag}-1"}), Record(2, task)])
    store.close()
    with Connection(secured) as connection:
        found = connection.query(f'SELECT n, t FROM "{tag}".out ORDER BY id')
    assert found == [tuple(row) for row in rows]


def test_only_a_trusted_certificate_is_accepted(secured: StoreURL, certificate: Path) -> None:
    """By its file or its hash; without either, the system's authorities decide, who know none."""
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    digest = hashlib.sha256(der).hexdigest()
    with Connection(dataclasses.replace(secured, options=f"certhash=sha256:{digest}")) as ours:
        assert ours.query("SELECT current_user") == [("monetdb",)]
    for options in ("", f"certhash=sha256:{digest[::-1]}"):
        with pytest.raises(StoreUnavailableError, match="certificate"):
            Connection(dataclasses.replace(secured, options=options))
    with pytest.raises(StoreUnavailableError, match="certificate"):  # it has another name
        Connection(dataclasses.replace(secured, host="localhost.localdomain"))
    with pytest.raises(StoreLoginError, match="refused the login"):
        Connection(dataclasses.replace(secured, password="wrong"))


def test_a_server_that_says_nothing_is_not_waited_for(secured: StoreURL) -> None:
    """There is a time limit, also before TLS has begun."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreUnavailableError, match="No MonetDB answers"):
            Connection(dataclasses.replace(secured, port=port, options="connect_timeout=1"))
