"""Executions as property graphs: a Cypher script, or written into a graph database.

docs/how-to/graph-databases.md describes the graph. The script needs nothing else; writing into a
database needs ``pip install 'keras-prov[neo4j]'``.
"""

from __future__ import annotations

from ._api import NAMES, Selection, script_pieces, write_graph
from ._database import Written

__all__ = ["NAMES", "Selection", "Written", "script_pieces", "write_graph"]
