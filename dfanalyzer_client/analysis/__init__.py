"""Questions about runs from Python, and the results: tables that become data frames and pictures.

The functions that end in ``_with`` ask over an open connection.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .asking import compare, curves, diff, follow, run, runs, sql

if TYPE_CHECKING:
    from .by_epoch import curves_with
    from .comparing import compare_with, diff_with
    from .comparison import Comparison
    from .curve_table import Curves
    from .difference import Difference
    from .epoch import Epoch
    from .finding import run_with, runs_with
    from .following import follow_with
    from .one_run import Run
    from .run_list import Runs
    from .run_summary import RunSummary
    from .statements import sql_with
    from .table import Table

__all__ = [
    "Comparison",
    "Curves",
    "Difference",
    "Epoch",
    "Run",
    "RunSummary",
    "Runs",
    "Table",
    "compare",
    "compare_with",
    "curves",
    "curves_with",
    "diff",
    "diff_with",
    "follow",
    "follow_with",
    "run",
    "run_with",
    "runs",
    "runs_with",
    "sql",
    "sql_with",
]

_LATER = {
    "Comparison": ".comparison",
    "Curves": ".curve_table",
    "Difference": ".difference",
    "Epoch": ".epoch",
    "Run": ".one_run",
    "RunSummary": ".run_summary",
    "Runs": ".run_list",
    "Table": ".table",
    "compare_with": ".comparing",
    "curves_with": ".by_epoch",
    "diff_with": ".comparing",
    "follow_with": ".following",
    "run_with": ".finding",
    "runs_with": ".finding",
    "sql_with": ".statements",
}
"""What training does not wait for, and asking loads when it needs it."""


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name], __name__), name)
