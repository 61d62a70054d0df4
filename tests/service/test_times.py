"""When tasks began and ended: one clock for each task, and times as clients say them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dfanalyzer_client import prov_document
from dfanalyzer_client.service._times import parsed_time, utc_period
from service.conftest import Stored
from service.running import Service, dataflow_message, service, task_message
from w3c_prov.constraints import violations

START, END = "2026-11-23 04:05:05", "2026-11-23 04:05:07"


def waits_for(number: int) -> dict[str, Any]:
    return {"tags": [{"tag": "trainingmodel"}], "ids": [{"id": str(number)}]}


def test_begin_and_end_of_a_task_are_of_one_clock(
    running: Service, tag: str, stored: Stored, ask: Any
) -> None:
    """The service's for what it is told of twice, the client's for what it says all of at once.

    What the client says stands in `performance`; and the PROV document is valid, with its times.
    """
    before = datetime.now(UTC).replace(tzinfo=None)
    ahead = f"{before + timedelta(hours=5):%Y-%m-%d %H:%M:%S}"
    running.dataflow(dataflow_message(tag))
    said: list[tuple[int, str, dict[str, Any]]] = [
        (1, "RUNNING", {}),
        (1, "FINISHED", {"startTime": START, "endTime": END}),
        (2, "RUNNING", {"startTime": ahead}),
        (2, "FINISHED", {"endTime": ahead}),
        (3, "FINISHED", {"startTime": START, "endTime": END}),
        (4, "FINISHED", {"endTime": END}),
        (5, "FINISHED", {"startTime": ahead}),
        (6, "FINISHED_WITH_ERROR", {"startTime": 1795406705, "endTime": "1795406705.5"}),
        (7, "FINISHED", {"startTime": END, "endTime": START}),
        (8, "READY", {}),
        (8, "RUNNING", {}),
        (8, "finished", {"endTime": "null"}),
    ]
    for number, status, times in said:
        message = task_message(
            tag,
            id=number,
            status=status,
            performances=[times] if times else [],
            sets=[{"tag": "otrainingmodel", "elements": [[number]]}] if "FIN" in status else [],
            dependency=waits_for(number - 1) if number > 1 else None,
        )
        assert running.task(message).status == 200
    rows = stored(
        "SELECT t.identifier, t.status, b.began, e.ended, p.starttime, p.endtime "
        'FROM "public".task t JOIN "public".task_begun b ON b.id = t.id '
        'JOIN "public".dataflow_execution x ON x.id = t.df_exec '
        'JOIN "public".dataflow d ON d.id = x.df_id '
        'JOIN "public".task_ended e ON e.task_id = t.id '
        'LEFT JOIN "public".performance p ON p.task_id = t.id AND p.endtime IS NOT NULL '
        f"WHERE d.tag = '{tag}' ORDER BY t.identifier",
        8,
    )
    start, end = (datetime.fromisoformat(each) for each in (START, END))
    epoch = datetime.fromisoformat("2026-11-23 04:05:05")
    found = {row[0]: row[2:] for row in rows}
    assert [row[1] for row in rows] == ["FINISHED"] * 5 + ["FAILED"] + ["FINISHED"] * 2
    assert found[1][2:] == (start, end)
    assert found[3] == (start, end, start, end)
    assert found[4] == (None, end, None, end)
    assert found[6][:2] == (epoch, epoch + timedelta(seconds=0.5))
    assert found[7][2:] == (end, start)
    now = datetime.now(UTC).replace(tzinfo=None)
    for number in (1, 2):
        assert before <= found[number][0] <= found[number][1] <= now
    for number in (5, 7, 8):
        assert found[number][0] is None
        assert before <= found[number][1] <= now
    execution = ask.one(
        'SELECT x.id FROM "public".dataflow_execution x '
        f"JOIN \"public\".dataflow d ON d.id = x.df_id WHERE d.tag = '{tag}'"
    )
    document = prov_document(str(execution))
    assert violations(document) == []


@pytest.mark.thorough
def test_times_without_a_zone_are_of_the_machine_or_of_the_zone_that_was_named(
    home: Any, tag: str, stored: Stored
) -> None:
    """The machine's is that of its environment; a zone that a time names goes before."""
    told = {}
    for arguments, expected in (((), "07:05:05"), (("--time-zone", "Asia/Tokyo"), "19:05:05")):
        with service(*arguments, TZ="America/Sao_Paulo") as running:
            running.dataflow(dataflow_message(tag))
            for zone in ("", "+02:00"):
                number = len(told) + 1
                told[number] = "02:05:05" if zone else expected
                running.task(
                    task_message(
                        tag, id=number, performances=[{"startTime": f"2026-11-23T04:05:05{zone}"}]
                    )
                )
    rows = stored(
        'SELECT t.identifier, p.starttime FROM "public".performance p '
        'JOIN "public".task t ON t.id = p.task_id '
        f'JOIN "{tag}".itrainingmodel i ON i.trainingmodel_task_id = t.id ORDER BY 1',
        4,
    )
    assert {number: f"{began:%H:%M:%S}" for number, began in rows} == told


@pytest.mark.thorough
@given(
    st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1)).map(lambda time: time.replace(fold=0)),
    st.timedeltas(timedelta(0), timedelta(hours=30)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe"]),
)
def test_a_clients_end_is_never_before_its_begin(
    begin: datetime, took: timedelta, name: str
) -> None:
    """Also where its clock was set back in between, as it is when summer ends."""
    zone = ZoneInfo(name)
    truly = begin.replace(tzinfo=zone).astimezone(UTC)
    said = ((truly + took).astimezone(zone)).replace(tzinfo=None, fold=0)
    shown = truly.astimezone(zone).replace(tzinfo=None, fold=0)
    began, ended = utc_period(shown, said, zone)
    assert began is not None
    assert ended is not None
    assert began <= ended
    assert began == truly or shown != begin


@pytest.mark.parametrize(
    ("value", "time"),
    [
        (1795406705.25, "2026-11-23T04:05:05.250000+00:00"),
        ("1795406705", "2026-11-23T04:05:05+00:00"),
        (1795406705250, "2026-11-23T04:05:05.250000+00:00"),
        ("2026-11-23T04:05:05.25-03:00", "2026-11-23T07:05:05.250000+00:00"),
        (" 2026-11-23 04:05:05 ", "2026-11-23T04:05:05"),
        ("20261123", "2026-11-23T00:00:00"),
    ],
)
def test_a_time_is_a_text_or_seconds_since_1970(value: Any, time: str) -> None:
    """Java's clients count milliseconds."""
    found = parsed_time(value)
    assert found is not None
    assert found.isoformat() == time


@pytest.mark.parametrize("value", [True, [], {}, "yesterday", 1e300, float("nan"), "9" * 400])
def test_what_is_no_time_is_refused(value: Any) -> None:
    """Whatever its type is."""
    with pytest.raises(ValueError, match=r"."):
        parsed_time(value)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
def test_a_document_has_no_times_that_contradict_its_order(
    running: Service, tag: str, stored: Stored, ask: Any, order: tuple[int, ...]
) -> None:
    """Each of three tasks depends on the one before; clocks of their clients disagree."""
    running.dataflow(dataflow_message(tag))
    clocks = {number: f"2026-11-2{place} 04:05:0" for place, number in enumerate(order)}
    for number in (1, 2, 3):
        running.task(
            task_message(
                tag,
                id=number,
                status="FINISHED",
                performances=[{"startTime": clocks[number] + "5", "endTime": clocks[number] + "5"}],
                sets=[{"tag": "otrainingmodel", "elements": [[number]]}],
                dependency=waits_for(number - 1) if number > 1 else None,
            )
        )
    stored(f'SELECT id FROM "{tag}".otrainingmodel', 3)
    execution = ask.one(
        'SELECT x.id FROM "public".dataflow_execution x '
        f"JOIN \"public\".dataflow d ON d.id = x.df_id WHERE d.tag = '{tag}'"
    )
    assert violations(prov_document(str(execution))) == []
