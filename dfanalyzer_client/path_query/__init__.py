"""Path queries: rows of sets that belong together, found by the way the data took.

DfAnalyzer's query interface: the transformations between a source and a target set are found, and
the sets on the way are joined along the tasks that wrote and read them.
"""

from __future__ import annotations

from ._query import MAPPINGS, QueryResult, query, query_with

__all__ = ["MAPPINGS", "QueryResult", "query", "query_with"]
