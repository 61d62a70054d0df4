"""Texts of the numbers that neither JSON (RFC 8259) nor MonetDB's DOUBLE can hold."""

from __future__ import annotations

import math

__all__ = ["non_finite_text"]


def non_finite_text(value: float) -> str | None:
    """``NaN``, ``Infinity`` or ``-Infinity``; None for a finite number."""
    if math.isfinite(value):
        return None
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"
