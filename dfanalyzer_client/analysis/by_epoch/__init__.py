"""Read what runs measured and changed, epoch by epoch."""

from __future__ import annotations

from .curve_reading import curves_with

__all__ = ["curves_with"]
