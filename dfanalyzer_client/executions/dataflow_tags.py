"""The tags of dataflows that users name."""

from __future__ import annotations

import difflib

from ..errors import UnknownTagError
from ..store.reading import Catalogue
from ..support.name_lists import listed

__all__ = ["check_dataflow"]


def check_dataflow(catalogue: Catalogue, tag: str) -> None:
    """Raise UnknownTagError if there is no such dataflow: with what may be meant, or the newest."""
    known = [each for _, each in catalogue.dataflows()]
    if tag.lower() in known:
        return
    close = difflib.get_close_matches(tag.lower(), known, 3)
    expected = listed(reversed(known))
    meant = f"Did you mean {' or '.join(map(repr, close))}?" if close else ""
    hint = meant or (f"Expected one of {expected}." if known else "Nothing is stored yet.")
    raise UnknownTagError(f"There is no dataflow {tag!r}. {hint}")
