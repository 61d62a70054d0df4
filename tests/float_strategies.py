"""Floats for Hypothesis, whatever the processor does with subnormal ones."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["floats"]


def floats(*, allow_nan: bool = True) -> st.SearchStrategy[float]:
    """All kinds of floats.

    Of the subnormal ones there is one alone: where a library of an earlier test has the processor
    flush them to zero, Hypothesis cannot make any, and fails.
    """
    return st.floats(allow_nan=allow_nan, allow_subnormal=False) | st.just(5e-324)
