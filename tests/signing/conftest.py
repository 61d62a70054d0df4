"""A recorded training whose model is saved, keys, and a server of timestamps."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import dfanalyzer_client
from dfanalyzer_client.signing import NewKey, new_key
from small_models import data, small_model

KEYS = ("LEARNING_RATE", "NUM_EPOCHS", "DATASET", "ENVIRONMENT")


@dataclass(frozen=True)
class Trained:
    """An execution: its tags, and the file of its model."""

    dataflow: str
    execution: str
    model: Path


def train(folder: Path, dataflow: str) -> Trained:
    """Train and save a small model, so that all of it is stored."""
    model = small_model()
    model.provenance(dataflow_tag=dataflow, hyps=dict.fromkeys(KEYS, True))
    model.fit(*data(), epochs=2, verbose=0)
    path = folder / "model.keras"
    model.save(path)
    execution: str = model.exec_tag
    dfanalyzer_client.shutdown()
    return Trained(dataflow, execution, path)


@pytest.fixture(scope="module")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """One training for all tests of a module, which leave it as it was."""
    return train(tmp_path_factory.mktemp("models"), f"signed-{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, NewKey]:
    """A key of each kind, and another one."""
    folder = tmp_path_factory.mktemp("keys")
    kinds = {"ecdsa": "ecdsa", "ed25519": "ed25519", "other": "ecdsa"}
    return {name: new_key(folder / f"{name}.pem", kind) for name, kind in kinds.items()}


@dataclass
class Authority:
    """A server of timestamps, and the certificates that vouch for it.

    Attributes:
        url: of the server.
        root: PEM file of the root that vouches for it.
        other: of a root that does not.
    """

    url: str
    root: Path
    other: Path


CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""

EXTENSIONS = "extendedKeyUsage = critical,timeStamping\nkeyUsage = critical,digitalSignature\n"


def openssl(*words: str, folder: Path) -> None:
    """Run OpenSSL in a folder."""
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def root(folder: Path, name: str) -> Path:
    """A root certificate."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", f"{name}.key", "-out", f"{name}.pem")
    subject = ("-subj", f"/CN={name}", "-days", "30")
    openssl("req", "-x509", *key, *files, *subject, folder=folder)
    return folder / f"{name}.pem"


def certified(folder: Path, name: str, by: str, extensions: str) -> Path:
    """A certificate that a root vouches for."""
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl(
        *("req", "-new", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr"),
        *("-subj", f"/CN={name}"),
        folder=folder,
    )
    (folder / f"{name}.ext").write_text(extensions)
    openssl(
        *("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem", "-CAkey", f"{by}.key"),
        *("-CAcreateserial", "-out", f"{name}.pem", "-days", "30", "-extfile", f"{name}.ext"),
        folder=folder,
    )
    return folder / f"{name}.pem"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """A server on this machine that answers with what ``openssl ts`` says."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    folder = tmp_path_factory.mktemp("tsa")
    roots = root(folder, "root"), root(folder, "other-root")
    certified(folder, "tsa", "root", EXTENSIONS)
    (folder / "serial").write_text("01")
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            (folder / "query.tsq").write_bytes(query)
            openssl(
                *("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq"),
                *("-out", "reply.tsr"),
                folder=folder,
            )
            answer = (folder / "reply.tsr").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Authority(f"http://127.0.0.1:{server.server_port}/tsr", *roots)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _no_password() -> Iterator[None]:
    """No password of a key is set from outside."""
    before = os.environ.pop("KERAS_PROV_KEY_PASSWORD", None)
    yield
    if before is not None:
        os.environ["KERAS_PROV_KEY_PASSWORD"] = before
