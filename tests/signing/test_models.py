"""Model files signed by us are accepted by model-signing's own command, and the other way round."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dfanalyzer_client.cli import main
from dfanalyzer_client.signing import NewKey, model_signature, sign_model
from signing.conftest import Authority, certified, root

Keys = dict[str, NewKey]


def command(*words: object) -> Result:
    """What `keras-prov` answers."""
    return CliRunner().invoke(main, [str(word) for word in words])


def model_signing(*words: object) -> subprocess.CompletedProcess[str]:
    """What model-signing's own command answers."""
    return subprocess.run(
        [sys.executable, "-m", "model_signing", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file that stands for a model: only its bytes are looked at."""
    path = tmp_path / "model.keras"
    path.write_bytes(b"weights" * 1000)
    return path


def test_a_signed_model_is_verified_by_both(model: Path, keys: Keys) -> None:
    """`keras-prov sign` writes FILE.sig, which both commands verify; a changed model neither."""
    signed = command("sign", model, "--key", keys["ecdsa"].private)
    assert signed.exit_code == 0, signed.output
    signature = model_signature(model)
    assert signature.is_file()
    found = command("verify", model, "--key", keys["ecdsa"].public)
    assert found.exit_code == 0, found.output
    assert f"made with key {keys['ecdsa'].id}, over this file" in found.output
    words = ("verify", "key", model, "--signature", signature)
    theirs = model_signing(*words, "--public_key", keys["ecdsa"].public)
    assert theirs.returncode == 0, theirs.stdout + theirs.stderr

    model.write_bytes(model.read_bytes() + b"!")
    altered = command("verify", model, "--key", keys["ecdsa"].public, "--json")
    assert altered.exit_code == 1
    ((found_,),) = ([each["findings"][0]] for each in json.loads(altered.output))
    assert found_["detail"] == "its content is not what was signed"


def test_what_model_signing_wrote_is_verified(model: Path, keys: Keys, tmp_path: Path) -> None:
    """A signature of its own command is verified by ours."""
    signature = tmp_path / "theirs.sig"
    words = ("sign", "key", model, "--signature", signature)
    theirs = model_signing(*words, "--private_key", keys["ecdsa"].private)
    assert theirs.returncode == 0, theirs.stderr
    found = command("verify", model, "--key", keys["ecdsa"].public, "--signature", signature)
    assert found.exit_code == 0, found.output


def test_a_wrong_key_and_an_altered_signature_are_said(model: Path, keys: Keys) -> None:
    """Each is one line and exit code 1."""
    signature = sign_model(model, keys["ecdsa"].private)
    wrong = command("verify", model, "--key", keys["other"].public)
    assert wrong.exit_code == 1
    assert f"it was not made with the key {keys['other'].public}" in wrong.output
    bundle = json.loads(signature.read_text())
    told = bundle["dsseEnvelope"]["signatures"][0]
    told["sig"] = told["sig"][:-8] + ("AAAAAAA=" if told["sig"].endswith("=") else "AAAAAAAA")
    signature.write_text(json.dumps(bundle))
    altered = command("verify", model, "--key", keys["ecdsa"].public)
    assert altered.exit_code == 1
    assert "it was altered since it was made" in altered.output


def test_a_folder_is_signed_as_a_whole(tmp_path: Path, keys: Keys) -> None:
    """A SavedModel's folder: a file that is added is named."""
    folder = tmp_path / "saved"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    signature = sign_model(folder, keys["ecdsa"].private)
    assert signature == tmp_path / "saved.sig"
    assert command("verify", folder, "--key", keys["ecdsa"].public).exit_code == 0
    (folder / "added").write_bytes(b"!")
    found = command("verify", folder, "--key", keys["ecdsa"].public)
    assert found.exit_code == 1
    assert "file added was added since it was signed" in found.output
    (folder / "added").unlink()
    (folder / "saved_model.pb").write_bytes(b"another graph")
    found = command("verify", folder, "--key", keys["ecdsa"].public)
    assert "file saved_model.pb in it is not what was signed" in found.output
    (folder / "saved_model.pb").unlink()
    found = command("verify", folder, "--key", keys["ecdsa"].public)
    assert "file saved_model.pb, which was signed, is missing" in found.output
    within = command("sign", folder, "--key", keys["ecdsa"].private, "-o", folder / "x.sig")
    assert (within.exit_code, "is within the model" in within.output) == (1, True)


def test_a_model_is_not_signed_with_ed25519(model: Path, keys: Keys) -> None:
    """OpenSSF model-signing has no such keys, and the line says what to do."""
    signed = command("sign", model, "--key", keys["ed25519"].private)
    assert signed.exit_code == 1
    assert "is an Ed25519 key, and model files are signed with ECDSA keys" in signed.output
    assert not model_signature(model).exists()


def test_a_certificate_vouches_for_a_model(model: Path, tmp_path: Path) -> None:
    """Who trusts a root trusts what its certificates have signed, and no other root's."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here")
    roots = root(tmp_path, "root"), root(tmp_path, "other-root")
    extensions = "keyUsage = critical,digitalSignature\nextendedKeyUsage = codeSigning\n"
    certificate = certified(tmp_path, "lab", "root", extensions)
    words = ("sign", model, "--key", tmp_path / "lab.key", "--certificate", certificate)
    signed = command(*words)
    assert signed.exit_code == 0, signed.output
    found = command("verify", model, "--certificate", roots[0])
    assert found.exit_code == 0, found.output
    theirs = model_signing(
        *("verify", "certificate", model, "--signature", model_signature(model)),
        *("--certificate_chain", roots[0]),
    )
    assert theirs.returncode == 0, theirs.stdout + theirs.stderr
    other = command("verify", model, "--certificate", roots[1])
    assert other.exit_code == 1
    assert "is not vouched for" in other.output
    with_key = command("verify", model, "--key", _public(tmp_path))
    assert "not made with a key" in with_key.output


def _public(folder: Path) -> Path:
    path = folder / "lab.pub.pem"
    words = ("openssl", "pkey", "-in", folder / "lab.key", "-pubout", "-out", path)
    subprocess.run(words, check=True)
    return path


def test_a_models_signature_has_a_timestamp(model: Path, keys: Keys, authority: Authority) -> None:
    """It is verified with the root's certificate, by OpenSSL, too."""
    signature = sign_model(model, keys["ecdsa"].private, timestamp=authority.url)
    words = ("verify", model, "--key", keys["ecdsa"].public, "--tsa-certificate")
    found = command(*words, authority.root)
    assert found.exit_code == 0, found.output
    assert "unchanged  timestamp" in found.output
    assert command(*words, authority.other).exit_code == 1
    openssl = subprocess.run(
        [
            "openssl",
            "ts",
            "-verify",
            "-data",
            signature,
            "-in",
            f"{signature}.tsr",
            "-CAfile",
            authority.root,
        ],
        capture_output=True,
        check=False,
    )
    assert openssl.returncode == 0, openssl.stderr
