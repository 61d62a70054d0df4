"""The distributions of this tree: with TensorFlow, with a backend of choice, and without Keras.

`keras-prov` and `keras-prov-core` hold the same files; the first brings TensorFlow, the second no
backend. `dfanalyzer-client` holds the client, the service and the command, and brings no Keras.
"""

from __future__ import annotations

from email.parser import Parser
from pathlib import Path

SETTING = "KERAS_PROV_DISTRIBUTION"
DEFAULT = "keras-prov"
CORE = "keras-prov-core"
CLIENT = "dfanalyzer-client"
DISTRIBUTIONS = (DEFAULT, CORE, CLIENT)


def distribution_name(root: Path, setting: str) -> str:
    """Name the distribution that a build makes.

    Args:
        root: The source tree. If it was unpacked from a source archive, that decides the name.
        setting: The value of `KERAS_PROV_DISTRIBUTION`; empty means `keras-prov`.

    Raises:
        ValueError: The value names none of them.
    """
    unpacked = root / "PKG-INFO"
    if unpacked.exists():
        return Parser().parsestr(unpacked.read_text(encoding="utf-8"))["Name"]
    if setting not in ("", *DISTRIBUTIONS):
        known = " or ".join(DISTRIBUTIONS)
        raise ValueError(f"{SETTING}={setting!r} is unknown; it may be {known}")
    return setting or DEFAULT
