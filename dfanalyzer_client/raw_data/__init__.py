"""Rows from files of raw data, as a set's extractors read them."""

from __future__ import annotations

from ._access import Access, NoFiles, OwnFiles, ServedFiles
from ._limits import LIMITS, Limits
from ._spool import ReadRows, read_rows

__all__ = [
    "LIMITS",
    "Access",
    "Limits",
    "NoFiles",
    "OwnFiles",
    "ReadRows",
    "ServedFiles",
    "read_rows",
]
