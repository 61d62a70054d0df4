"""The columns of `keras-prov runs`: which there are, and what may have been meant by others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from ...analysis.run_summary import RunSummary
from ...errors import UnknownTagError
from ...store import Connection
from ...support.name_lists import listed

__all__ = [
    "EXTREMES",
    "FIELDS",
    "GROUPS",
    "SHOWN",
    "check_columns",
    "full_name",
    "listed_columns",
    "names_of",
]

SHOWN = ("id", "execution", "dataflow", "status", "epochs", "last metrics", "duration")
FIELDS = ("id", "execution", "dataflow", "status", "began", "ended", "epochs", "seconds")
GROUPS = ("metrics", "hyperparameters", "tags")
EXTREMES = ("lowest", "highest")
"""Of metrics; they are not shown unless they are asked for."""

ALIASES = {
    "metric": "metrics",
    "params": "hyperparameters",
    "hyperparameter": "hyperparameters",
    "tag": "tags",
}
COLUMN = re.compile(
    r'\s*(?:(?P<group>\w+)\.)?"(?P<quoted>(?:[^"]|"")+)"\s*(?:,|$)|(?P<plain>[^,]*)(?:,|$)'
)
"""A column, with what separates it from the next one."""


def listed_columns(text: str) -> list[str]:
    """The names in a list with commas, which may be in double quotes as in conditions."""
    names = []
    for found in COLUMN.finditer(text):
        if found["quoted"]:
            group = f"{found['group']}." if found["group"] else ""
            names.append(group + found["quoted"].replace('""', '"'))
        elif found["plain"].strip():
            names.append(found["plain"].strip())
    return names


def full_name(name: str) -> str:
    """A column's name, whose group may be written as in conditions."""
    group, dot, rest = name.partition(".")
    return f"{ALIASES.get(group, group)}{dot}{rest}"


def names_of(found: Sequence[RunSummary], group: str) -> list[str]:
    """What the runs have in a group: names of metrics, hyperparameters or tags."""
    return list(dict.fromkeys(name for each in found for name in getattr(each, group)))


def check_columns(
    connection: Connection,
    names: Sequence[str],
    found: Sequence[RunSummary],
    dataflow: str | None,
) -> None:
    """Raise UnknownTagError if neither the runs nor others of the dataflow have a column.

    Args:
        connection: to the database.
        names: the columns that are asked for.
        found: the runs that are listed.
        dataflow: the tag of the one dataflow that is asked about; None: all.
    """
    known = _known({group: names_of(found, group) for group in (*GROUPS, *EXTREMES)})
    if all(full_name(name) in known for name in names):
        return
    from ...analysis.conditions import known_names  # only wrong names need it

    of_all = known_names(connection, dataflow)
    known = _known(of_all | dict.fromkeys(EXTREMES, of_all["metrics"]))
    for name in names:
        if full_name(name) not in known:
            close = difflib.get_close_matches(full_name(name), known) or known
            raise UnknownTagError(
                f"There is no column {name!r}. Expected one of {listed(map(repr, close))}."
            )


def _known(groups: Mapping[str, Sequence[str]]) -> dict[str, None]:
    """All that may be named, given the names in each group."""
    known = [*SHOWN, *FIELDS, "note", *(name for group in GROUPS for name in groups[group])]
    known += [f"{group}.{name}" for group, names in groups.items() for name in names]
    return dict.fromkeys(known)
