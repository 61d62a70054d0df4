"""Conditions over the runs of several sites mean what they mean on one database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from dfanalyzer_client.analysis.run_summary import RunSummary
from dfanalyzer_client.errors import SelectionError, UnknownTagError
from dfanalyzer_client.federation.reading import SiteRun
from dfanalyzer_client.federation.selecting import selected

DAY = datetime(2026, 1, 2, 12, tzinfo=UTC)


def run(number: int, **others: Any) -> SiteRun:
    given = {"status": "FINISHED", "began": DAY.replace(hour=number), **others}
    return SiteRun("lab", RunSummary(number, f"net-{number}", "net", **given))


RUNS = [
    run(1, hyperparameters={"rate": 0.1, "name": "Adam"}, metrics={"loss": 0.5, "Acc": 1.0}),
    run(2, hyperparameters={"rate": "cosine", "name": "SGD"}, metrics={"loss": float("nan")}),
    run(3, status="FAILED", tags={"best": "yes"}, note="50% done", metrics={"loss": None}),
    run(4, hyperparameters={"name": "adamw"}, metrics={"loss": 0.25}, lowest={"loss": 0.125}),
]


def ids(*wheres: str, sort: str | None = None, status: str | None = None) -> list[int]:
    return [each.run.id for each in selected(RUNS, wheres, sort, status)]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("loss < 0.5", [4]),
        ("metrics.loss <= 0.5 AND NOT lowest.loss > 0", [4][:0]),
        ("isnan(loss)", [2]),
        ("loss IS NULL", [3]),
        ("rate = 'cosine'", [2]),
        ("rate > 0.05", [1]),
        ("name LIKE 'Adam%'", [1]),
        ("name ILIKE 'adam%'", [4, 1]),
        ("name IN ('SGD', 'Adam')", [2, 1]),
        ("acc = 1", [1]),
        ("note LIKE '50% %'", [3]),
        ("tags.best = 'yes'", [3]),
        ("began > '2026-01-02 02:30'", [4, 3]),
        ("id BETWEEN 2 AND 3", [3, 2]),
        ("loss * 2 = 1", [1]),
    ],
)
def test_a_condition_finds_runs(where: str, found: list[int]) -> None:
    """The newest first, without an order."""
    assert ids(where) == found


def test_orders_and_statuses() -> None:
    """What has no value is last, in both directions."""
    assert ids(sort="loss")[:2] == [4, 1]
    assert ids(sort="loss DESC")[:2] == [1, 4]
    assert ids(status="failed") == [3]
    assert ids("loss < 1", "name = 'Adam'") == [1]


@pytest.mark.parametrize(
    ("where", "error", "told"),
    [
        ("los < 1", UnknownTagError, "Known: 'loss'"),
        ("stop_reason = 'finished'", SelectionError, "not read of other sites"),
        ("job.node = 'a'", SelectionError, "not read of other sites"),
        ("loss < 'a'", SelectionError, "numbers are not in quotes"),
        ("loss <", SelectionError, ""),
        ("status = 'DONE'", SelectionError, "There is no status"),
    ],
)
def test_a_wrong_condition_says_what_is_wrong(where: str, error: type, told: str) -> None:
    """As on one database."""
    with pytest.raises(error, match=told):
        ids(where)
