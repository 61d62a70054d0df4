"""The screens: a module with a router for each."""

from __future__ import annotations

from . import (
    annotations_editor,
    compare,
    dataflow,
    diff,
    executions,
    export,
    lineage,
    one_execution,
    sql,
    steering_form,
)

__all__ = ["ROUTERS"]

ROUTERS = (
    executions.router,
    one_execution.router,
    annotations_editor.router,
    steering_form.router,
    compare.router,
    diff.router,
    lineage.router,
    dataflow.router,
    sql.router,
    export.router,
)
