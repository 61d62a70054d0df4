"""Signatures of model files by OpenSSF model-signing, which its own command verifies, too.

A signature is a Sigstore bundle. No server is asked: it is made with a key, or with a key and its
certificate.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import SigningError
from ..verification import Finding, State
from ._envelope import read_envelope
from ._extra import needs_extra
from ._keys import Password, password_of, private_key, public_key, read_file, tag_of
from ._sign import write_signature
from ._timestamps import check_url

__all__ = ["is_bundle", "model_signature", "sign_model", "verify_model"]


def model_signature(model: Path) -> Path:
    """Where the signature of a model's file, or folder, is, unless another file is named."""
    return model.with_name(f"{model.name}.sig")


def is_bundle(path: Path) -> bool:
    """Whether a file is a signature of a model, and not of an execution."""
    try:
        return "verificationMaterial" in read_envelope(path)
    except SigningError:
        return False


def sign_model(
    model: Path,
    key: Path,
    *,
    output: Path | None = None,
    password: Password | None = None,
    certificate: Path | None = None,
    chain: Sequence[Path] = (),
    timestamp: str | None = None,
) -> Path:
    """Sign a model's file, or the folder of a SavedModel, and write the signature.

    Args:
        model: the file or folder.
        key: PEM file of an ECDSA key.
        output: the signature's file; None: beside the model, with ``.sig`` after its name.
        password: asks for the password of an encrypted key.
        certificate: PEM file of the key's certificate, which the signature then contains.
        chain: PEM files of the certificates between that one and a root.
        timestamp: URL of a server of timestamps (RFC 3161); None: there is no timestamp.

    Raises:
        SigningError: the model cannot be read, the key cannot be used, or the signature cannot be
            written.
    """
    if timestamp is not None:
        check_url(timestamp)
    path = output or model_signature(model)
    if model.is_dir() and path.resolve().is_relative_to(model.resolve()):
        raise SigningError(f"{path} is within the model: name a file beside it.")
    secret = password_of(key, password)
    given = (lambda: (secret or b"").decode()) if secret else None
    _check_elliptic(key, private_key(key, given))
    if certificate is not None and secret is not None:
        raise SigningError(
            f"{key} is encrypted: with a certificate, model-signing takes only keys that are not."
        )
    with needs_extra():
        from model_signing.signing import Config
    config = Config()
    try:
        if certificate is None:
            config.use_elliptic_key_signer(private_key=key, password=secret)  # type: ignore[arg-type]  # it passes bytes on
        else:
            config.use_certificate_signer(
                private_key=key,
                signing_certificate=certificate,
                certificate_chain=chain or [certificate],  # it reads no empty chain
            )
        return write_signature(path, _bundle(config, model, path), timestamp)
    except OSError as error:
        raise SigningError(f"{error.filename or model}: {error.strerror or error}.") from None
    except ValueError as error:
        raise SigningError(f"{model} cannot be signed: {str(error).rstrip('.')}.") from None


def _bundle(config: Any, model: Path, path: Path) -> bytes:
    """The signature that model-signing makes, which it writes only into files."""
    new = path.with_name(f".{path.name}.unsigned")
    try:
        config.sign(model, new)
        return new.read_bytes()
    finally:
        new.unlink(missing_ok=True)


def verify_model(
    model: Path,
    signature: Path,
    *,
    key: Path | None = None,
    certificates: Path | None = None,
) -> Finding:
    """Whether a model's file, or folder, is the one that was signed.

    Args:
        model: the file or folder.
        signature: the signature's file.
        key: PEM file of the public key, for a signature made with a key.
        certificates: PEM file of trusted certificates, for one made with a certificate.

    Raises:
        SigningError: the key or the certificates cannot be read, or a package is missing.
    """
    with needs_extra():
        from cryptography.exceptions import InvalidSignature
        from model_signing.verifying import Config
        from OpenSSL.crypto import Error as OpenSSLError
        from OpenSSL.crypto import X509StoreContextError
    config, by = Config(), ""
    if key is not None:
        public = public_key(key)
        _check_elliptic(key, public)
        by = f"made with key {tag_of(public)}"
        if (problem := _of_other_key(signature, public, f"the key {key}")) is not None:
            return Finding("signature", str(signature), State.ALTERED, problem)
        config.use_elliptic_key_verifier(public_key=key)
    elif certificates is not None:
        by = f"made with a certificate that {certificates} vouches for"
        _check_certificates(certificates)
        config.use_certificate_verifier(certificate_chain=[certificates])
    try:
        config.verify(model, signature)
    except InvalidSignature:
        problem = "it was altered since it was made, or is of another key"
    except (X509StoreContextError, OpenSSLError) as error:
        problem = f"its certificate is not vouched for: {error}"
    except OSError as error:
        raise SigningError(f"{error.filename or model}: {error.strerror or error}.") from None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        problem = _said(str(error))
    else:
        return Finding(
            "signature", str(signature), State.UNCHANGED, f"{by}, over this {_kind(model)}"
        )
    return Finding("signature", str(signature), State.ALTERED, problem)


def _of_other_key(signature: Path, key: Any, name: str) -> str | None:
    """Why a bundle is not of a key, as far as the bundle itself says; else None."""
    from cryptography.hazmat.primitives import serialization as pem

    try:
        material = json.loads(signature.read_bytes())["verificationMaterial"]
        hint = material["publicKey"].get("hint")
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "it was not made with a key, but with a certificate, or is damaged"
    text = key.public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    if hint in (None, hashlib.sha256(text).hexdigest()):
        return None
    return f"it was not made with {name}, whose id is {tag_of(key)}"


DIFFERENCES = {
    r"Hash mismatch for '\.'": "its content is not what was signed",
    r"Hash mismatch for '([^']*)'": "file {} in it is not what was signed",
    r"Extra files found in model '[^']*': ([^,'\"]*)": "file {} was added since it was signed",
    r"Missing files in model '[^']*': ([^,'\"]*)": "file {}, which was signed, is missing",
}
"""What model-signing says differs, and how we say it: it shows digests as Python's bytes."""


def _said(error: str) -> str:
    """What model-signing says is wrong, as one clear line that names the first difference."""
    for pattern, said in DIFFERENCES.items():
        if found := re.search(pattern, error.replace("\\'", "'")):  # it is a list's repr
            return said.format(*found.groups())
    first = error.splitlines()[0].rstrip(".") if error else "it is damaged"
    return f"it does not hold: {first}"


def _kind(model: Path) -> str:
    return "folder" if model.is_dir() else "file"


def _check_elliptic(path: Path, key: Any) -> None:
    """Raise SigningError for a key that OpenSSF model-signing does not have."""
    if not hasattr(key, "curve"):
        raise SigningError(
            f"{path} is an Ed25519 key, and model files are signed with ECDSA keys: `keras-prov "
            "sign --new-key FILE` makes one."
        )


def _check_certificates(path: Path) -> None:
    from cryptography import x509

    try:
        x509.load_pem_x509_certificates(read_file(path))
    except ValueError:
        raise SigningError(f"{path} has no certificates: expected a PEM file.") from None
