"""Keys in PEM files: read them, and make new ones.

A private key is only read where it is used. Its password is never part of a command line.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SigningError
from ._extra import needs_extra

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import (
        EllipticCurvePrivateKey,
        EllipticCurvePublicKey,
    )
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

    PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
    PublicKey = EllipticCurvePublicKey | Ed25519PublicKey

__all__ = [
    "KINDS",
    "NewKey",
    "Password",
    "new_key",
    "password_of",
    "private_key",
    "public_key",
    "read_file",
    "tag_of",
]

ECDSA, ED25519 = "ecdsa", "ed25519"
KINDS = (ECDSA, ED25519)
"""ECDSA is on the curve P-256. Model files take no other than ECDSA."""

EXPECTED = "an ECDSA key (P-256, P-384 or P-521) or an Ed25519 key, as a PEM file"
LARGEST = 1 << 20
"""No file of keys or certificates is larger."""

Password = Callable[[], str]
"""Asks for the password of a private key."""


@dataclass(frozen=True)
class NewKey:
    """A pair of keys.

    Attributes:
        private: the file of the private one.
        public: that of the public one, which verifies.
        id: the SHA-256 of the public one, by which signatures name it.
    """

    private: Path
    public: Path
    id: str


def new_key(path: Path, kind: str = ECDSA, *, password: str | None = None) -> NewKey:
    """Make a pair of keys: a private file that only its owner reads, and a public one beside it.

    Args:
        path: of the private key. The public one has the same name with ``.pub.pem``.
        kind: one of `KINDS`.
        password: encrypts the private key; None: it is not encrypted.

    Raises:
        SigningError: one of the files exists or cannot be written, or a package is missing.
    """
    with needs_extra():
        from cryptography.hazmat.primitives import serialization as pem
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    key: PrivateKey = (
        ed25519.Ed25519PrivateKey.generate()
        if kind == ED25519
        else ec.generate_private_key(ec.SECP256R1())
    )
    encryption: Any = pem.NoEncryption()
    if password:
        encryption = pem.BestAvailableEncryption(password.encode())
    private = key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, encryption)
    public = key.public_key().public_bytes(pem.Encoding.PEM, pem.PublicFormat.SubjectPublicKeyInfo)
    beside = path.with_suffix(".pub.pem")
    if beside.exists():
        raise SigningError(f"{beside} exists, and keys are not overwritten: name another file.")
    _write_new(path, private, 0o600)
    _write_new(beside, public, 0o644)
    return NewKey(path, beside, tag_of(key.public_key()))


def private_key(path: Path, password: Password | None = None) -> PrivateKey:
    """Read a private key.

    Args:
        path: its PEM file.
        password: asks for its password, if it is encrypted; None: an encrypted key is an error.

    Raises:
        SigningError: the file has no such key, or the password is wrong.
    """
    with needs_extra():
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    content, secret = read_file(path), password_of(path, password)
    try:
        found = load_pem_private_key(content, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if secret is not None:
            raise SigningError(
                f"The password of {path} is wrong, or the file is damaged."
            ) from None
        raise SigningError(f"{path} has no private key: expected {EXPECTED}.") from None
    key: PrivateKey = _usable(path, found)
    return key


def password_of(path: Path, password: Password | None) -> bytes | None:
    """The password of a private key, asked for; None if it is not encrypted."""
    content = read_file(path)
    if b"ENCRYPTED" not in content:
        return None
    if password is None:
        raise SigningError(f"{path} is encrypted, and its password was not given.")
    return password().encode()


def public_key(path: Path) -> PublicKey:
    """Read a public key; raises SigningError if the file has none."""
    with needs_extra():
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_public_key
    try:
        key: PublicKey = _usable(path, load_pem_public_key(read_file(path)))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SigningError(
            f"{path} has no public key: expected {EXPECTED}. `openssl pkey -in KEY.pem -pubout` "
            "prints that of a private key."
        ) from None
    return key


def tag_of(key: PublicKey) -> str:
    """The SHA-256 of a public key in DER, by which signatures name it."""
    from cryptography.hazmat.primitives import serialization as pem

    der = key.public_bytes(pem.Encoding.DER, pem.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def read_file(path: Path) -> bytes:
    """The content of a small file; raises SigningError if it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise SigningError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(content) > LARGEST:
        raise SigningError(f"{path} is too large to be a key or a certificate.")
    return content


def _usable(path: Path, key: Any) -> Any:
    """The key, if it is of a kind that signs here."""
    kind = type(key).__name__
    curve = getattr(getattr(key, "curve", None), "name", "")
    if "Ed25519" in kind or curve in ("secp256r1", "secp384r1", "secp521r1"):
        return key
    shown = kind.lstrip("_").removesuffix("PrivateKey").removesuffix("PublicKey")
    raise SigningError(f"{path} has a key of another kind ({curve or shown}): expected {EXPECTED}.")


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except FileExistsError:
        raise SigningError(
            f"{path} exists, and keys are not overwritten: name another file."
        ) from None
    except OSError as error:
        raise SigningError(f"{path} cannot be written: {error.strerror or error}.") from None
