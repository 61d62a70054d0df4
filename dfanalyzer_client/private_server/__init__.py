"""A MonetDB of one's own: started by the first capture, one for each user and data folder.

Its kernel are the libraries of the PyPI wheel monetdbe 0.11, which our platform wheels carry.
"""

from __future__ import annotations

from ._boot import kernel_available
from ._files import READER, WRITER
from ._lifecycle import PrivateServer, ServerStatus

__all__ = ["READER", "WRITER", "PrivateServer", "ServerStatus", "kernel_available"]
