"""Signatures of executions and of model files, so that whoever alters a record is found.

An execution is signed as an in-toto statement in a DSSE envelope: the heads of its journals' hash
chains, digests of its rows, its PROV document and its files. A model's file is signed by OpenSSF
model-signing. Both need ``pip install 'keras-prov[sign]'``. docs/how-to/sign.md describes them.
"""

from __future__ import annotations

from ..support.signature_files import timestamp_path
from ._keys import KINDS, NewKey, new_key
from ._models import is_bundle, model_signature, sign_model, verify_model
from ._sign import default_signature, sign, sign_with
from ._signed import Signed, timestamp_finding
from ._statement import PREDICATE_TYPE

__all__ = [
    "KINDS",
    "PREDICATE_TYPE",
    "NewKey",
    "Signed",
    "default_signature",
    "is_bundle",
    "model_signature",
    "new_key",
    "sign",
    "sign_model",
    "sign_with",
    "timestamp_finding",
    "timestamp_path",
    "verify_model",
]
