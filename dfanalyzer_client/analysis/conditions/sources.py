"""Where the values of conditions are: queries with one row for each run, ``df_exec``."""

from __future__ import annotations

from ...executions.measured_values import LAST_FIRST, NEVER
from ...executions.own_names import OwnNames
from ...executions.stop_reasons import stop_reasons_query
from ...keras_schema import Role
from ...store import Connection
from ...store.reading import Catalogue
from ...store.schema import table
from ...store.sql import literal, placeholders

__all__ = [
    "epochs_source",
    "hyperparameter_source",
    "metric_source",
    "note_source",
    "status_source",
    "stop_reason_source",
    "tag_source",
    "times_source",
]

Source = tuple[str, list[str]]
"""A query, and the values of its placeholders."""

OF_EVERY_TRAINING = ("loss", "val_loss", "otest_loss")
"""Keras' own metrics, whose names are never those of another one."""


def times_source(catalogue: Catalogue) -> Source:
    """When runs began and ended."""
    return literal(
        "SELECT b.df_exec, min(b.began) AS began, CASE WHEN count(e.ended) = count(*) "
        f"THEN max(e.ended) END AS ended FROM {_tasks(catalogue)} GROUP BY b.df_exec"
    ), []


def status_source(catalogue: Catalogue) -> Source:
    """The status of the training that ended last or runs; else of the last task."""
    if catalogue.columns("data_set_role"):
        trainings = (
            f"SELECT p.previous_dt_id FROM {table('data_dependency')} AS p JOIN "
            f"{table('data_set_role')} AS r ON r.ds_id = p.ds_id "
            f"WHERE r.role = '{Role.EPOCHS.value}' AND p.previous_dt_id IS NOT NULL"
        )
    else:
        trainings = (
            f"SELECT x.id FROM {catalogue.table('data_transformation')} AS x "
            "WHERE x.tag = 'trainingmodel'"
        )
    return literal(
        "SELECT df_exec, status FROM (SELECT b.df_exec, COALESCE(e.status, b.status) AS status,"
        " row_number() OVER (PARTITION BY b.df_exec ORDER BY CASE WHEN y.id IS NULL "
        f"THEN 0 ELSE 1 END DESC, COALESCE(e.ended, {NEVER}) DESC, b.id DESC) AS place "
        f"FROM {_tasks(catalogue)} LEFT JOIN (SELECT DISTINCT z.id FROM ({trainings}) AS z(id)) "
        "AS y ON y.id = b.dt_id) AS s WHERE place = 1"
    ), []


def stop_reason_source(connection: Connection, catalogue: Catalogue) -> Source:
    """Why the last training ended."""
    return literal(stop_reasons_query(connection, catalogue)), []


def epochs_source(summaries: str) -> Source:
    """How many epochs are stored."""
    return literal(
        "SELECT df_exec, max(epochs) AS epochs FROM (SELECT t.df_exec, m.name, sum(m.count) AS "
        f"epochs FROM {summaries} AS m JOIN {table('task_begun')} AS t ON t.id = m.task_id "
        "WHERE m.last_epoch IS NOT NULL GROUP BY t.df_exec, m.name) AS c GROUP BY df_exec"
    ), []


def hyperparameter_source(name: str) -> Source:
    """A hyperparameter of the last training, as a text and, if it is one, as a number."""
    return (
        "SELECT df_exec, value, number FROM (SELECT t.df_exec, v.value, v.number, row_number() "
        "OVER (PARTITION BY t.df_exec ORDER BY v.task_id DESC) AS place "
        f"FROM {table('hyperparameter_value')} AS v JOIN {table('task_begun')} AS t "
        "ON t.id = v.task_id WHERE v.epoch IS NULL AND v.name = %s) AS h WHERE place = 1",
        [name],
    )


def metric_source(group: str, name: str, summaries: str, own: OwnNames) -> Source:
    """A metric's last, lowest or highest value, and ``exact``, which says NaN and infinity.

    Args:
        group: ``metrics``, ``lowest`` or ``highest``.
        name: the metric's own name, or that of its column.
        summaries: what FROM takes to find the summaries.
        own: the metrics that are stored under other names.
    """
    value, order = {
        "metrics": ('m."last"', LAST_FIRST),
        "lowest": ("m.lowest", "m.lowest ASC NULLS LAST"),
        "highest": ("m.highest", "m.highest DESC NULLS LAST"),
    }[group]
    which, parameters = _which(name, own)
    return (
        f"SELECT df_exec, value, exact FROM (SELECT t.df_exec, {value} AS value, m.last_exact AS "
        f"exact, row_number() OVER (PARTITION BY t.df_exec ORDER BY {order}) AS place "
        f"FROM {literal(summaries)} AS m JOIN {table('task_begun')} AS t ON t.id = m.task_id "
        f"LEFT JOIN {table('task_ended')} AS z ON z.task_id = m.task_id {which}) AS h "
        "WHERE place = 1",
        parameters,
    )


def tag_source(name: str) -> Source:
    """The value of a tag."""
    return f"SELECT g.df_exec, g.value FROM {table('tags')} AS g WHERE g.name = %s", [name]


def note_source() -> Source:
    """The note."""
    return f"SELECT g.df_exec, g.text FROM {table('notes')} AS g", []


def _tasks(catalogue: Catalogue) -> str:
    return (
        f"{catalogue.table('task_begun')} AS b "
        f"LEFT JOIN {catalogue.table('task_ended')} AS e ON e.task_id = b.id"
    )


def _which(name: str, own: OwnNames) -> Source:
    """The joins and the condition that leave only the summaries of one metric.

    A run that stores no metric of this name under another one has it in lower case.
    """
    stored = own.stored(name)
    plain = name.lower()
    if not stored or own.source is None:
        return "WHERE m.name = %s", [plain]
    default = "" if plain in OF_EVERY_TRAINING and plain != name else plain
    return (
        f"LEFT JOIN (SELECT n.df_exec, n.stored FROM ({literal(own.source)}) AS n "
        "WHERE n.own = %s) AS r ON r.df_exec = t.df_exec "
        f"WHERE m.name IN ({placeholders(len(stored) + 1)}) AND m.name = COALESCE(r.stored, %s)",
        [name, *stored, default, default],
    )
