"""What an extractor does with a file of raw data."""

from __future__ import annotations

from enum import Enum

__all__ = ["ExtractorCartridge"]


class ExtractorCartridge(Enum):
    """What an extractor does with a file of raw data."""

    EXTRACTION = "EXTRACTION"
    INDEXING = "INDEXING"
