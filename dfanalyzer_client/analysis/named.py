"""What names a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from .one_run import Run
    from .run_summary import RunSummary

__all__ = ["Named"]

Named: TypeAlias = "str | int | Run | RunSummary"
"""Its id, its tag, the beginning of its tag, ``last``, or what was found."""
