"""DfAnalyzer's HTTP service: it receives messages of DfAnalyzer's clients, and answers queries.

It needs FastAPI and uvicorn: ``pip install 'keras-prov[service]'``.
"""

from __future__ import annotations

from ._app import create_app
from ._guards import BodyTooLargeError, Guard, body_of
from ._serve import guarded_app, own_limits, serve, server_of

__all__ = [
    "BodyTooLargeError",
    "Guard",
    "body_of",
    "create_app",
    "guarded_app",
    "own_limits",
    "serve",
    "server_of",
]
