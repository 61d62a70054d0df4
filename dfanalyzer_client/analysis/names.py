"""The names in conditions, as SQL over a run ``e`` and its dataflow ``d``."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ..errors import SelectionError, UnknownTagError
from ..keras_schema import Role
from ..store import Connection
from ..store.comparison.metric_summaries import summaries_source
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import literal
from .run_summary import FIELDS

__all__ = ["Names"]

GROUPS = ("hyperparameters", "metrics", "lowest", "highest", "tags")
SAME = {"params": "hyperparameters", "hyperparameter": "hyperparameters", "metric": "metrics"}
HOLDERS = {"hyperparameters": "hyperparameter_value", "metrics": "metric_value"}
FAR = "TIMESTAMP '9999-12-31 00:00:00'"


class Names:
    """Finds what a name stands for, and collects the joins that it takes.

    Attributes:
        joins: the joins, with placeholders.
        parameters: their values.
    """

    def __init__(self, connection: Connection, catalogue: Catalogue) -> None:
        self._connection, self._catalogue = connection, catalogue
        self._summaries = ""
        self._known: dict[tuple[str, str], str] = {}
        self._texts: dict[str, str] = {}
        self.joins: list[str] = []
        self.parameters: list[Any] = []

    def column(self, group: str | None, name: str) -> str:
        """A name as SQL; raises UnknownTagError or SelectionError."""
        if group is None and name.lower() in FIELDS:
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
        }
        return self._once(
            group, name, makers.get(group) or (lambda each: self._metric(group, each))
        )

    def text_column(self, group: str | None, name: str) -> str:
        """A name as SQL, where it is compared with a text or with NULL."""
        column = self.column(group, name)
        return self._texts.get(column, column)

    def _once(self, group: str, name: str, make: Callable[[str], str]) -> str:
        if (group, name) not in self._known:
            self._known[group, name] = make(name)
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
        holders = [group for group, of in HOLDERS.items() if self._exists(name.lower(), of)]
        if len(holders) == 1:
            return holders[0]
        if holders and not self._has_numbers(name):
            return "metrics"  # such as `loss`, which is also what compile() was given
        if holders:
            raise SelectionError(
                f"{name!r} is a hyperparameter and a metric: write 'hyperparameters.{name}' or "
                f"'metrics.{name}'."
            )
        raise self._unknown(name, ["hyperparameter_value", "metric_value"], FIELDS)

    def _has_numbers(self, name: str) -> bool:
        """Whether a hyperparameter is a number in some run."""
        ((numbers,),) = self._connection.query(
            f"SELECT count(number) FROM {table('hyperparameter_value')} WHERE name = %s",
            [name.lower()],
        )
        return bool(numbers)

    def _unknown(self, name: str, tables: list[str], more: tuple[str, ...] = ()) -> UnknownTagError:
        known = list(more)
        for of in tables:
            rows = self._connection.query(
                f"SELECT DISTINCT name FROM {self._values(of)} AS v WHERE name IS NOT NULL"
            )
            known += [each for (each,) in rows]
        close = difflib.get_close_matches(name.lower(), known, 3) or sorted(known)[:20]
        meant = f"Did you mean {' or '.join(map(repr, close))}?" if close else "There are none yet."
        return UnknownTagError(f"No run has {name!r}. {meant}")

    def _must_exist(self, name: str, of: str) -> None:
        if not self._exists(name, of):
            raise self._unknown(name, [of])

    def _exists(self, name: str, of: str) -> bool:
        found = f"SELECT 1 FROM {self._values(of)} AS v WHERE name = %s LIMIT 1"
        return bool(self._connection.query(found, [name]))

    def _values(self, of: str) -> str:
        """A table with all names of `of`; there are far fewer summaries than values of metrics."""
        return self._summary_source() if of == "metric_value" else table(of)

    def _join(self, source: str, parameters: list[Any]) -> str:
        alias = f"j{len(self.joins)}"
        self.joins.append(f"LEFT JOIN ({source}) AS {alias} ON {alias}.df_exec = e.id")
        self.parameters += parameters
        return alias

    def _field(self, name: str) -> str:
        plain = {"id": "e.id", "execution": "e.tag", "dataflow": "d.tag"}
        if name in plain:
            return plain[name]
        if name == "status":
            return f"{self._join(self._statuses(), [])}.status"
        if name == "epochs":
            self._needs_comparison(name)
            return f"COALESCE({self._join(self._epochs(), [])}.epochs, 0)"
        times = self._once("times", "", lambda _: self._join(self._times(), []))
        if name == "seconds":
            now = f"TIMESTAMP '{datetime.now(UTC):%Y-%m-%d %H:%M:%S}'"
            ms = f"sys.epoch_ms(COALESCE({times}.ended, {now})) - sys.epoch_ms({times}.began)"
            return f"(({ms}) / 1000.0)"
        return f"{times}.{name}"

    def _tasks(self) -> str:
        return (
            f"{self._catalogue.table('task_begun')} AS b "
            f"LEFT JOIN {self._catalogue.table('task_ended')} AS e ON e.task_id = b.id"
        )

    def _times(self) -> str:
        return literal(
            "SELECT b.df_exec, min(b.began) AS began, CASE WHEN count(e.ended) = count(*) "
            f"THEN max(e.ended) END AS ended FROM {self._tasks()} GROUP BY b.df_exec"
        )

    def _statuses(self) -> str:
        """The status of the training that ended last or runs; else of the last task."""
        if self._catalogue.columns("data_set_role"):
            trainings = (
                f"SELECT p.previous_dt_id FROM {table('data_dependency')} AS p JOIN "
                f"{table('data_set_role')} AS r ON r.ds_id = p.ds_id "
                f"WHERE r.role = '{Role.EPOCHS.value}' AND p.previous_dt_id IS NOT NULL"
            )
        else:
            trainings = (
                f"SELECT x.id FROM {self._catalogue.table('data_transformation')} AS x "
                "WHERE x.tag = 'trainingmodel'"
            )
        return literal(
            "SELECT df_exec, status FROM (SELECT b.df_exec, COALESCE(e.status, b.status) AS status,"
            " row_number() OVER (PARTITION BY b.df_exec ORDER BY CASE WHEN y.id IS NULL "
            f"THEN 0 ELSE 1 END DESC, COALESCE(e.ended, {FAR}) DESC, b.id DESC) AS place "
            f"FROM {self._tasks()} LEFT JOIN (SELECT DISTINCT z.id FROM ({trainings}) AS z(id)) "
            "AS y ON y.id = b.dt_id) AS s WHERE place = 1"
        )

    def _epochs(self) -> str:
        return literal(
            "SELECT df_exec, max(epochs) AS epochs FROM (SELECT t.df_exec, m.name, sum(m.count) AS "
            f"epochs FROM {self._summary_source()} AS m "
            f"JOIN {table('task_begun')} AS t "
            "ON t.id = m.task_id WHERE m.last_epoch IS NOT NULL GROUP BY t.df_exec, m.name) AS c "
            "GROUP BY df_exec"
        )

    def _summary_source(self) -> str:
        self._summaries = self._summaries or summaries_source(self._connection)
        return self._summaries

    def _hyperparameter(self, name: str) -> str:
        self._must_exist(name.lower(), "hyperparameter_value")
        alias = self._join(
            "SELECT df_exec, value, number FROM (SELECT t.df_exec, v.value, v.number, row_number() "
            "OVER (PARTITION BY t.df_exec ORDER BY v.task_id DESC) AS place "
            f"FROM {table('hyperparameter_value')} AS v JOIN {table('task_begun')} AS t "
            "ON t.id = v.task_id WHERE v.epoch IS NULL AND v.name = %s) AS h WHERE place = 1",
            [name.lower()],
        )
        ((numbers, values),) = self._connection.query(
            f"SELECT count(number), count(value) FROM {table('hyperparameter_value')} "
            "WHERE name = %s",
            [name.lower()],
        )
        if numbers < values:  # a text in some runs
            self._texts[f"{alias}.number"] = f"{alias}.value"
        return f"{alias}.{'number' if numbers else 'value'}"

    def _metric(self, group: str, name: str) -> str:
        self._must_exist(name.lower(), "metric_value")
        wanted = {
            "metrics": 'm."last"',
            "lowest": "m.lowest",
            "highest": "m.highest",
        }[group]
        order = (
            "m.task_id DESC"
            if group == "metrics"
            else (f"{wanted} {'ASC' if group == 'lowest' else 'DESC'} NULLS LAST")
        )
        alias = self._join(
            f"SELECT df_exec, value FROM (SELECT t.df_exec, {wanted} AS value, row_number() OVER "
            f"(PARTITION BY t.df_exec ORDER BY {order}) AS place "
            f"FROM {self._summary_source()} AS m "
            f"JOIN {table('task_begun')} AS t ON t.id = m.task_id WHERE m.name = %s) AS h "
            "WHERE place = 1",
            [name.lower()],
        )
        return f"{alias}.value"

    def _tag(self, name: str) -> str:
        alias = self._join(
            f"SELECT g.df_exec, g.value FROM {table('tags')} AS g WHERE g.name = %s", [name]
        )
        return f"{alias}.value"
