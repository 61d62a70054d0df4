"""Conditions and orders over the runs of several sites.

No site can be asked to join what others have. So the runs are read, and a table of only the values
that a condition names is asked in memory, with the same SQL that a condition is on one database.
"""

from __future__ import annotations

import difflib
import math
import re
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from ..analysis.conditions.literals import Kind, bound_literal, known_status
from ..analysis.conditions.names import ASKED_FIELDS, KINDS, SAME
from ..analysis.conditions.question import conditions_of, order_of
from ..analysis.run_summary import RunSummary
from ..errors import SelectionError, UnknownTagError
from ..support.clock import naive_utc
from ..support.name_lists import listed
from .reading import SiteRun

__all__ = ["selected"]

GROUPS = ("hyperparameters", "metrics", "lowest", "highest", "tags")
HOLDERS = ("hyperparameters", "metrics")
UNREAD = ("stop_reason", "job")
"""What is not read of other sites."""


def selected(
    found: Sequence[SiteRun], wheres: Sequence[str], sort: str | None, status: str | None
) -> list[SiteRun]:
    """The runs that fulfil all conditions, in order; without one, the newest are first.

    Raises:
        SelectionError: a condition or the order is not one, or names what is not read of sites.
        UnknownTagError: no run has such a name.
    """
    names = _Names([each.run for each in found])
    conditions, values = conditions_of(names, wheres)
    if status is not None:
        conditions.append(f"{names.column(None, 'status')} = %s")
        values.append(known_status(status))
    orders = [order_of(names, sort)] if sort else []
    orders.append(f"{names.column(None, 'began')} DESC NULLS LAST")
    fulfilled = " AND ".join(conditions) or "TRUE"
    # of columns of ours and of placeholders
    statement = f"SELECT place FROM runs WHERE {fulfilled} ORDER BY {', '.join(orders)}"
    return [found[place] for place in _places(names, statement, values)]


def _places(names: _Names, statement: str, values: Sequence[Any]) -> list[int]:
    """The places of the runs that a statement finds."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.create_function("like", 2, _is_like)
        connection.create_function("regexp", 2, _is_like_in_any_case)
        columns = names.columns
        connection.execute(f"CREATE TABLE runs ({', '.join(['place', *columns])})")
        marks = ", ".join("?" * (len(columns) + 1))
        connection.executemany(f"INSERT INTO runs VALUES ({marks})", names.rows())
        sql = statement.replace(" ILIKE ", " REGEXP ").replace("%s", "?").replace("%%", "%")
        return [place for (place,) in connection.execute(sql, [_stored(each) for each in values])]
    except sqlite3.Error as error:
        raise SelectionError(f"The condition cannot be asked of several sites: {error}.") from None
    finally:
        connection.close()


class _Names:
    """Finds what a name stands for, and collects the columns that it takes."""

    def __init__(self, runs: Sequence[RunSummary]) -> None:
        self._runs = runs
        self._readers: list[Callable[[RunSummary], Any]] = []
        self._known: dict[tuple[str | None, str, str], str] = {}
        self._kinds: dict[str, Kind] = {}

    @property
    def columns(self) -> list[str]:
        """The columns of the table, beside the place of the run."""
        return [f"c{number}" for number in range(len(self._readers))]

    def rows(self) -> list[list[Any]]:
        """The rows of the table."""
        return [
            [place, *(_stored(read(run)) for read in self._readers)]
            for place, run in enumerate(self._runs)
        ]

    def column(self, group: str | None, name: str) -> str:
        """A name as SQL; raises UnknownTagError or SelectionError."""
        return self._column(group, name, "", _number)

    def text_column(self, group: str | None, name: str) -> str:
        """A name as SQL, where it is compared with a text or with NULL."""
        return self._column(group, name, "text", _text)

    def exact_column(self, group: str | None, name: str) -> str:
        """The text that spells a number which is NaN or infinite, as SQL."""
        return self._column(group, name, "exact", _spelled)

    def bound(self, group: str | None, name: str, operator: str, text: str, is_text: bool) -> Any:
        """A literal that is compared with a name, as the value to bind; raises SelectionError."""
        kind = self._kinds.get(self.column(group, name))
        if kind is None:
            return text if is_text else float(text)
        full = name if group is None else f"{group}.{name}"
        return bound_literal(full, kind, operator, text, is_text=is_text)

    def _column(self, group: str | None, name: str, form: str, shaped: Callable[[Any], Any]) -> str:
        key = (group, name, form)
        if key not in self._known:
            read, kind = self._reader(group, name)
            column = self._known[key] = f"c{len(self._readers)}"
            is_plain = kind is not None and kind is not Kind.NUMBER
            self._readers.append(read if is_plain else lambda run: shaped(read(run)))
            if kind is not None:
                self._kinds[column] = kind
        return self._known[key]

    def _reader(
        self, group: str | None, name: str
    ) -> tuple[Callable[[RunSummary], Any], Kind | None]:
        field = name.lower()
        if field in UNREAD if group is None else group.lower() in UNREAD:
            raise SelectionError(
                f"{name if group is None else group!r} is not read of other sites: ask one site "
                "with --store, or in SQL."
            )
        if group is None and field in ASKED_FIELDS:
            return lambda run: getattr(run, field), KINDS.get(field, Kind.TEXT)
        group = self._holder(name) if group is None else SAME.get(group.lower(), group.lower())
        if group not in GROUPS:
            raise UnknownTagError(
                f"Unknown name '{group}.{name}'. Before the dot, one of {', '.join(GROUPS)} was "
                "expected."
            )
        known = self._named(group, name)
        if known is None:
            raise self._unknown(group, name)
        return lambda run: getattr(run, group).get(known), self._kind(group, known)

    def _kind(self, group: str, name: str) -> Kind | None:
        """What a name of a group is; None for a hyperparameter that is a text in some runs."""
        if group != "hyperparameters":
            return KINDS[group]
        values = [run.hyperparameters.get(name) for run in self._runs]
        are_texts = [isinstance(value, str) for value in values if value is not None]
        return Kind.TEXT if all(are_texts) else None if any(are_texts) else Kind.NUMBER

    def _holder(self, name: str) -> str:
        held = [group for group in HOLDERS if self._named(group, name) is not None]
        if len(held) == 2 and self._kind("hyperparameters", name.lower()) is Kind.TEXT:
            return "metrics"  # such as `loss`, which is also what compile() was given
        if len(held) == 2:
            raise SelectionError(
                f"{name!r} is a hyperparameter and a metric: write hyperparameters.{name} or "
                f"metrics.{name}."
            )
        if not held:
            raise self._unknown(None, name)
        return held[0]

    def _named(self, group: str, name: str) -> str | None:
        """The name as runs have it; names may be written in any case."""
        names = dict.fromkeys(known for run in self._runs for known in getattr(run, group))
        if name in names:
            return name
        others = [known for known in names if known.lower() == name.lower()]
        return others[0] if len(others) == 1 else None

    def _unknown(self, group: str | None, name: str) -> UnknownTagError:
        groups = HOLDERS if group is None else (group,)
        known = {known for run in self._runs for each in groups for known in getattr(run, each)}
        every = sorted(known) + (list(ASKED_FIELDS) if group is None else [])
        shown = [repr(each) for each in difflib.get_close_matches(name, every) or every]
        meant = f"Known: {listed(shown)}." if shown else "There are none yet."
        return UnknownTagError(f"No run of these sites has {name!r}. {meant}")


def _number(value: Any) -> Any:
    return None if isinstance(value, str) or _spelled(value) is not None else value


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _spelled(value: Any) -> str | None:
    return str(value) if isinstance(value, float) and not math.isfinite(value) else None


def _stored(value: Any) -> Any:
    return naive_utc(value).isoformat(" ") if isinstance(value, datetime) else value


@lru_cache(maxsize=16)
def _pattern(like: str, flags: int) -> re.Pattern[str]:
    signs = {"%": ".*", "_": "."}
    return re.compile("".join(signs.get(sign, re.escape(sign)) for sign in like), flags)


def _is_like(pattern: str | None, text: Any) -> bool | None:
    if pattern is None or text is None:
        return None
    return _pattern(pattern, re.DOTALL).fullmatch(str(text)) is not None


def _is_like_in_any_case(pattern: str | None, text: Any) -> bool | None:
    if pattern is None or text is None:
        return None
    return _pattern(pattern, re.DOTALL | re.IGNORECASE).fullmatch(str(text)) is not None
