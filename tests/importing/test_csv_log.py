"""Files of Keras' CSVLogger become executions."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
    flush,
)
from dfanalyzer_client.cli import main
from dfanalyzer_client.importing import importer
from dfanalyzer_client.private_server import PrivateServer
from tests.conftest import Asker

from .command import imported

ONE = "1 run imported, 0 continued, 0 there already."


def trained(file: Path, epochs: int = 2, separator: str = ",") -> dict[str, list[float]]:
    """What the epochs of a training measured that was logged to a file."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    log = keras.callbacks.CSVLogger(file, separator=separator, append=True)
    data = np.random.rand(8, 2), np.ones((8, 1))
    history: dict[str, list[float]] = model.fit(
        *data, epochs=epochs, verbose=0, callbacks=[log]
    ).history
    return history


def rows(ask: Asker, tag: str, columns: str) -> list[tuple[float, ...]]:
    """The epochs of a dataflow."""
    return ask.rows(f'SELECT {columns} FROM "{tag}".otrainingmodel ORDER BY id')


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_training_of_keras(separator: str, tmp_path: Path, tag: str, ask: Asker) -> None:
    """The values are those of Keras' history, whatever separates them."""
    file = tmp_path / tag / "training.log"
    file.parent.mkdir()
    history = trained(file, separator=separator)
    assert imported("csv", file)[0] == ONE
    assert rows(ask, tag, "epoch_id, loss") == list(enumerate(history["loss"]))


def test_a_training_that_was_continued(tmp_path: Path, tag: str, ask: Asker) -> None:
    """Each time that it began again is a training; a second import adds only what is new."""
    file = tmp_path / "training.log"
    trained(file)
    trained(file)
    assert imported("csv", file, "--dataflow", tag)[0] == ONE
    columns = "epoch_id, trainingmodel_task_id"
    assert len({task for _, task in rows(ask, tag, columns)}) == 2
    trained(file, epochs=1)
    continued = "0 runs imported, 1 continued, 0 there already."
    assert imported("csv", file, "--dataflow", tag)[0] == continued
    assert imported("csv", file, "--dataflow", tag)[0].endswith("1 there already.")
    found = rows(ask, tag, columns)
    assert [epoch for epoch, _ in found] == [0, 1, 0, 1, 0]
    assert len({task for _, task in found}) == 3


def test_a_file_that_is_overwritten_is_another_execution(tmp_path: Path, tag: str) -> None:
    """The first epoch tells them apart."""
    file = tmp_path / "training.log"
    for _ in range(2):
        file.unlink(missing_ok=True)
        trained(file)
        assert imported("csv", file, "--dataflow", tag)[0] == ONE


def test_values_that_are_no_numbers(tmp_path: Path, tag: str, ask: Asker) -> None:
    """Missing ones are NULL, lists are several metrics, texts are texts, and NaN is exact."""
    file = tmp_path / "training.log"
    file.write_text('epoch,f1,loss,phase\n0,"[0.5, 1]",NA,warm\n1,"[0.25, 1]",nan,up\n2,"[0.')
    imported("csv", file, "--dataflow", tag)
    assert rows(ask, tag, "epoch_id, f1_0, f1_1, loss, phase") == [
        (0.0, 0.5, 1.0, None, "warm"),
        (1.0, 0.25, 1.0, None, "up"),
    ]
    exact = ask.rows("SELECT epoch, exact FROM metrics WHERE dataflow = %s AND name = 'loss'", tag)
    assert exact == [(1.0, "NaN")]


def test_a_text_among_numbers_is_left_out_and_named(tmp_path: Path, tag: str, ask: Asker) -> None:
    """The metric keeps its other values, also infinite ones; the exit code is 1."""
    file = tmp_path / "training.log"
    file.write_text('epoch,loss,f1,phase\n0,x,"[1, y]",a\n1,inf,"[1, 2]",b\n2,9,3,c\n3,y,,d\n')
    output, errors = imported("csv", file, "--dataflow", tag, code=1)
    assert output == ONE
    assert errors.splitlines() == [
        f"{file}: a number was expected for 'loss' in epoch 0. Received: 'x'. "
        "2 values of that metric left out.",
        f"{file}: a number was expected for 'f1_1' in epoch 0. Received: 'y'. "
        "1 value of that metric left out.",
        "Error: 1 run imported without values that could not be read.",
    ]
    found = ask.rows(
        "SELECT epoch, value, exact FROM metrics WHERE name = 'loss' AND "
        "dataflow = %s ORDER BY epoch",
        tag,
    )
    assert [(epoch, value or exact) for epoch, value, exact in found] == [
        (1.0, "Infinity"),
        (2.0, 9.0),
    ]
    assert [text for (text,) in ask.set(tag, "oTrainingModel", "phase")] == list("abcd")
    assert imported("csv", file, "--dataflow", tag)[0].endswith("1 there already.")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"time,loss\n0,1\n", "no file of CSVLogger: its first line begins with 'time,loss"),
        (b"", "no file of CSVLogger"),
        (b"epoch,loss\n", "has no epoch yet"),
        (b"epoch,loss\n0,1\n1,2,3\n", "a row of 2 values was expected, the epoch's number first"),
        (b"epoch,loss\nx,1\n", "Received: 'x,1'"),
        (b"epoch,\xff\n0,1\n", "is no text in UTF-8"),
    ],
)
def test_other_files_are_named(content: bytes, reason: str, tmp_path: Path, tag: str) -> None:
    """One line names the file and the reason, and the exit code is 1."""
    file = tmp_path / "training.log"
    file.write_bytes(content)
    output, errors = imported("csv", file, "--dataflow", tag, code=1)
    assert output == "0 runs imported, 0 continued, 0 there already."
    line, error = errors.splitlines()
    assert str(file) in line
    assert reason in line
    assert error == "Error: 1 run could not be read."


def test_what_the_database_refuses_is_said(tmp_path: Path, tag: str) -> None:
    """A run whose dataflow has a set of ours with other types is named with the reason; exit 1."""
    kind = Set("iEnvironment", SetType.INPUT, [Attribute("KIND", AttributeType.NUMERIC)])
    Dataflow(tag, [Transformation("TrainingModel", [kind])]).save()
    assert flush(30)
    file = tmp_path / "training.log"
    file.write_text("epoch,loss\n0,1\n")
    output, errors = imported("csv", file, "--dataflow", tag, code=1)
    assert output == "0 runs imported, 0 continued, 0 there already."
    reason, last = errors.splitlines()[-2:]
    assert reason.startswith(f"{file} was refused by the database, whole or in part: ")
    assert "ienvironment" in reason.lower()
    assert last.startswith("Error: 1 run not stored, or not all of it: `keras-prov journal`")


def test_what_was_erased_stays_so(tmp_path: Path, tag: str, ask: Asker) -> None:
    """An import after an erasure leaves the run out and says so, which is no error."""
    file = tmp_path / "training.log"
    file.write_text("epoch,loss\n0,1\n")
    imported("csv", file, "--dataflow", tag)
    execution = ask.one("SELECT DISTINCT execution FROM metrics WHERE dataflow = %s", tag)
    assert not CliRunner().invoke(main, ["forget", execution, "--yes"]).exit_code
    assert imported("csv", file, "--dataflow", tag) == (
        "0 runs imported, 0 continued, 0 there already.",
        "1 run left out: erased from this database before.",
    )
    assert ask.rows("SELECT execution FROM metrics WHERE dataflow = %s", tag) == []


def test_a_run_stays_in_its_dataflow(tmp_path: Path, tag: str) -> None:
    """Another --dataflow for a run that is there is an error that names its own; so is no tag."""
    file = tmp_path / "training.log"
    file.write_text("epoch,loss\n0,1\n")
    imported("csv", file, "--dataflow", tag)
    assert imported("csv", file, "--dataflow", tag.upper())[0].endswith("1 there already.")
    output, error = imported("csv", file, "--dataflow", f"{tag}-2", code=1)
    assert output == ""
    assert error.startswith(f"Error: 1 of these runs is in the database already, in {tag}, and")
    assert "is empty" in imported("csv", file, "--dataflow", "", code=1)[1]


@pytest.mark.thorough
def test_a_user_who_may_not_write(
    home: Path, tmp_path: Path, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be stored is safe in the journal, and the last line says where."""
    reader = PrivateServer(home).reader_url().reveal()
    monkeypatch.setenv("KERAS_PROV_STORE", reader)
    monkeypatch.setenv("KERAS_PROV_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(importer, "PATIENT_SECONDS", 0.5)
    file = tmp_path / "training.log"
    file.write_text("epoch,loss\n0,1\n")
    errors = imported("csv", file, "--dataflow", tag, code=1)[1]
    assert f"They are safe in {tmp_path}/home/journals/" in errors.splitlines()[-1]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The system's reason is said."""
    errors = imported("csv", tmp_path / "missing.log", code=1)[1]
    assert errors.startswith(f"{tmp_path}/missing.log cannot be read: No such file or directory.")
