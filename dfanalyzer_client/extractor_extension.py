"""The format or the program with which an extractor reads or indexes raw data."""

from __future__ import annotations

from enum import Enum

__all__ = ["ExtractorExtension"]


class ExtractorExtension(Enum):
    """The format or the program with which an extractor reads or indexes raw data."""

    PROGRAM = "PROGRAM"
    CSV = "CSV"
    FITS = "FITS"
    FASTBIT = "FASTBIT"
    OPTIMIZED_FASTBIT = "OPTIMIZED_FASTBIT"
    POSTGRES_RAW = "POSTGRES_RAW"
