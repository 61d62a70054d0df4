"""Timestamps by RFC 3161: a server says that a signature was there at a time.

A token is over the bytes of the signature's file and lies beside it, so that OpenSSL verifies it,
too: ``openssl ts -verify -in FILE.tsr -data FILE -CAfile CA.pem``.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from ..errors import SigningError
from ._extra import needs_extra
from ._keys import read_file

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

__all__ = ["check_url", "stamp", "verify_stamp"]

SECONDS = 30.0
LARGEST = 1 << 20
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
GRANTED = 0


def check_url(url: str) -> None:
    """Raise SigningError if a URL names no server of timestamps, or has a password in it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SigningError(
            "A server of timestamps has a URL such as https://tsa.example.org/tsr. Received: "
            f"{parts._replace(netloc=parts.netloc.rpartition('@')[2]).geturl()!r}."
        )
    if parts.username or parts.password:
        raise SigningError(
            "The URL of a server of timestamps may have no login: others could read it in the list "
            "of processes."
        )


def stamp(url: str, content: bytes) -> bytes:
    """Ask a server for a timestamp over some bytes; its reply, as DER.

    Raises:
        SigningError: it cannot be reached, refuses, or stamps something else.
    """
    with needs_extra():
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response
    check_url(url)
    query = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
    reply = _posted(url, query.as_bytes())
    try:
        response = decode_timestamp_response(reply)
        status = response.status
    except ValueError as error:
        raise SigningError(f"{url} did not answer with a timestamp: {error}.") from None
    if status != GRANTED:
        told = "; ".join(response.status_string) or f"status {status}"
        raise SigningError(f"{url} refuses a timestamp: {told}.")
    info = response.tst_info
    if (
        info.message_imprint.message != hashlib.sha256(content).digest()
        or info.nonce != query.nonce
    ):
        raise SigningError(f"{url} answered with a timestamp of something else.")
    return reply


def verify_stamp(reply: bytes, content: bytes, roots: Path) -> datetime:
    """When some bytes were there, as a server says that one of some certificates vouches for.

    Args:
        reply: of the server.
        content: the bytes.
        roots: a PEM file with the certificates that are trusted: roots, and if need be others.

    Raises:
        SigningError: it does not say that; the message is a part of a sentence.
    """
    with needs_extra():
        from cryptography import x509
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
    try:
        certificates = x509.load_pem_x509_certificates(read_file(roots))
    except ValueError:
        raise SigningError(f"{roots} has no certificates: expected a PEM file.") from None
    builder = VerifierBuilder()
    for certificate in dict.fromkeys(certificates):
        builder = builder.add_root_certificate(certificate)
    try:
        response: TimeStampResponse = decode_timestamp_response(reply)
        builder.build().verify_message(response, content)
        return response.tst_info.gen_time
    except (VerificationError, ValueError) as error:
        raise SigningError(str(error).rstrip(".")) from None


def _posted(url: str, query: bytes) -> bytes:
    request = Request(url, query, {"Content-Type": QUERY, "Accept": REPLY})  # noqa: S310
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  # http or https: see above
            reply: bytes = answer.read(LARGEST + 1)
    except HTTPError as error:
        raise SigningError(
            f"{url} refuses a timestamp: HTTP {error.code} {error.reason}."
        ) from None
    except (OSError, URLError, HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise SigningError(f"{url} cannot be reached: {reason}.") from None
    if len(reply) > LARGEST:
        raise SigningError(f"{url} did not answer with a timestamp, but with too much.")
    return reply
