"""Temporary data folders for measurements; their private servers are stopped in the end."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dfanalyzer_client import shutdown
from dfanalyzer_client.private_server import PrivateServer

__all__ = ["own_home", "process_home"]


@contextlib.contextmanager
def own_home() -> Iterator[Path]:
    """A temporary folder for the tools' output; Keras-Prov's private server there is stopped."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        try:
            yield home
        finally:
            PrivateServer(home).stop()


@contextlib.contextmanager
def process_home() -> Iterator[Path]:
    """The same, used as this process' data folder."""
    with own_home() as home:
        os.environ["KERAS_PROV_HOME"] = str(home)
        try:
            yield home
        finally:
            shutdown()
