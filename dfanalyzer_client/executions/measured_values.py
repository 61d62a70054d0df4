"""What runs have measured: the last, the lowest and the highest value of each metric.

The last value is that of the last epoch of the last training that measured the metric. The last of
several trainings is the one that ended last, or still runs: one that began later may have run
inside it, in a callback.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from ..store.comparison.metric_summaries import summaries_source
from ..store.connection import Connection
from ..store.exact_numbers import exact_value
from ..store.reading import Catalogue
from ..store.schema import table
from ..store.sql import among
from .own_names import OwnNames

__all__ = ["LAST_FIRST", "NEVER", "Measured", "measured_by"]

NEVER = "TIMESTAMP '9999-12-31 00:00:00'"
LAST_FIRST = f"COALESCE(z.ended, {NEVER}) DESC, m.task_id DESC"
"""An order in which the last task comes first; ``z`` is its end and ``m`` has its id."""

Values = dict[str, float | None]


@dataclass
class Measured:
    """What one run has measured, by the metrics' own names; a test's begin with ``otest_``.

    Attributes:
        last: the last value of each metric, exact: also NaN, infinity and large integers.
        lowest: the lowest value, of all epochs of all trainings, without NaN and infinity.
        highest: the highest one.
    """

    last: Values = field(default_factory=dict)
    lowest: Values = field(default_factory=dict)
    highest: Values = field(default_factory=dict)


def measured_by(
    connection: Connection, catalogue: Catalogue, executions: Collection[int]
) -> dict[int, Measured]:
    """What executions have measured; a catalogue that was not upgraded knows nothing of it."""
    found = {id_: Measured() for id_ in executions}
    if not found or not catalogue.columns("metric_value"):
        return found
    own = OwnNames(connection, catalogue).of(found)
    rows = connection.query(
        'SELECT t.df_exec, m.name, m.lowest, m.highest, m."last", m.last_exact '
        f"FROM {summaries_source(connection)} AS m "
        f"JOIN {table('task_begun')} AS t ON t.id = m.task_id "
        f"LEFT JOIN {table('task_ended')} AS z ON z.task_id = m.task_id "
        f"WHERE {among('t.df_exec', found)} ORDER BY {LAST_FIRST}, m.name"
    )
    for run, stored, low, high, last, exact in rows:
        if run not in found:
            continue
        measured, name = found[run], own.get((run, stored), stored)
        exactly = last if exact is None else exact_value(exact)
        measured.last.setdefault(name, exactly)  # type: ignore[arg-type]  # exact texts are numbers
        measured.lowest[name] = _best(measured.lowest.get(name), low, lowest=True)
        measured.highest[name] = _best(measured.highest.get(name), high, lowest=False)
    return found


def _best(before: float | None, value: float | None, *, lowest: bool) -> float | None:
    known = [each for each in (before, value) if each is not None]
    if not known:
        return None
    return min(known) if lowest else max(known)
