"""Executions side by side: their labels, groups, axes, tables and differences."""

from __future__ import annotations
