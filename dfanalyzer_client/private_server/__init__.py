"""The private MonetDB server: one per user and data folder, started by the first capture.

Its kernel consists of the libraries of the PyPI wheel monetdbe 0.11, which our platform wheels
contain.
"""

from __future__ import annotations

from ._boot import kernel_available
from ._files import READER, WRITER
from ._lifecycle import PrivateServer, ServerStatus

__all__ = ["READER", "WRITER", "PrivateServer", "ServerStatus", "kernel_available"]
