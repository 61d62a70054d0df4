"""Types that an attribute's values may have."""

from __future__ import annotations

from enum import Enum

__all__ = ["AttributeType"]


class AttributeType(Enum):
    """Types that an attribute's values may have."""

    TEXT = "TEXT"
    FILE = "FILE"
    NUMERIC = "NUMERIC"
    RDFILE = "RDFILE"
