"""Keys are made, kept and asked for without others seeing them."""

from __future__ import annotations

import re
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dfanalyzer_client.cli import main
from dfanalyzer_client.cli.lineage.sign import KINDS as COMMANDS_KINDS
from dfanalyzer_client.errors import SigningError
from dfanalyzer_client.signing import KINDS, NewKey, new_key, sign_model
from dfanalyzer_client.signing._keys import private_key, public_key, tag_of


def command(*words: object) -> Result:
    """What `keras-prov` answers."""
    return CliRunner().invoke(main, [str(word) for word in words])


def test_the_kinds_are_those_of_the_command() -> None:
    """The command lists them, so that its help needs no import."""
    assert COMMANDS_KINDS == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_key_is_its_owners(tmp_path: Path, kind: str) -> None:
    """Nobody else reads the private one; both are PEM files, and neither is overwritten."""
    path = tmp_path / "key.pem"
    made = command("sign", "--new-key", path, "--kind", kind)
    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public = tmp_path / "key.pub.pem"
    assert tag_of(private_key(path).public_key()) == tag_of(public_key(public))
    assert tag_of(public_key(public)) in made.output
    content = path.read_bytes()
    for _ in range(2):
        again = command("sign", "--new-key", path)
        assert again.exit_code == 1
        assert "exists, and keys are not overwritten" in again.output
        public.unlink(missing_ok=True)
    assert path.read_bytes() == content


def test_an_encrypted_key_takes_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password comes from the environment, never from the command line, and is not shown."""
    model, path = tmp_path / "m.keras", tmp_path / "key.pem"
    model.write_bytes(b"weights")
    monkeypatch.setenv("KERAS_PROV_KEY_PASSWORD", "correct horse")
    made = command("sign", "--new-key", path, "--encrypt")
    assert made.exit_code == 0, made.output
    assert b"ENCRYPTED" in path.read_bytes()
    signed = command("sign", model, "--key", path)
    assert signed.exit_code == 0, signed.output
    monkeypatch.setenv("KERAS_PROV_KEY_PASSWORD", "wrong horse")
    wrong = command("sign", model, "--key", path)
    assert wrong.exit_code == 1
    assert f"The password of {path} is wrong" in wrong.output
    assert "horse" not in made.output + signed.output + wrong.output
    monkeypatch.delenv("KERAS_PROV_KEY_PASSWORD")
    monkeypatch.setattr("dfanalyzer_client.cli.passwords.has_terminal", lambda: False)
    nobody = command("sign", model, "--key", path)
    assert (nobody.exit_code, "set KERAS_PROV_KEY_PASSWORD" in nobody.output) == (1, True)
    with pytest.raises(SigningError, match="its password was not given"):
        sign_model(model, path)


def test_keys_of_openssl_sign(tmp_path: Path) -> None:
    """`openssl genpkey` makes the same kinds of keys."""
    try:
        subprocess.run(
            [
                "openssl",
                "genpkey",
                "-algorithm",
                "EC",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-out",
                tmp_path / "key.pem",
            ],
            check=True,
        )
    except FileNotFoundError:
        pytest.skip("there is no openssl here")
    model = tmp_path / "m.keras"
    model.write_bytes(b"weights")
    assert command("sign", model, "--key", tmp_path / "key.pem").exit_code == 0


def test_a_key_that_others_read_is_named(tmp_path: Path) -> None:
    """It signs, and the line says how to keep it."""
    model, key = tmp_path / "m.keras", new_key(tmp_path / "key.pem").private
    model.write_bytes(b"weights")
    assert "Others can read" not in command("sign", model, "--key", key).output
    key.chmod(0o644)
    signed = command("sign", model, "--key", key)
    assert (signed.exit_code, f"chmod 600 {key}" in signed.output) == (0, True)


def test_what_is_no_key_is_said(tmp_path: Path, keys: dict[str, NewKey]) -> None:
    """A missing file, a public key that is to sign, a private one that is to verify, an RSA key."""
    from cryptography.hazmat.primitives import serialization as pem
    from cryptography.hazmat.primitives.asymmetric import rsa

    made, rsa_path = keys["ecdsa"], tmp_path / "rsa.pem"
    rsa_path.write_bytes(
        rsa.generate_private_key(65537, 2048).private_bytes(
            pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
        )
    )
    for path, said in (
        (tmp_path / "none.pem", "cannot be read: No such file"),
        (made.public, "has no private key: expected an ECDSA key"),
        (rsa_path, "has a key of another kind (RSA)"),
    ):
        with pytest.raises(SigningError, match=re.escape(said)):
            private_key(path)
    with pytest.raises(SigningError, match=r"has no public key: .* `openssl pkey"):
        public_key(made.private)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["sign", "last"], "Name an EXECUTION or a FILE, and a --key"),
        (["sign", "--new-key", "k", "--key", "x"], "--new-key makes a key and signs nothing"),
        (["sign", "last", "--key", "x", "--kind", "ecdsa"], "are for --new-key"),
        (["sign", "last", "--key", "x", "--certificate", "y"], "are for model files"),
        (["verify", "last", "--signature", "x"], "Name the --key"),
    ],
)
def test_a_wrong_call_is_said(words: list[str], said: str) -> None:
    """Options that need others, or contradict them, are exit code 2."""
    found = command(*words)
    assert (found.exit_code, said in found.output) == (2, True), found.output


def test_a_missing_package_names_the_line(
    tmp_path: Path, keys: dict[str, NewKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, the error is the pip command that installs it."""
    import sys

    model = tmp_path / "m.keras"
    model.write_bytes(b"weights")
    monkeypatch.setitem(sys.modules, "model_signing.signing", None)
    with pytest.raises(SigningError, match=r"pip install '[\w-]+\[sign\]'"):
        sign_model(model, keys["ecdsa"].private)


def test_a_password_of_no_key_is_no_harm(tmp_path: Path) -> None:
    """A key that is not encrypted asks for none."""
    path = new_key(tmp_path / "k.pem").private

    def asked() -> str:
        raise AssertionError

    assert private_key(path, asked)
