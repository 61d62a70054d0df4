"""Where a typed statement finds its tables, and what to do if MonetDB refuses it."""

from __future__ import annotations

from ..questions.sql_cures import cure, enter_schema, warning

__all__ = ["cure", "enter_schema", "warning"]
