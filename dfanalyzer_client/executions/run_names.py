"""What users may name a run with."""

from __future__ import annotations

from numbers import Integral

__all__ = ["checked_run_name"]

PLAIN = (bool, int, float, type(None))
"""Their values are short enough for a message."""


def checked_run_name(name: object) -> str:
    """An id, a tag, the beginning of a tag, or ``last``, as a text; raises TypeError for others."""
    if type(name) is not bool and isinstance(name, (str, Integral)):
        return str(name)
    received = repr(name) if isinstance(name, PLAIN) else type(name).__name__
    raise TypeError(
        "A run is named by its id, its tag, the beginning of its tag or 'last', or is one that "
        f"`run` or `runs` has found. Received: {received}."
    )
