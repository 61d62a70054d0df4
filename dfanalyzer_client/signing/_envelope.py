"""DSSE envelopes: what was signed, with the signature over it.

`securesystemslib` writes and reads them: https://github.com/secure-systems-lab/dsse.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SigningError
from ._extra import needs_extra
from ._keys import tag_of

if TYPE_CHECKING:
    from ._keys import PrivateKey, PublicKey

__all__ = ["PAYLOAD_TYPE", "opened_envelope", "read_envelope", "sealed_envelope"]

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LARGEST = 256 << 20


def sealed_envelope(statement: dict[str, Any], key: PrivateKey) -> bytes:
    """A statement in an envelope that is signed with a private key, as JSON."""
    with needs_extra():
        from securesystemslib.dsse import Envelope
        from securesystemslib.signer import CryptoSigner, SSlibKey
    public = key.public_key()
    signer = CryptoSigner(key, SSlibKey.from_crypto(public, keyid=tag_of(public)))
    payload = json.dumps(statement, sort_keys=True, ensure_ascii=False).encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    return (json.dumps(envelope.to_dict(), indent=1) + "\n").encode("ascii")


def read_envelope(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a signature.

    Raises:
        SigningError: there is none, or it is no signature; the message is a part of a sentence.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(path)
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise SigningError(f"it cannot be read: {error.strerror or error}") from None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise SigningError("it is no signature: `keras-prov sign` writes one")
    return found


def opened_envelope(content: dict[str, Any], key: PublicKey, name: str) -> dict[str, Any]:
    """The statement in an envelope whose signature is of a key.

    Args:
        content: the envelope.
        key: the public key.
        name: what the key is called in errors.

    Raises:
        SigningError: the signature is of another key, or what it is over was altered; the message
            is a part of a sentence.
    """
    with needs_extra():
        from securesystemslib.dsse import Envelope
        from securesystemslib.exceptions import VerificationError
        from securesystemslib.signer import SSlibKey
    try:
        envelope = Envelope.from_dict(content)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SigningError(f"it is no DSSE envelope ({type(error).__name__})") from None
    except Exception as error:  # the library's own errors of a format have no common base
        raise SigningError(f"it is no DSSE envelope ({error})") from None
    wanted = tag_of(key)
    if wanted not in envelope.signatures:
        of = " and ".join(sorted(envelope.signatures)) or "none"
        raise SigningError(f"it was not made with {name}, whose id is {wanted}, but with key {of}")
    try:
        envelope.verify([SSlibKey.from_crypto(key, keyid=wanted)], 1)
        if envelope.payload_type != PAYLOAD_TYPE:
            raise SigningError(f"it is over {envelope.payload_type}, and not over {PAYLOAD_TYPE}")
        statement = json.loads(envelope.payload)
    except VerificationError:
        raise SigningError("it was altered since it was made") from None
    except ValueError:
        raise SigningError("what is signed in it is no JSON") from None
    if not isinstance(statement, dict):
        raise SigningError("what is signed in it is no statement")
    return statement
