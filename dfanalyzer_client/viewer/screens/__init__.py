"""The screens: a module with a router for each."""

from __future__ import annotations

from . import annotations_editor, compare, diff, executions, one_execution

__all__ = ["ROUTERS"]

ROUTERS = (
    executions.router,
    one_execution.router,
    annotations_editor.router,
    compare.router,
    diff.router,
)
