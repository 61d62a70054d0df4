"""A request that a training refuses."""

from __future__ import annotations

__all__ = ["Refusal"]


class Refusal(Exception):  # noqa: N818  # it is an answer, not an error
    """Says in its text why a request is refused, and what can be done instead."""
