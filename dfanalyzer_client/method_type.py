"""What a measured period was spent on."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["MethodType"]


class MethodType(StrEnum):
    """What a measured period was spent on; equal to its name as a text."""

    COMPUTATION = "COMPUTATION"
    EXTRACTION = "EXTRACTION"
    PROVENANCE = "PROVENANCE"
    INSTRUMENTATION = "INSTRUMENTATION"
