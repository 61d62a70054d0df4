"""A task's values are in the order of the newest declaration of its dataflow that came before."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
)
from dfanalyzer_client.journal._record import line_of
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from service.conftest import Stored
from service.running import Answer, Service, service

COLUMNS = "learning_rate", "num_epochs", "momentum"
LR, EP, MO = COLUMNS


def declaration(tag: str, *names: str, exec_tag: str | None = None) -> dict[str, Any]:
    """A dataflow of one set, whose attributes stand in this order."""
    attributes = [{"name": name.upper(), "type": "NUMERIC"} for name in names]
    sets = [{"tag": "itrain", "type": "INPUT", "attributes": attributes}]
    message = {"tag": tag, "transformations": [{"tag": "train", "sets": sets}]}
    return message if exec_tag is None else {**message, "exec": exec_tag}


def task(
    tag: str, exec_tag: str | None, *values: Any, status: str = "FINISHED", **more: Any
) -> dict[str, Any]:
    """A task of it that sends one row, or none."""
    sets = [{"tag": "itrain", "elements": [[str(each) for each in values]]}] if values else []
    message = {
        "id": "1",
        "first": "1",
        "dataflow": tag,
        "transformation": "train",
        "status": status,
        "sets": sets,
        **more,
    }
    return message if exec_tag is None else {**message, "exec": exec_tag}


def rows_of(tag: str) -> str:
    """The statement of all rows, each with its execution."""
    return (
        f'SELECT e.tag, {", ".join(f"i.{name}" for name in COLUMNS)} FROM "{tag}".itrain i '
        'JOIN "public".task t ON t.id = i.train_task_id '
        'JOIN "public".dataflow_execution e ON e.id = t.df_exec ORDER BY i.id'
    )


@pytest.mark.parametrize("named", ["none", "own", "first", "same"])
def test_a_task_keeps_to_the_newest_declaration(
    running: Service, tag: str, stored: Stored, named: str
) -> None:
    """Whatever execution the declaration names: none, another, always one, or that of its tasks."""
    runs = [
        ((LR, EP), (0.1, 5), (0.1, 5.0, None)),
        ((EP, LR), (7, 0.2), (0.2, 7.0, None)),
        ((LR,), (0.3,), (0.3, None, None)),
        ((LR, MO), (0.4, 0.9), (0.4, None, 0.9)),
        ((LR, EP), (0.5, 6), (0.5, 6.0, None)),
    ]
    for number, (names, values, _) in enumerate(runs, 1):
        run = f"{tag}-run{number}"
        own = {"none": None, "own": f"{tag}-decl{number}", "first": f"{tag}-run1", "same": run}
        said = declaration(tag, *names, exec_tag=own[named])
        for _ in range(number):  # the same once more changes nothing
            assert running.dataflow(said).status == 200
        assert running.task(task(tag, run, *values)).status == 200
    assert stored(rows_of(tag), len(runs)) == [
        (f"{tag}-run{number}", *row) for number, (_, _, row) in enumerate(runs, 1)
    ]


def test_an_open_task_keeps_to_the_declaration_that_it_began_with(
    running: Service, tag: str, stored: Stored
) -> None:
    """Unless its values fit the newer one alone; a new task keeps to the newer one."""
    running.dataflow(declaration(tag, LR, EP))
    for run in ("a", "b"):
        assert running.task(task(tag, run, status="RUNNING")).status == 200
    running.dataflow(declaration(tag, EP, LR, MO))
    assert running.task(task(tag, "c", 3, 0.3, 0.9)).status == 200
    assert running.task(task(tag, "a", 0.1, 1)).status == 200
    assert running.task(task(tag, "b", 2, 0.2, 0.8)).status == 200
    # an ended task that is told of again is a new one, as that of a script that runs again is
    assert running.task(task(tag, "a", 4, 0.4, 0.7)).status == 200
    assert stored(rows_of(tag), 4) == [
        ("c", 0.3, 3.0, 0.9),
        ("a", 0.1, 1.0, None),
        ("b", 0.2, 2.0, 0.8),
        ("a", 0.4, 4.0, 0.7),
    ]


@pytest.mark.thorough
def test_the_order_outlives_the_service(own: Path, tag: str) -> None:
    """That of the newest declaration, of tasks that were open, and of executions without a name."""
    home = {"KERAS_PROV_HOME": str(own)}
    with service(**home) as first:
        first.dataflow(declaration(tag, LR, EP))
        first.task(task(tag, "open", status="RUNNING"))
        first.task(task(tag, None, 0.1, 1))
        first.dataflow(declaration(tag, MO, LR))
        first.dataflow(declaration(tag, EP, LR))
        first.kill()
    with service(**home) as second:
        assert second.task(task(tag, None, 2, 0.2)).status == 200
        assert second.task(task(tag, "open", 0.3, 3)).status == 200
        assert second.task(task(tag, "new", 4, 0.4)).status == 200
        connection = Connection(PrivateServer(own).ensure())
        rows: list[Any] = []
        while len(rows) < 4:  # what the first one left is stored beside what the second one takes
            with contextlib.suppress(Exception), connection.transaction():
                rows = connection.query(rows_of(tag))
        connection.close()
    assert sorted(row[1:] for row in rows) == [
        (0.1, 1.0, None),
        (0.2, 2.0, None),
        (0.3, 3.0, None),
        (0.4, 4.0, None),
    ]
    assert len({row[0] for row in rows}) == 4


@pytest.mark.thorough
def test_what_another_process_declares_counts_at_once(
    running: Service, tag: str, stored: Stored
) -> None:
    """By the Python client, before the service knew the dataflow and after; also a second service.

    And a task of that process keeps to its own execution's declaration.
    """

    def declare(*names: str) -> Dataflow:
        attributes = [Attribute(name, AttributeType.NUMERIC) for name in names]
        sets = [Set("itrain", SetType.INPUT, attributes)]
        dataflow = Dataflow(tag, [Transformation("train", sets)])
        dataflow.save()
        return dataflow

    before = declare(EP, LR)
    assert running.task(task(tag, "a", 1, 0.1)).status == 200
    assert running.dataflow(declaration(tag, LR, EP)).status == 200
    assert running.task(task(tag, "b", 0.2, 2)).status == 200
    assert running.task(task(tag, "open", status="RUNNING")).status == 200
    after = declare(MO, EP, LR)
    assert running.task(task(tag, "c", 0.9, 3, 0.3)).status == 200
    for dataflow, values in ((before, [4, 0.4]), (after, [0.8, 5, 0.5])):
        told = Task(1, tag, dataflow.exec_tag, "train")
        told.add_dataset(DataSet("itrain", [Element(values)]))
        told.end()
    with service() as another:
        assert another.dataflow(declaration(tag, EP, LR)).status == 200
        assert running.task(task(tag, "d", 6, 0.6)).status == 200
        assert another.task(task(tag, "open", 0.7, 7)).status == 200
    found = {row[0]: row[1:] for row in stored(rows_of(tag), 7)}
    assert found == {
        "a": (0.1, 1.0, None),
        "b": (0.2, 2.0, None),
        "c": (0.3, 3.0, 0.9),
        "d": (0.6, 6.0, None),
        "open": (0.7, 7.0, None),
        before.exec_tag: (0.4, 4.0, None),
        after.exec_tag: (0.5, 5.0, 0.8),
    }


def test_the_python_client_reads_tasks_so_too(home: Path, tag: str, ask: Any) -> None:
    """Where a script names in its tasks another execution than its dataflow's."""
    numeric = AttributeType.NUMERIC
    for number, names in enumerate(((LR, EP, MO), (EP, LR)), 1):
        sets = [Set("itrain", SetType.INPUT, [Attribute(name, numeric) for name in names])]
        Dataflow(tag, [Transformation("train", sets)]).save()
        told = Task(number, tag, f"{tag}-own{number}", "train")
        told.add_dataset(DataSet("itrain", [Element(range(1, len(names) + 1))]))
        told.end()
    assert ask.set(tag, "itrain", ", ".join(COLUMNS)) == [(1.0, 2.0, 3.0), (2.0, 1.0, None)]


def test_clients_beside_each_other_are_kept_apart(
    running: Service, tag: str, stored: Stored
) -> None:
    """Each by its own dataflow; in one dataflow by the names that it gives with its values."""
    orders = [(LR, EP), (EP, LR)]
    answers: list[Answer] = []

    def client(number: int) -> None:
        own, names = f"{tag}-{number}", orders[number % 2]
        for run in range(5):
            values = dict(zip((LR, EP), (number + 0.5, run), strict=True))
            row = [values[name] for name in names]
            answers.append(running.dataflow(declaration(own, *names)))
            answers.append(running.task(task(own, f"run{run}", *row)))
            answers.append(running.dataflow(declaration(tag, *names)))
            named = [{"tag": "iTrain", "attributes": [*names], "elements": [row]}]
            answers.append(running.task(task(tag, f"{number}-{run}", sets=named)))

    running.dataflow(declaration(tag, MO))
    threads = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each for each in answers if each.status != 200] == []
    assert sorted(stored(rows_of(tag), 20)) == [
        (f"{number}-{run}", number + 0.5, run, None) for number in range(4) for run in range(5)
    ]
    for number in range(4):
        columns = f'SELECT {LR}, {EP} FROM "{tag}-{number}".itrain ORDER BY id'
        assert stored(columns, 5) == [(number + 0.5, run) for run in range(5)]


def test_what_one_execution_declares_by_and_by_is_one_row(
    running: Service, tag: str, stored: Stored
) -> None:
    """Where its values are as many as all of that; a dataflow that is refused counts, too."""
    for names in ((LR,), (EP, MO)):
        running.dataflow(declaration(tag, *names, exec_tag="grows"))
    assert running.task(task(tag, "grows", 0.1, 1, 0.9)).status == 200
    assert running.task(task(tag, "grows", 2, 0.8, id=2)).status == 200
    bad = declaration(tag, EP, LR)
    bad["transformations"][0]["sets"][0]["attributes"][0]["type"] = "TEXT"
    assert running.dataflow(bad).status == 422
    assert running.task(task(tag, "refused", 3, 0.3)).status == 200
    assert stored(rows_of(tag), 3) == [
        ("grows", 0.1, 1.0, 0.9),
        ("grows", None, 2.0, 0.8),
        ("refused", 0.3, 3.0, None),
    ]


def test_each_transformation_names_a_sets_values_itself(
    running: Service, tag: str, stored: Stored, ask: Any
) -> None:
    """The one that writes it and the one that reads it may have them in different orders."""
    message = declaration(tag, LR, EP)
    message["transformations"][0]["sets"][0]["type"] = "OUTPUT"
    reads = {**declaration(tag, EP, LR)["transformations"][0], "tag": "test"}
    reads["sets"][0]["dependency"] = "train"
    message["transformations"].append(reads)
    running.dataflow(message)
    assert running.task(task(tag, "run", 0.1, 1)).status == 200
    assert running.task(task(tag, "run", 2, 0.2, transformation="test")).status == 200
    statement = f'SELECT {LR}, {EP} FROM "{tag}".itrain ORDER BY id'
    assert stored(statement, 2) == [(0.1, 1.0), (0.2, 2.0)]


@pytest.mark.thorough
def test_odd_records_in_journals_hold_nothing_up(own: Path, tag: str) -> None:
    """Records that are whole, and no messages of ours: the service goes on, and knows the rest."""
    folder = own / "journals"
    folder.mkdir(parents=True, mode=0o700)
    own.chmod(0o700)
    odd: list[Any] = [
        {"kind": "dataflow", "exec": "x"},
        {"kind": "dataflow", "exec": "x", "tag": 7},
        {"kind": "dataflow", "exec": "x", "tag": tag, "transformations": 7, "said": "late"},
        {"kind": "dataflow", "exec": "x", "tag": tag, "transformations": [{"tag": "train"}, 3]},
        {"kind": "dataflow", "exec": "x", "tag": tag, "transformations": [{"sets": [{}]}]},
        {"kind": "dataflow", "said": 1.0, **declaration(tag, EP, LR, exec_tag="x")},
    ]
    texts = [json.dumps(each, separators=(",", ":")) for each in odd]
    lines = [line_of(number, text) for number, text in enumerate(texts)]
    (folder / "20260101T000000-1-aaaaaaaa.journal").write_bytes(b"".join(lines) + b"9 torn")
    away = "monetdb://user:secret@127.0.0.1:9/nowhere"
    with service(KERAS_PROV_HOME=str(own), KERAS_PROV_STORE=away) as running:
        assert running.task(task(tag, "run", 7, 0.2)).status == 200
        said = running.end()
    assert "Traceback" not in said
    (journal,) = [each for each in folder.glob("*.journal") if "aaaaaaaa" not in each.name]
    message = json.loads(journal.read_text().splitlines()[-1].split(" ", 2)[2])
    assert message["sets"][0] == {"tag": "itrain", "attributes": [EP, LR], "elements": [[7, 0.2]]}
