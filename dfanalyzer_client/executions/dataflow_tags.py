"""The tags of dataflows that users name."""

from __future__ import annotations

import difflib

from ..errors import UnknownTagError
from ..store.reading import Catalogue

__all__ = ["check_dataflow"]

MOST_NAMED = 20
"""So many dataflows are named in an error, the newest."""


def check_dataflow(catalogue: Catalogue, tag: str) -> None:
    """Raise UnknownTagError, with what may have been meant, if there is no such dataflow."""
    known = [each for _, each in catalogue.dataflows()]
    if tag.lower() in known:
        return
    close = difflib.get_close_matches(tag.lower(), known, 3)
    expected = ", ".join(known[-MOST_NAMED:])
    meant = f"Did you mean {' or '.join(map(repr, close))}?" if close else ""
    hint = meant or (f"Expected one of {expected}." if known else "Nothing is stored yet.")
    raise UnknownTagError(f"There is no dataflow {tag!r}. {hint}")
