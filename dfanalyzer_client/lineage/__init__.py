"""Where a file came from, and what came of it: found by its content, in the database."""

from __future__ import annotations

from .graph import graph_with
from .graph_parts import LineageGraph
from .origin import FileOrigin, origin, origin_with

__all__ = ["FileOrigin", "LineageGraph", "graph_with", "origin", "origin_with"]
