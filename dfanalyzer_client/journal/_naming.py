"""Which executions a journal names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from ..declarations.encoding import encode
from ..declarations.erasures import execution_named
from ._reader import JournalReader, opened

__all__ = ["executions_named", "tags_in_lines", "tags_named"]

NAMED = re.compile(rb'"(?:exec|opens)": ?("(?:[^"\\]|\\.)*")')
"""An execution's tag in JSON, with its quotes. In texts, quotes are escaped."""

LINKS = b'"derivedFrom"'


def executions_named(path: Path) -> list[tuple[str, str]]:
    """The dataflow and the tag of each execution that a journal has messages of, in order."""
    named = (execution_named(record.message) for record in JournalReader(path))
    return list(dict.fromkeys(each for each in named if each is not None))


def tags_named(path: Path, tags: Collection[str]) -> set[str]:
    """Those of `tags` that a journal names, as an execution or as what one was derived from.

    Raises:
        OSError, EOFError, zlib.error: the journal cannot be read, or is damaged.
    """
    with opened(path) as file:
        return tags_in_lines(file, tags)


def tags_in_lines(lines: Iterable[bytes], tags: Collection[str]) -> set[str]:
    """`tags_named`, without parsing the lines that name none."""
    wanted = {encode(tag).encode("ascii"): tag for tag in tags}
    found: set[str] = set()
    for line in lines:
        found.update(wanted[tag] for tag in NAMED.findall(line) if tag in wanted)
        if LINKS in line:
            found.update(tag for encoded, tag in wanted.items() if encoded in line)
        if len(found) == len(wanted):
            break
    return found
