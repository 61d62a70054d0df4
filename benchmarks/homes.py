"""Data folders for what is measured, each with a private server that ends with it."""

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
    """A folder for what the tools leave; Keras-Prov's private server there ends with it."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        try:
            yield home
        finally:
            PrivateServer(home).stop()


@contextlib.contextmanager
def process_home() -> Iterator[Path]:
    """The same, as this process' data folder: what it says is stored there."""
    with own_home() as home:
        os.environ["KERAS_PROV_HOME"] = str(home)
        try:
            yield home
        finally:
            shutdown()
