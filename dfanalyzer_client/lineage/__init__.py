"""Where a file came from, and what came of it: found by its content, in the database."""

from __future__ import annotations

from .origin import FileOrigin, origin, origin_with

__all__ = ["FileOrigin", "origin", "origin_with"]
