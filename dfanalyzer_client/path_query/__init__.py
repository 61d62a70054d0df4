"""Path queries: join rows of sets along the path that the data took.

This is DfAnalyzer's query interface. It finds the transformations between a source and a target
set, and joins the sets on the path along the tasks that wrote and read them.
"""

from __future__ import annotations

from ._query import MAPPINGS, QueryResult, query, query_with

__all__ = ["MAPPINGS", "QueryResult", "query", "query_with"]
