"""Which side of its transformation a set stands on."""

from __future__ import annotations

from enum import Enum

__all__ = ["SetType"]


class SetType(Enum):
    """Which side of its transformation a set stands on."""

    INPUT = "INPUT"
    OUTPUT = "OUTPUT"
