"""The columns of `keras-prov runs`: which there are, and what may have been meant by others."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from ...analysis.run_summary import RunSummary
from ...errors import UnknownTagError
from ...keras_schema.job_facts import JOB, JOB_FACTS
from ...store import Connection
from ...support.name_lists import listed

__all__ = [
    "EXTREMES",
    "FIELDS",
    "GROUPS",
    "SHOWN",
    "full_name",
    "job_names",
    "known_columns",
    "listed_columns",
    "names_of",
]

SHOWN = ("id", "execution", "dataflow", "status", "epochs", "last metrics", "duration")
FIELDS = (
    *("id", "execution", "dataflow", "status", "began", "ended", "epochs", "seconds"),
    "stop_reason",
)
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


def known_columns(
    connection: Connection,
    names: Sequence[str],
    found: Sequence[RunSummary],
    dataflow: str | None,
) -> dict[str, str]:
    """What each column is called in the runs: names may be written in any case.

    Args:
        connection: to the database.
        names: the columns that are asked for.
        found: the runs that are listed.
        dataflow: the tag of the one dataflow that is asked about; None: all.

    Raises:
        UnknownTagError: neither the runs nor others of the dataflow have such a column.
    """
    known = _known({group: names_of(found, group) for group in (*GROUPS, *EXTREMES)})
    meant = _meant(names, known)
    if len(meant) == len(set(names)):
        return meant
    from ...analysis.conditions import known_names  # only wrong names need it

    of_all = known_names(connection, dataflow)
    known = _known(of_all | dict.fromkeys(EXTREMES, of_all["metrics"]))
    meant = _meant(names, known)
    for name in names:
        if name not in meant:
            close = _close(full_name(name), known) or known
            raise UnknownTagError(
                f"There is no column {name!r}. Expected one of {listed(map(repr, close))}."
            )
    return meant


def _meant(names: Sequence[str], known: Mapping[str, None]) -> dict[str, str]:
    """The known names that are asked for: as written, or the only one in another case."""
    meant, in_lower = {}, _in_lower(known)
    for name in names:
        full = full_name(name)
        others = in_lower.get(full.lower(), [])
        if full in known:
            meant[name] = full
        elif len(others) == 1:
            meant[name] = others[0]
    return meant


def _close(name: str, known: Mapping[str, None]) -> list[str]:
    in_lower = _in_lower(known)
    found = difflib.get_close_matches(name.lower(), in_lower)
    return [each for lower in found for each in in_lower[lower]]


def _in_lower(known: Mapping[str, None]) -> dict[str, list[str]]:
    """The known names, by themselves in lower case."""
    found: dict[str, list[str]] = {}
    for each in known:
        found.setdefault(each.lower(), []).append(each)
    return found


def job_names(columns: Sequence[str]) -> list[str]:
    """The facts of jobs among columns, without their group."""
    return [name.partition(".")[2] for name in columns if name.partition(".")[0] == JOB]


def _known(groups: Mapping[str, Sequence[str]]) -> dict[str, None]:
    """All that may be named, given the names in each group."""
    known = [*SHOWN, *FIELDS, "note", *(name for group in GROUPS for name in groups[group])]
    known += [f"{JOB}.{name}" for name in JOB_FACTS]
    known += [f"{group}.{name}" for group, names in groups.items() for name in names]
    return dict.fromkeys(known)
