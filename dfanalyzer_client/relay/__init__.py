"""A relay: it takes in batches of many journals over HTTP, and writes them to one MonetDB.

MonetDB serves 64 clients by default; a relay is one of them, for any number of processes. It needs
FastAPI's Starlette, and uvicorn: ``pip install 'keras-prov[service]'``.
"""

from __future__ import annotations

from ._serve import relay

__all__ = ["relay"]
