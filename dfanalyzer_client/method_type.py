"""What a measured period was spent on."""

from __future__ import annotations

from enum import Enum

__all__ = ["MethodType"]


class MethodType(Enum):
    """What a measured period was spent on."""

    COMPUTATION = "COMPUTATION"
    EXTRACTION = "EXTRACTION"
    PROVENANCE = "PROVENANCE"
    INSTRUMENTATION = "INSTRUMENTATION"
