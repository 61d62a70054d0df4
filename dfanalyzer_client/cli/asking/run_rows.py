"""The rows of `keras-prov runs`: values of runs by column, and runs as objects."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ...analysis.run_summary import RunSummary
from ...keras_schema.job_facts import JOB
from ...support.clock import naive_utc
from ..common import duration
from ..forms import short_number
from .run_columns import EXTREMES, FIELDS, GROUPS, SHOWN, full_name, names_of

__all__ = ["run_columns", "run_object", "run_rows"]

FIRST_METRICS = ("loss", "val_loss")
METRIC_WIDTH = 25
"""A terminal shows as many metrics as it has so many columns, but not fewer than FEWEST_METRICS."""

FEWEST_METRICS = 3


def run_columns(
    found: Sequence[RunSummary], chosen: list[str] | None, form: str | None
) -> list[str]:
    """The chosen columns, or those that are printed in a form if none are chosen."""
    if chosen:
        return chosen
    if not form:
        return list(SHOWN)
    return [*FIELDS, *(f"{group}.{name}" for group in GROUPS for name in names_of(found, group))]


Facts = Mapping[int, Mapping[str, str]]
"""Facts of jobs by the ids of runs."""


def run_rows(
    found: Sequence[RunSummary],
    columns: Sequence[str],
    meant: Mapping[str, str],
    jobs: Facts | None = None,
) -> list[list[Any]]:
    """The values of runs; `meant` has the full names of chosen columns."""
    names = [meant.get(name, full_name(name)) for name in columns]
    return [[_value(each, name, jobs or {}) for name in names] for each in found]


def _value(run: RunSummary, name: str, jobs: Facts) -> Any:
    if name == "last metrics":
        return _last_metrics(run)
    if name == "duration":
        return duration(run.seconds)
    if name in (*FIELDS, "note"):
        value = getattr(run, name)
        return naive_utc(value) if isinstance(value, datetime) else value
    group, dot, rest = name.partition(".")
    if dot and group == JOB:
        return jobs.get(run.id, {}).get(rest)
    if dot and group in (*GROUPS, *EXTREMES):
        return getattr(run, group).get(rest)
    holders = [getattr(run, group) for group in GROUPS if name in getattr(run, group)]
    return holders[0][name] if holders else None


def _last_metrics(run: RunSummary) -> str:
    """The last metrics in short; on a terminal the first ones, the losses before others."""
    known = [(key, value) for key, value in run.metrics.items() if value is not None]
    known.sort(key=lambda each: each[0] not in FIRST_METRICS)
    most = len(known)
    if sys.stdout.isatty():
        most = max(FEWEST_METRICS, shutil.get_terminal_size().columns // METRIC_WIDTH)
    texts = [f"{key} {short_number(value)}" for key, value in known[:most]]
    if len(known) > most:
        texts.append(f"{len(known) - most} more")
    return ", ".join(texts)


def run_object(run: RunSummary) -> dict[str, Any]:
    """A run as an object of JSON."""
    fields: dict[str, Any] = {name: _value(run, name, {}) for name in FIELDS}
    groups = {group: dict(getattr(run, group)) for group in GROUPS}
    return {**fields, "tag": run.execution, **groups, "note": run.note}
