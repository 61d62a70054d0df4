"""Messages as DfAnalyzer's clients send them: taken whole and stored once, or refused."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks import http_clients
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.service.messages.task import TaskMessage
from dfanalyzer_client.store import Connection
from message_keys import checked_keys, messages_of
from service.conftest import Stored
from service.running import Service, dataflow_message, service, task_message


def test_the_documented_messages_become_the_documented_rows(
    running: Service, tag: str, stored: Stored, ask: Any
) -> None:
    """A dataflow, a task that begins and ends, and one that depends on it."""
    execution = "MnistRun2026-11-23 04:05:04.957219"
    times = {"startTime": "2026-11-23 04:05:05", "endTime": "2026-11-23 04:05:07"}
    assert running.dataflow(dataflow_message(tag.upper(), execution)).status == 200
    for message in (
        task_message(tag, exec_tag=execution),
        task_message(
            tag,
            exec_tag=execution,
            status="FINISHED",
            performances=[times],
            sets=[{"tag": "oTrainingModel", "elements": [["0.5"], [0.25]]}],
        ),
        task_message(
            tag,
            exec_tag=execution,
            transformation="testingmodel",
            id="2",
            sets=[],
            dependency={"tags": [{"tag": "trainingmodel"}], "ids": [{"id": "1"}]},
        ),
    ):
        assert running.task(message).status == 200
    rows = stored(
        f'SELECT trainingmodel_task_id, testingmodel_task_id, loss FROM "{tag}".otrainingmodel '
        "WHERE testingmodel_task_id IS NOT NULL ORDER BY id",
        2,
    )
    ((training, testing, _), _) = rows
    assert rows == [(training, testing, 0.5), (training, testing, 0.25)]
    assert ask.rows(
        f'SELECT trainingmodel_task_id, optimizer_name, learning_rate FROM "{tag}".itrainingmodel'
    ) == [(training, "SGD", 0.01)]
    assert ask.rows(
        "SELECT t.id, t.identifier, t.status, e.tag, x.tag, b.began, p.method "
        'FROM "public".task t JOIN "public".dataflow_execution e ON e.id = t.df_exec '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".task_begun b ON b.id = t.id '
        'LEFT JOIN "public".performance p ON p.task_id = t.id '
        f"WHERE t.id IN ({training}, {testing}) ORDER BY t.id"
    )[0][:5] == (training, 1, "FINISHED", execution, "trainingmodel")
    assert (
        ask.rows(f'SELECT starttime, endtime FROM "public".performance WHERE task_id = {training}')[
            0
        ][0].isoformat(" ")
        == "2026-11-23 04:05:05"
    )


def test_older_clients_join_values_by_semicolons(
    running: Service, tag: str, stored: Stored, ask: Any
) -> None:
    """An element is one text then, alone or in a list; one of a set of one value is left whole."""
    message = dataflow_message(tag)
    sets = message["transformations"][0]["sets"]
    sets[0]["attributes"].append({"name": "DEPTH", "type": "numeric"})
    sets[1]["attributes"] = [{"name": "NOTE", "type": "TEXT"}]
    running.dataflow(message)
    told = running.task(
        task_message(
            tag,
            subid=7,
            status="finished",
            workspace="null",
            resource="",
            dependency="",
            files=None,
            performances=[{"startTime": "null", "endTime": "2026-11-23T05:05:07+01:00"}],
            sets=[
                {"tag": "itrainingmodel", "elements": ["1;8;3", ["a;0.5;2"], ["b", 1e-3, None]]},
                {"tag": "otrainingmodel", "elements": ["one; and the same", ["it's 50 % \\n"]]},
            ],
        )
    )
    assert told.status == 200
    columns = "optimizer_name, learning_rate, depth"
    assert stored(f'SELECT {columns} FROM "{tag}".itrainingmodel ORDER BY id', 3) == [
        ("1", 8.0, 3.0),
        ("a", 0.5, 2.0),
        ("b", 0.001, None),
    ]
    assert ask.set(tag, "otrainingmodel", "note") == [("one; and the same",), ("it's 50 % \\n",)]
    ((subtask, began, ended, workspace),) = ask.rows(
        "SELECT p.subtask_id, p.starttime, p.endtime, t.workspace "
        'FROM "public".performance p JOIN "public".task t ON t.id = p.task_id '
        f'JOIN "{tag}".itrainingmodel i ON i.trainingmodel_task_id = t.id AND i.depth = 3'
    )
    assert (subtask, began, workspace) == ("7", None, None)
    assert ended.isoformat(" ") == "2026-11-23 04:05:07"


@pytest.mark.parametrize(
    ("dependency", "pairs"),
    [
        ({"tags": [{"tag": "trainingmodel"}], "ids": [{"id": "1;2"}]}, [1, 2]),
        ({"tags": [{"tag": "trainingmodel"}], "ids": [{"id": 1}, {"id": "2"}]}, [1, 2]),
        ({"tags": ["trainingmodel", "TrainingModel"], "ids": [1, "2"]}, [1, 2]),
        ({"tags": "trainingmodel", "ids": [[1, 2]]}, [1, 2]),
        ([{"tag": "trainingmodel", "id": 1}, {"tag": "trainingmodel", "id": "2"}], [1, 2]),
        ({"tags": [{"tag": "trainingmodel"}], "ids": [{"id": "0"}]}, [0]),
        ({"tags": [{"tag": "trainingmodel"}], "ids": [{"id": "null"}]}, []),
        ({"tags": [], "ids": []}, []),
        ({"tags": None, "ids": None}, []),
        ([], []),
        ({}, []),
        ("null", []),
        (None, []),
    ],
)
def test_a_dependency_comes_in_many_shapes(dependency: Any, pairs: list[int]) -> None:
    """Also on tasks that were never said, as federated clients name 0 in their first round."""
    said = TaskMessage.model_validate(task_message("flow", dependency=dependency))
    found = said.message("", datetime.now(UTC), None).get("dependency", {"tags": [], "ids": []})
    assert [int(each["id"]) for each in found["ids"]] == pairs
    assert [each["tag"] for each in found["tags"]] == ["trainingmodel"] * len(pairs)


def test_what_clients_leave_out_or_add_does_not_matter(
    running: Service, tag: str, stored: Stored
) -> None:
    """Null for what may be missing, fields of DLProv's, numbers for texts, a comma more."""
    declared = dataflow_message(tag)
    declared |= {"email": "ada@example.org", "hardware": {"gpu": "none"}, "exec": None}
    for transformation in declared["transformations"]:
        transformation["programs"] = None
        for each in transformation["sets"]:
            each |= {"extractors": None, "uuid": 7, "dependency": each.get("dependency")}
    assert running.dataflow(declared).status == 200
    messages: list[dict[str, Any]] = [
        task_message(tag, id=1, status=None, subid=None, sets=None, workspace=3, performances=None),
        task_message(tag, id="2", exec=None, performances=[], hardware="x", email=None, output=0.5),
        task_message(
            tag,
            id=" 3",
            status="Finished_With_Error",
            performances=[{"method": None}],
            files=[{"name": "a", "path": None}],
            error="lost",
            sets=[{"tag": "iTrainingModel", "elements": ["Adam;null", ["x", ""]]}],
        ),
    ]
    for message in messages:
        text = json.dumps(message)
        assert running.ask("/pde/task/json", f"{text[:-1]},}}".encode()).status == 200
    rows = stored(
        "SELECT t.identifier, t.status, t.workspace, t.output_msg, t.error_msg, "
        f'i.optimizer_name, i.learning_rate FROM "{tag}".itrainingmodel i '
        'RIGHT JOIN "public".task t ON t.id = i.trainingmodel_task_id '
        'JOIN "public".dataflow_execution e ON e.id = t.df_exec '
        f"JOIN \"public\".dataflow d ON d.id = e.df_id WHERE d.tag = '{tag}' ORDER BY 1, i.id",
        4,
    )
    assert rows == [
        (1, "READY", "3", None, None, None, None),
        (2, "RUNNING", None, "0.5", None, "SGD", 0.01),
        (3, "FAILED", None, None, "lost", "Adam", None),
        (3, "FAILED", None, None, "lost", "x", None),
    ]


def test_a_dataflow_that_cannot_be_known_now_is_no_unknown_one(tmp_path: Path) -> None:
    """503 while the store does not answer: the task may be sent again."""
    away = "monetdb://user:secret@127.0.0.1:9/nowhere"
    with service(KERAS_PROV_HOME=str(tmp_path), KERAS_PROV_STORE=away) as running:
        answer = running.task(task_message("elsewhere"))
        assert (answer.status, "No MonetDB answers" in answer.detail) == (503, True)


@pytest.mark.thorough
def test_clients_that_are_older_than_executions_name_none(own: Path, tag: str) -> None:
    """A run is what they say from one declaration to the next, over a restart of the service."""

    def without(message: dict[str, Any], **more: Any) -> dict[str, Any]:
        del message["exec"]
        return {**message, **more}

    with service(KERAS_PROV_HOME=str(own)) as first:
        for number in (1, 2):
            assert first.dataflow(without(dataflow_message(tag))).status == 200
            assert first.task(without(task_message(tag), id=number)).status == 200
    after = {"tags": [{"tag": "trainingmodel"}], "ids": [{"id": "2"}]}
    with service(KERAS_PROV_HOME=str(own)) as second:
        test = without(task_message(tag), transformation="testingmodel", sets=[], dependency=after)
        assert second.task(test).status == 200
        unknown = second.task(without(task_message("nosuch")))
        assert (unknown.status, "No dataflow 'nosuch'" in unknown.detail) == (404, True)
    connection = Connection(PrivateServer(own).ensure())
    rows = connection.query(
        'SELECT t.df_exec, x.tag, t.identifier FROM "public".task t '
        'JOIN "public".data_transformation x ON x.id = t.dt_id ORDER BY t.id'
    )
    connection.close()
    one, two = rows[0][0], rows[1][0]
    assert one != two
    assert rows == [(one, "trainingmodel", 1), (two, "trainingmodel", 2), (two, "testingmodel", 1)]


def test_programs_files_and_extractors_stand_in_their_tables(
    running: Service, tag: str, stored: Stored
) -> None:
    """What a message says beside its values."""
    message = dataflow_message(tag)
    message["transformations"][0]["programs"] = [{"name": "train.py", "path": "/opt"}]
    sets = message["transformations"][0]["sets"]
    sets[0]["extractors"] = [
        {"tag": "read", "cartridge": "EXTRACTION", "extension": "CSV"},
        {"tag": "index", "cartridge": "INDEXING", "extension": "FASTBIT"},
    ]
    sets[0]["extractorCombinations"] = [{"outer": "read", "inner": "index", "keys": ["x"]}]
    running.dataflow(message)
    running.task(task_message(tag, files=[{"name": "data.csv", "path": "/data/O'Hara %"}]))
    of = f"JOIN \"public\".dataflow d ON d.id = {{}}.df_id AND d.tag = '{tag}'"
    assert stored(
        f'SELECT p.name, p.path FROM "public".program p {of.format("p")} '
        'JOIN "public".use_program u ON u.program_id = p.id',
        1,
    ) == [("train.py", "/opt")]
    assert stored(
        'SELECT f.name, f.path FROM "public".file f JOIN "public".task t ON t.id = f.task_id '
        f'JOIN "public".dataflow_execution e ON e.id = t.df_exec {of.format("e")}',
        1,
    ) == [("data.csv", "/data/O'Hara %")]
    assert stored(
        'SELECT o.tag, i.tag, c.keys FROM "public".extractor_combination c '
        'JOIN "public".extractor o ON o.id = c.outer_ext_id '
        'JOIN "public".extractor i ON i.id = c.inner_ext_id '
        f'JOIN "public".data_set s ON s.id = c.ds_id {of.format("s")}',
        1,
    ) == [("read", "index", "x")]


BEFORE_TIME = "0001-01-01T00:00:00+14:00"
SEVERAL = {"tags": [{"tag": "trainingmodel"}] * 2, "ids": [{"id": "1"}]}
ABROAD = {"tags": [{"tag": "nosuch"}], "ids": [{"id": 1}]}


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"dataflow": "nosuch"}, 404, "No dataflow 'nosuch' was declared"),
        ({"transformation": "nosuch"}, 404, "has no transformation 'nosuch'"),
        ({"sets": [{"tag": "nosuch", "elements": []}]}, 404, "has no set 'nosuch'"),
        ({"sets": [{"tag": "itrainingmodel", "elements": [["SGD"]]}]}, 422, "has 1 values"),
        ({"sets": [{"tag": "itrainingmodel", "elements": ["a;b;c"]}]}, 422, "has 3 values"),
        (
            {"sets": [{"tag": "itrainingmodel", "elements": [["SGD", "1"], ["SGD", "fast"]]}]},
            422,
            "element 1, attribute 'learning_rate'. Received: 'fast'",
        ),
        ({"sets": [{"tag": "itrainingmodel", "elements": [["a\0b", 1]]}]}, 422, "NUL character"),
        ({"sets": [{"tag": "itrainingmodel", "elements": [["a", 2**64]]}]}, 422, "A number"),
        ({"id": "one"}, 422, "id: Input should be a valid integer"),
        ({"id": 2**63}, 422, "id: Input should be less than"),
        ({"status": "DONE"}, 422, "status: Input should be 'READY', 'RUNNING'"),
        ({"exec": "a\0b"}, 422, "exec: "),
        ({"performances": [{"startTime": "yesterday"}]}, 422, "performances.0.startTime"),
        ({"performances": [{"startTime": BEFORE_TIME}]}, 422, "not in the years"),
        (
            {"dependency": {"tags": [{"tag": "trainingmodel"}], "ids": [{"id": "a"}]}},
            422,
            "whole number of 64 bits. Received: 'a'",
        ),
        ({"dependency": SEVERAL}, 422, "2 tags and 1 ids"),
        ({"dependency": ABROAD}, 404, "depends on one of 'nosuch'"),
    ],
)
def test_a_task_that_cannot_be_stored_is_refused_with_the_reason(
    running: Service, tag: str, change: dict[str, Any], status: int, reason: str, stored: Stored
) -> None:
    """And what comes after it is taken and stored."""
    running.dataflow(dataflow_message(tag))
    assert running.task(task_message(tag)).status == 200
    refused = running.task({**task_message(tag), **change})
    assert refused.status == status
    assert reason in refused.detail
    other = [{"tag": "itrainingmodel", "elements": [["Adam", "NaN"]]}]
    assert running.task(task_message(tag, sets=other)).status == 200
    rows = stored(f'SELECT optimizer_name FROM "{tag}".itrainingmodel ORDER BY id', 2)
    assert rows == [("SGD",), ("Adam",)]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_message_is_refused(running: Service, body: bytes) -> None:
    """Whatever it is, the answer says that it was not understood."""
    for path in ("/pde/task/json", "/pde/dataflow/json"):
        assert running.ask(path, body).status == 422


def test_a_dataflow_that_contradicts_itself_is_refused(
    running: Service, tag: str, stored: Stored
) -> None:
    """An attribute keeps its type, also when another process declared it."""
    running.dataflow(dataflow_message(tag))
    running.task(task_message(tag))
    stored(f'SELECT id FROM "{tag}".itrainingmodel', 1)
    other = dataflow_message(tag, "other")
    other["transformations"][0]["sets"][1]["attributes"][0]["type"] = "TEXT"
    with service() as another:
        for each in (running, another):
            refused = each.dataflow(other)
            assert refused.status == 422
            assert "'loss' of set 'otrainingmodel' was declared as NUMERIC" in refused.detail
    for bad in ("sys", "", "a\nb", "x" * 2000):
        assert running.dataflow({"tag": bad, "transformations": []}).status == 422


def test_a_large_body_is_not_read(running: Service, tag: str) -> None:
    """Of 16 MB and a byte; one that is just as large as may be is."""
    running.dataflow(dataflow_message(tag))
    frame = len(str(task_message(tag))) + 100
    for size, status in ((17 << 20, 413), ((16 << 20) - frame, 200)):
        text = [{"tag": "itrainingmodel", "elements": [["x" * size, 1]]}]
        with contextlib.suppress(ConnectionError):  # it is closed before we have sent all of it
            assert running.task(task_message(tag, sets=text)).status == status


def test_what_was_acknowledged_survives_a_kill(own: Path, tag: str) -> None:
    """Another service stores it, and goes on with its tasks, whose client knows of nothing."""
    home = {"KERAS_PROV_HOME": str(own)}
    declared = dataflow_message(tag)
    reverse = dataflow_message(tag, "reverse")
    reverse["transformations"][0]["sets"][0]["attributes"].reverse()
    with service(**home) as first:
        first.dataflow(declared)
        first.dataflow(reverse)
        backwards = [{"tag": "itrainingmodel", "elements": [[0.1, "SGD"]]}]
        assert first.task(task_message(tag, exec_tag="reverse", sets=backwards)).status == 200
        first.kill()
    with service(**home) as second:
        backwards = [{"tag": "itrainingmodel", "elements": ["0.2;Adam"]}]
        more = task_message(tag, exec_tag="reverse", sets=backwards, status="FINISHED")
        assert second.task(more).status == 200
        connection = Connection(PrivateServer(own).ensure())
        rows: list[Any] = []
        while len(rows) < 2:
            with contextlib.suppress(Exception), connection.transaction():
                rows = connection.query(
                    "SELECT i.optimizer_name, i.learning_rate, t.status "
                    f'FROM "{tag}".itrainingmodel i '
                    'JOIN "public".task t ON t.id = i.trainingmodel_task_id ORDER BY 2'
                )
        connection.close()
    assert rows == [("SGD", 0.1, "FINISHED"), ("Adam", 0.2, "FINISHED")]


@pytest.mark.thorough
def test_nothing_is_acknowledged_while_the_disk_is_full(small_disk: Path, tag: str) -> None:
    """507 says so, nothing of it is kept, and with room messages are taken again."""
    away = "monetdb://user:secret@127.0.0.1:9/nowhere"
    with service(KERAS_PROV_HOME=str(small_disk / "home"), KERAS_PROV_STORE=away) as running:
        running.dataflow(dataflow_message(tag))
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(256)):
                pass
        refused = running.task(task_message(tag, workspace="w" * 8192))
        assert refused.status == 507
        assert "its disk is full" in refused.detail
        ballast.unlink()
        assert running.task(task_message(tag, workspace="room")).status == 200
        (journal,) = (small_disk / "home" / "journals").glob("*.journal")
        text = journal.read_text()
        assert "room" in text
        assert "wwww" not in text


@pytest.mark.thorough
def test_fifty_clients_at_once_lose_and_double_nothing(
    running: Service, stored: Stored, tag: str
) -> None:
    """50 × 200 messages, each stored once, with the values that were sent."""
    asyncio.run(http_clients.clients(running.port, 50, 200, tag))
    rows = stored(
        "SELECT e.tag, t.identifier, o.epoch_id, t.status "
        f'FROM "{http_clients.TAG}".otrainingmodel o '
        'JOIN "public".task t ON t.id = o.trainingmodel_task_id '
        'JOIN "public".dataflow_execution e ON e.id = t.df_exec '
        f"WHERE e.tag LIKE '{tag}-%'",
        5000,
    )
    assert sorted(rows) == sorted(
        (f"{tag}-{client}", number // 2 + 1, float(number), "FINISHED")
        for client in range(50)
        for number in range(1, 200, 2)
    )


def test_what_is_relayed_has_the_keys_of_the_types(running: Service, tag: str, home: Path) -> None:
    """The journal holds no key that the types of messages lack, and those that the service adds."""
    declared = dataflow_message(tag, "")
    times = {"startTime": "2026-11-23 04:05:05", "endTime": "2026-11-23 04:05:07"}
    done = task_message(
        tag,
        exec_tag="",
        status="FINISHED",
        performances=[{**times, "invocation": "solve --all"}],
        files=[{"name": "a"}],
        dependency={"tags": [{"tag": "trainingmodel"}], "ids": [{"id": "1"}]},
        unknown="left out",
    )
    for answer in (running.dataflow(declared), running.task(done)):
        assert answer.status == 200
    assert checked_keys(messages_of(home, tag)) >= {
        "JournalDataflow.opens",
        "JournalTask.declared",
        "JournalTask.endTime",
        "JournalTask.received",
        "PerformanceMessage.invocation",
    }
