"""The names in conditions, as SQL over a run ``e`` and its dataflow ``d``."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ...errors import SelectionError, UnknownTagError
from ...executions.own_names import OwnNames
from ...keras_schema.job_facts import JOB_FACTS
from ...store import Connection
from ...store.comparison.metric_summaries import summaries_source
from ...store.reading import Catalogue
from ...store.schema import table
from ...store.sql import identifier
from ...support.name_lists import listed
from ..run_summary import FIELDS
from . import sources
from .job_source import job_source
from .known_names import known_names
from .literals import Kind, bound_literal

__all__ = ["ASKED_FIELDS", "Names"]

GROUPS = ("hyperparameters", "metrics", "lowest", "highest", "tags", "job")
SAME = {
    "params": "hyperparameters",
    "hyperparameter": "hyperparameters",
    "metric": "metrics",
    "tag": "tags",
}
HOLDERS = {"hyperparameters": "hyperparameter_value", "metrics": "metric_value"}
ASKED_FIELDS = (*FIELDS, "note")
KINDS = {
    "id": Kind.NUMBER,
    "dataflow": Kind.DATAFLOW,
    "status": Kind.STATUS,
    "began": Kind.TIME,
    "ended": Kind.TIME,
    "seconds": Kind.NUMBER,
    "epochs": Kind.NUMBER,
    "tags": Kind.TEXT,
    "job": Kind.TEXT,
    "metrics": Kind.NUMBER,
    "lowest": Kind.NUMBER,
    "highest": Kind.NUMBER,
}
"""What fields and groups are; the others are texts, but for hyperparameters."""

FIRST_METRICS = ("loss", "val_loss")
"""They are named before others."""

PLAIN = re.compile(r"[^\W\d]\w*")
"""A name that needs no double quotes."""


class Names:
    """Finds what a name stands for, and collects the joins that it takes.

    Attributes:
        joins: the joins, with placeholders.
        parameters: their values.
    """

    def __init__(self, connection: Connection, catalogue: Catalogue) -> None:
        self._connection, self._catalogue = connection, catalogue
        self._own = OwnNames(connection, catalogue)
        self._summaries = ""
        self._known: dict[tuple[str, str], str] = {}
        self._texts: dict[str, str] = {}
        self._exact: dict[str, str] = {}
        self._kinds: dict[str, Kind] = {}
        self.joins: list[str] = []
        self.parameters: list[Any] = []

    def column(self, group: str | None, name: str) -> str:
        """A name as SQL; raises UnknownTagError or SelectionError."""
        if group is None and name.lower() in ASKED_FIELDS:
            return self._once("field", name.lower(), self._field)
        group = self._group_of(name) if group is None else SAME.get(group.lower(), group.lower())
        if group not in GROUPS:
            raise UnknownTagError(
                f"Unknown name '{group}.{name}'. Before the dot, one of {', '.join(GROUPS)} was "
                "expected."
            )
        self._needs_comparison(f"{group}.{name}")
        makers: dict[str, Callable[[str], str]] = {
            "hyperparameters": self._hyperparameter,
            "tags": self._tag,
            "job": self._job_fact,
        }
        return self._once(
            group, name, makers.get(group) or (lambda each: self._metric(group, each))
        )

    def text_column(self, group: str | None, name: str) -> str:
        """A name as SQL, where it is compared with a text or with NULL."""
        column = self.column(group, name)
        return self._texts.get(column, column)

    def exact_column(self, group: str | None, name: str) -> str:
        """The text that spells a number which is NaN or infinite, as SQL."""
        column = self.column(group, name)
        if column not in self._exact:
            raise SelectionError(
                f"{_full(group, name)!r} is never NaN or infinite. Expected the last value of a "
                "metric, as in isnan(val_loss), or a hyperparameter."
            )
        return self._exact[column]

    def bound(self, group: str | None, name: str, operator: str, text: str, is_text: bool) -> Any:
        """A literal that is compared with a name, as the value to bind; raises SelectionError."""
        kind = self._kinds.get(self.column(group, name))
        if kind is None:
            return text if is_text else float(text)
        return bound_literal(_full(group, name), kind, operator, text, is_text=is_text)

    def _once(self, group: str, name: str, make: Callable[[str], str]) -> str:
        if (group, name) not in self._known:
            column = self._known[group, name] = make(name)
            kind = KINDS.get(name if group == "field" else group)
            if kind or group == "field":
                self._kinds[column] = kind or Kind.TEXT
        return self._known[group, name]

    def _needs_comparison(self, name: str) -> None:
        if not self._catalogue.columns("execution_tag"):
            raise SelectionError(
                f"{name!r} cannot be asked for, because this catalogue was made by an earlier "
                f"version: `keras-prov db upgrade` upgrades it. Until then, conditions may have "
                f"{', '.join(FIELDS)}."
            )

    def _group_of(self, name: str) -> str:
        """Whether a bare name is a hyperparameter's or a metric's."""
        self._needs_comparison(name)
        holders = [group for group in HOLDERS if self._is_held(group, name)]
        if len(holders) == 1:
            return holders[0]
        if holders and not self._has_numbers(name):
            return "metrics"  # such as `loss`, which is also what compile() was given
        if holders:
            shown = _shown(name)
            raise SelectionError(
                f"{name!r} is a hyperparameter and a metric: write hyperparameters.{shown} or "
                f"metrics.{shown}."
            )
        raise self._unknown(name, list(HOLDERS), ASKED_FIELDS)

    def _is_held(self, group: str, name: str) -> bool:
        """Whether some run has a hyperparameter or a metric of this name."""
        if group == "metrics" and self._own.stored(name):
            return True
        found = self._connection.query(
            f"SELECT 1 FROM {self._values(group)} AS v WHERE name = %s LIMIT 1", [name.lower()]
        )
        return bool(found)

    def _values(self, group: str) -> str:
        """A table with all names of a group; there are far fewer summaries than values."""
        return self._summary_source() if group == "metrics" else table(HOLDERS[group])

    def _has_numbers(self, name: str) -> bool:
        """Whether a hyperparameter is a number in some run."""
        return self._counts(name)[0] > 0

    def _counts(self, name: str) -> tuple[int, int]:
        """How often a hyperparameter is a number, and how often it is known."""
        ((numbers, values),) = self._connection.query(
            f"SELECT count(number), count(value) FROM {table('hyperparameter_value')} "
            "WHERE name = %s",
            [name.lower()],
        )
        return numbers, values

    def _unknown(self, name: str, groups: list[str], more: tuple[str, ...] = ()) -> UnknownTagError:
        names = known_names(self._connection)
        known = [*more, *(each for group in groups for each in names[group])]
        close = [
            each for form in (name.lower(), name) for each in difflib.get_close_matches(form, known)
        ]
        close = list(dict.fromkeys(close))[:3]
        ordered = sorted(set(known), key=lambda each: (each not in FIRST_METRICS, each))
        shown = [f"'{_shown(each)}'" for each in close or ordered]
        meant = f"Did you mean {' or '.join(shown)}?" if close else f"Known: {listed(shown)}."
        return UnknownTagError(f"No run has {name!r}. {meant if shown else 'There are none yet.'}")

    def _must_be_held(self, group: str, name: str) -> None:
        if not self._is_held(group, name):
            raise self._unknown(name, [group])

    def _join(self, source: tuple[str, list[str]]) -> str:
        query, parameters = source
        alias = f"j{len(self.joins)}"
        self.joins.append(f"LEFT JOIN ({query}) AS {alias} ON {alias}.df_exec = e.id")
        self.parameters += parameters
        return alias

    def _field(self, name: str) -> str:
        plain = {"id": "e.id", "execution": "e.tag", "dataflow": "d.tag"}
        if name in plain:
            return plain[name]
        if name == "status":
            return f"{self._join(sources.status_source(self._catalogue))}.status"
        if name == "stop_reason":
            source = sources.stop_reason_source(self._connection, self._catalogue)
            return f"{self._join(source)}.stop_reason"
        if name in ("epochs", "note"):
            self._needs_comparison(name)
        if name == "epochs":
            return (
                f"COALESCE({self._join(sources.epochs_source(self._summary_source()))}.epochs, 0)"
            )
        if name == "note":
            return f"{self._join(sources.note_source())}.text"
        times = self._once("times", "", lambda _: self._join(sources.times_source(self._catalogue)))
        if name == "seconds":
            now = f"TIMESTAMP '{datetime.now(UTC):%Y-%m-%d %H:%M:%S}'"
            ms = f"sys.epoch_ms(COALESCE({times}.ended, {now})) - sys.epoch_ms({times}.began)"
            return f"(({ms}) / 1000.0)"
        return f"{times}.{name}"

    def _summary_source(self) -> str:
        self._summaries = self._summaries or summaries_source(self._connection)
        return self._summaries

    def _hyperparameter(self, name: str) -> str:
        self._must_be_held("hyperparameters", name)
        alias = self._join(sources.hyperparameter_source(name.lower()))
        numbers, values = self._counts(name)
        column = f"{alias}.{'number' if numbers else 'value'}"
        self._exact[column] = f"{alias}.value"
        if not numbers:
            self._kinds[column] = Kind.TEXT
        elif numbers < values:  # a text in some runs
            self._texts[column] = f"{alias}.value"
        else:
            self._kinds[column] = Kind.NUMBER
        return column

    def _metric(self, group: str, name: str) -> str:
        self._must_be_held("metrics", name)
        source = sources.metric_source(group, name, self._summary_source(), self._own)
        alias = self._join(source)
        if group == "metrics":
            self._exact[f"{alias}.value"] = f"{alias}.exact"
            # NaN and infinity are values, though only their text is stored
            self._texts[f"{alias}.value"] = (
                f"COALESCE({alias}.exact, CAST({alias}.value AS VARCHAR(64)))"
            )
        return f"{alias}.value"

    def _tag(self, name: str) -> str:
        return f"{self._join(sources.tag_source(name))}.value"

    def _job_fact(self, name: str) -> str:
        if name.lower() not in JOB_FACTS:
            raise UnknownTagError(
                f"Nothing is recorded as 'job.{name}'. Expected one of {', '.join(JOB_FACTS)}."
            )
        source = job_source(self._connection, self._catalogue, name.lower())
        return f"{self._join(source)}.value"


def _full(group: str | None, name: str) -> str:
    return name if group is None else f"{group}.{name}"


def _shown(name: str) -> str:
    """A name as conditions take it: in double quotes, if it is not plain."""
    return name if PLAIN.fullmatch(name) else identifier(name)
