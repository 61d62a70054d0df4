"""DfAnalyzer's HTTP service: it receives messages of DfAnalyzer's clients, and answers queries.

It needs FastAPI and uvicorn: ``pip install 'keras-prov[service]'``.
"""

from __future__ import annotations

from ._app import create_app
from ._guards import Guard
from ._serve import guarded_app, serve

__all__ = ["Guard", "create_app", "guarded_app", "serve"]
