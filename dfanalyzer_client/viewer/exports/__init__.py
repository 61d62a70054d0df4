"""Files of executions: documents, tables, and one page that needs no viewer."""

from __future__ import annotations
