"""An alteration of the database, a journal or a file is found and named, and nothing else is."""

from __future__ import annotations

import gzip
import json
import random
import re
import zlib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client.cli import main
from dfanalyzer_client.executions.record import FileRecord, TaskRecord
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.support.digest import file_digest
from dfanalyzer_client.verification import State, verify
from dfanalyzer_client.verification._files import checked_files
from dfanalyzer_client.verification._journals import naming
from small_models import data, small_model

KEYS = ("LEARNING_RATE", "NUM_EPOCHS", "DATASET", "MODEL")


@pytest.fixture
def trained(tag: str, home: Path) -> str:
    """An execution that trained and tested, whose journal is complete."""
    return _train(tag)


def _train(tag: str) -> str:
    model = small_model()
    model.provenance(dataflow_tag=tag, adaptation=True, hyps=dict.fromkeys(KEYS, True))
    model.fit(*data(), epochs=3, verbose=0)
    model.evaluate(*data(), verbose=0)
    execution: str = model.exec_tag
    dfanalyzer_client.shutdown()
    return execution


def _journal(home: Path, execution: str) -> Path:
    """The journal that has the execution."""
    for path in (home / "journals").iterdir():
        if path.suffix in (".gz", ".journal") and execution.encode() in _content(path):
            return path
    raise AssertionError(execution)


def _content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def _lines(path: Path) -> list[tuple[int, Any]]:
    """The numbers and messages of a journal."""
    split = (line.split(b" ", 2) for line in _content(path).splitlines())
    return [(int(number), json.loads(body)) for number, _, body in split]


def _rewrite(path: Path, lines: list[tuple[int, Any]]) -> None:
    """Write a journal whose checksums are right."""
    bodies = [(f"{number} ".encode(), json.dumps(body).encode()) for number, body in lines]
    _write(
        path,
        b"".join(b"%b%08x %b\n" % (n, zlib.crc32(n + body), body) for n, body in bodies),
    )


def test_what_was_not_altered_is_verified(trained: str) -> None:
    """Of a complete execution, its journal, its rows and its files are as they were captured."""
    found = verify(trained)
    assert [each for each in found.findings if each.state is not State.UNCHANGED] == []
    assert {each.what for each in found.findings} >= {"journal", "rows"}
    assert found.state is State.UNCHANGED


ALTERATIONS = {
    "a metric": 'UPDATE "{tag}".ds_otrainingmodel SET loss = loss * 0.5 WHERE epoch_id = 1',
    "a learning rate": 'UPDATE "{tag}".ds_itrainingmodel SET learning_rate = 0.5',
    "a row less": 'DELETE FROM "{tag}".ds_otrainingmodel WHERE epoch_id = 2',
    "a row more": (
        'INSERT INTO "{tag}".ds_otrainingmodel (id, trainingmodel_task_id, epoch_id, loss) '
        'SELECT max(id) + 1000, max(trainingmodel_task_id), 3, 0.1 FROM "{tag}".ds_otrainingmodel'
    ),
    "the order of rows": (
        'UPDATE "{tag}".ds_otrainingmodel SET id = 1000000 - id WHERE epoch_id IN (0, 1)'
    ),
    "a status": (
        "UPDATE \"public\".task_ended SET status = 'FAILED' WHERE task_id IN "
        '(SELECT trainingmodel_task_id FROM "{tag}".ds_otrainingmodel)'
    ),
    "a value in comparisons": (
        "UPDATE \"public\".metric_value SET value = 0 WHERE name = 'loss' AND epoch = 1 "
        "AND task_id IN "
        '(SELECT trainingmodel_task_id FROM "{tag}".ds_otrainingmodel)'
    ),
    "a summary": (
        "UPDATE \"public\".metric_summary SET lowest = 0 WHERE name = 'loss' AND task_id IN "
        '(SELECT trainingmodel_task_id FROM "{tag}".ds_otrainingmodel)'
    ),
    "a hash of data": "UPDATE \"{tag}\".ds_idataset SET hash = 'sha256:0'",
}


@pytest.mark.parametrize("what", ALTERATIONS)
def test_an_alteration_of_the_database_is_found(tag: str, home: Path, what: str) -> None:
    """Whatever an administrator changes of the rows differs from what the journal has."""
    execution = _train(tag)
    with Connection(PrivateServer(home).ensure()) as connection, connection.transaction():
        assert connection.execute(ALTERATIONS[what].format(tag=tag)) > 0
    found = verify(execution)
    (rows,) = (each for each in found.findings if each.what == "rows")
    assert (rows.state, found.state) == (State.ALTERED, State.ALTERED)
    assert "stored" in rows.detail


def _change(lines: list[tuple[int, Any]], rng: random.Random) -> str:
    """Alter a journal at random, as somebody does who knows its format; says what."""
    kind = rng.choice(["value", "remove", "swap", "add", "cut"])
    place = rng.randrange(1, len(lines))
    number, message = lines[place]
    if kind == "value":
        text = json.dumps(message)
        digits = list(re.finditer(r"\d", text))
        chosen = rng.choice(digits)
        other = str((int(chosen[0]) + rng.randrange(1, 10)) % 10)
        changed = text[: chosen.start()] + other + text[chosen.end() :]
        try:
            lines[place] = number, json.loads(changed)
        except ValueError:  # a number may not begin with 0
            lines[place] = number, {**message, "added": 1}
        if lines[place][1] == message:
            lines[place] = number, {**message, "added": 1}
    elif kind == "remove":
        del lines[place]
    elif kind == "swap":
        other_place = rng.choice([each for each in range(1, len(lines)) if each != place])
        lines[place] = number, lines[other_place][1]
        lines[other_place] = lines[other_place][0], message
        if lines[place][1] == message:
            return _change(lines, rng)
    elif kind == "add":
        lines.insert(place + 1, (number, message))
    else:
        del lines[place:]
    return f"{kind} at {place}"


@pytest.mark.parametrize(
    "seeds",
    [
        range(3),
        pytest.param(range(3, 20), marks=pytest.mark.thorough),
        pytest.param(range(20, 200), marks=[pytest.mark.exhaustive, pytest.mark.timeout(1800)]),
    ],
)
def test_an_alteration_of_the_journal_is_found(trained: str, home: Path, seeds: range) -> None:
    """With all checksums made right again, a record changed, removed, moved or added is found."""
    path = _journal(home, trained)
    whole, original = _content(path), _lines(path)
    for seed in seeds:
        lines = list(original)
        done = _change(lines, random.Random(seed))
        _rewrite(path, lines)
        journal, *_ = verify(trained).findings
        assert journal.state is State.ALTERED, (seed, done)
    _write(path, whole)
    assert verify(trained).state is State.UNCHANGED


def test_a_journal_that_cannot_be_unpacked_is_looked_into(tmp_path: Path) -> None:
    """One whose compressed bytes are damaged may be of any execution, and stops no verification."""
    path = tmp_path / "j.journal.gz"
    packed = gzip.compress(random.Random(0).randbytes(300_000).hex().encode())
    middle = len(packed) // 2
    path.write_bytes(packed[:middle] + b"\xff" * 400 + packed[middle + 400 :])
    assert naming(path, {"no-such-execution"})


def test_a_folder_is_known_by_its_content(tmp_path: Path) -> None:
    """As a SavedModel's, whose digest was recorded by the same function; a new file alters it."""
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "model.pb").write_bytes(b"1")
    _, digest = file_digest(tmp_path / "saved")
    task = TaskRecord(1, "t", 1, "1", "FINISHED", None, None)
    file = FileRecord(1, task, "saved", str(tmp_path / "saved"), "written", 1, digest)
    assert [each.state for each in checked_files([file])] == [State.UNCHANGED]
    (tmp_path / "saved" / "other").write_bytes(b"2")
    assert [each.state for each in checked_files([file])] == [State.ALTERED]


def test_an_altered_file_is_found(tag: str, tmp_path: Path) -> None:
    """A model that was saved is known by its SHA-256; one that is gone is not called altered."""
    model = small_model()
    model.provenance(dataflow_tag=tag, hyps=dict.fromkeys(KEYS, True))
    path = tmp_path / "model.keras"
    model.fit(*data(), epochs=1, verbose=0, callbacks=[keras.callbacks.ModelCheckpoint(path)])
    dfanalyzer_client.shutdown()

    def state() -> State:
        (found,) = (each for each in verify(model.exec_tag).findings if each.name == str(path))
        return found.state

    assert state() is State.UNCHANGED
    path.write_bytes(path.read_bytes() + b" ")
    assert state() is State.ALTERED
    path.unlink()
    assert state() is State.UNKNOWN


def test_erasing_one_execution_leaves_the_others_verified(tag: str, home: Path) -> None:
    """The journal goes on where messages were erased; without an erasure, such a gap is found."""
    kept = []
    for _ in range(3):
        model = small_model()
        model.provenance(dataflow_tag=tag, hyps={"NUM_EPOCHS": True})
        model.fit(*data(), epochs=2, verbose=0)
        kept.append(model.exec_tag)
    dfanalyzer_client.shutdown()
    runner = CliRunner()
    done = runner.invoke(main, ["forget", kept[1], "--yes"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert [verify(kept[n]).state for n in (0, 2)] == [State.UNCHANGED] * 2


def test_the_command_names_what_differs(tag: str, home: Path) -> None:
    """It ends with 0 for what is as it was, with 1 for what was altered, and with 3 in between."""
    execution = _train(tag)
    assert verify(execution).state is State.UNCHANGED  # which compresses the journal
    path = _journal(home, execution)
    runner = CliRunner()

    def asked(*arguments: str) -> tuple[int, str]:
        done = runner.invoke(main, ["verify", *arguments], catch_exceptions=False)
        return done.exit_code, done.output

    code, text = asked(execution)
    assert (code, "is as it was captured" in text) == (0, True), text
    assert asked(str(path))[0] == 0
    code, text = asked("--json", execution)
    assert json.loads(text)[0]["state"] == "unchanged"
    aside = path.rename(home / "elsewhere")
    code, text = asked(execution)
    assert (code, "not on this machine" in text) == (3, True), text
    aside.rename(path)
    lines = _lines(path)
    _rewrite(path, lines[:-1])
    code, text = asked(execution)
    assert (code, "ALTERED" in text) == (1, True), text
    assert asked("no-such-execution")[0] == 1


def test_a_training_that_goes_on_from_a_file_is_verified(
    tag: str, home: Path, tmp_path: Path
) -> None:
    """It is linked to the execution that wrote the file, of which its own journal has nothing."""
    first = small_model()
    first.provenance(dataflow_tag=tag, hyps={"LEARNING_RATE": True})
    first.fit(*data(), verbose=0)
    first.save(tmp_path / "first.keras")
    dfanalyzer_client.shutdown()
    second = keras.models.load_model(tmp_path / "first.keras")
    second.provenance(dataflow_tag=tag, hyps={"LEARNING_RATE": True})
    second.fit(*data(), verbose=0)
    execution = second.exec_tag
    dfanalyzer_client.shutdown()
    assert verify(execution).state is State.UNCHANGED
