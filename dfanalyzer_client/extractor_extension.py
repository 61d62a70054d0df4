"""The format or the program with which an extractor reads or indexes raw data."""

from __future__ import annotations

from enum import Enum

__all__ = ["ExtractorExtension"]


class ExtractorExtension(Enum):
    """The format or the program with which an extractor reads or indexes raw data.

    Files are read as CSV or by a program. The others are only stored, as what DfAnalyzer declares.
    """

    PROGRAM = "PROGRAM"
    CSV = "CSV"
    FITS = "FITS"
    FASTBIT = "FASTBIT"
    OPTIMIZED_FASTBIT = "OPTIMIZED_FASTBIT"
    POSTGRES_RAW = "POSTGRES_RAW"
