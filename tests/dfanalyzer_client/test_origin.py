"""`keras-prov origin` and `origin()`: a file is recognized by its content, not by its name."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from click.testing import CliRunner, Result

import keras_prov as keras
from dfanalyzer_client import flush, origin
from dfanalyzer_client.cli import main
from dfanalyzer_client.lineage.content import FileError
from dfanalyzer_client.private_server import PrivateServer
from small_models import data, small_model

KEYS = {"LEARNING_RATE": True, "DATASET": True, "ENVIRONMENT": True}


class Trained(NamedTuple):
    """The files of two trainings, and the tags of their executions."""

    folder: Path
    first: str
    second: str


@pytest.fixture(scope="module")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A training with checkpoints, data and a test; another that goes on from its model."""
    folder = tmp_path_factory.mktemp("files")
    x, y = data()
    np.save(folder / "x.npy", x)
    np.savez(folder / "both.npz", x=x, y=y)
    first = small_model()
    first.provenance(f"first-{folder.name}", hyps=KEYS)
    best = keras.callbacks.ModelCheckpoint(folder / "best.keras")
    log = keras.callbacks.CSVLogger(folder / "log.csv")
    first.fit(x, y, epochs=2, verbose=0, callbacks=[best, log])
    first.evaluate(x, y, verbose=0)
    second = keras.models.load_model(folder / "best.keras")
    second.provenance(f"second-{folder.name}")
    second.fit(x, y, verbose=0)
    second.save(folder / "tuned.keras")
    second.export(folder / "exported", verbose=False)
    assert flush(30)
    tags = [model.get_dataflow().exec_tag for model in (first, second)]
    return Trained(folder, *tags)


def run(*arguments: object, code: int = 0, **options: Any) -> Result:
    """Run `keras-prov origin`; an expected error is one line."""
    result = CliRunner().invoke(
        main, ["origin", *map(str, arguments)], **options, catch_exceptions=False
    )
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.stderr
    return result


def test_a_model_names_its_execution_epoch_and_callback(trained: Trained) -> None:
    """With configuration, data, test and environment, and the execution that went on from it."""
    found = origin(trained.folder / "best.keras")
    assert found.status == "known"
    (writer,) = found.writers
    assert (writer.execution, writer.epoch, writer.callback, writer.kind) == (
        trained.first,
        1,
        "ModelCheckpoint",
        "model",
    )
    (reader,) = found.readers
    assert (reader.mode, reader.execution) == ("read", trained.second)
    facts = found.executions[writer.df_exec]
    assert float(facts.configuration["learning_rate"]) == 0.01
    assert [(row.role, row.name, row.hash_kind) for row in facts.data] == [
        ("training", "x", "whole"),
        ("training", "y", "whole"),
    ]
    assert set(facts.tests) == {"loss"}
    assert f"Keras {keras.__version__}" in facts.environment
    (child,) = found.descendants[writer.df_exec].relatives
    assert (child.execution, child.through) == (trained.second, "best.keras")
    assert "tuned.keras" in child.wrote
    (parent,) = found.ancestors[reader.df_exec].relatives
    assert parent.execution == trained.first
    assert [use.epoch for use in found.before] == [0]


def test_the_tree_has_ids_that_can_be_pasted(trained: Trained) -> None:
    """Whole lines in a pipe; `keras-prov show` takes the id."""
    said = run(trained.folder / "tuned.keras").stdout
    (use,) = origin(trained.folder / "tuned.keras").writers
    assert f"execution {use.df_exec} ({trained.second}) wrote it" in said
    assert f"({trained.first}) through best.keras" in said
    assert CliRunner().invoke(main, ["show", str(use.df_exec)]).exit_code == 0


def test_an_execution_is_listed_once(trained: Trained, tmp_path: Path, tag: str) -> None:
    """With all that it did with a file: wrote it to several places, and read it again."""
    x, y = data()
    model = small_model()
    model.provenance(tag)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    shutil.copy(tmp_path / "model.keras", tmp_path / "copy.keras")
    model.load_weights(tmp_path / "copy.keras")
    model.load_weights(tmp_path / "copy.keras")
    assert flush(30)
    execution = model.get_dataflow().exec_tag
    lines = run(tmp_path / "model.keras").stdout.splitlines()
    (line,) = (line for line in lines if f"({execution})" in line)
    assert "wrote it" in line
    assert any("and read it" in each and f"as {tmp_path}/copy.keras" in each for each in lines)


def test_depth_and_json(trained: Trained) -> None:
    """Without depth there are no relatives; JSON has the same as Python."""
    found = json.loads(run(trained.folder / "tuned.keras", "--json", "--depth", "0").stdout)
    assert found["status"] == "known"
    assert found["uses"][0]["execution"] == trained.second
    assert all(not each["relatives"] for each in found["ancestors"].values())


def test_renamed_and_copied_files_are_known(trained: Trained, tmp_path: Path) -> None:
    """Whatever they are called now, and wherever."""
    copy = tmp_path / "renamed"
    shutil.copy(trained.folder / "best.keras", copy)
    assert "is unchanged: execution" in run(copy, "--check").stdout
    assert f"as {trained.folder / 'best.keras'}" in run(copy).stdout


def test_a_changed_file_says_so(trained: Trained) -> None:
    """It exits with 1, and says who wrote the content that it had; once it is back, all is well."""
    path = trained.folder / "tuned.keras"
    before = path.read_bytes()
    try:
        path.write_bytes(before + b"x")
        said = run(path, "--check", code=1).stdout
        assert "was changed since: it had another content when execution" in said
        assert trained.second in said
        shutil.copy(trained.folder / "best.keras", path)  # known, but not what was here last
        assert origin(path).status == "changed"
    finally:
        path.write_bytes(before)
    assert origin(path).status == "known"


def test_an_unknown_file_says_so(trained: Trained, tmp_path: Path) -> None:
    """It exits with 1 if --check is given, and with 0 otherwise."""
    (tmp_path / "new").write_text("of nobody")
    assert "is unknown: no execution wrote or read" in run(tmp_path / "new").stderr
    assert "is unknown" in run(tmp_path / "new", "--check", code=1).stdout


@pytest.mark.parametrize("name", ["x.npy", "both.npz"])
def test_data_are_known_by_the_fingerprint_that_dataset_stores(trained: Trained, name: str) -> None:
    """Whatever file they are in; it says which part, and whether it was compared as a whole."""
    found = origin(trained.folder / name)
    uses = {(use.execution, use.kind, use.part, use.hash_kind) for use in found.uses}
    assert (trained.first, "training", "x", "whole") in uses
    assert (trained.first, "test", "x", "whole") in uses
    assert ((trained.first, "training", "y", "whole") in uses) == (name == "both.npz")
    assert "whole" in run(trained.folder / name).stdout


def test_a_table_is_known_as_pandas_reads_it(tag: str, home: Path, tmp_path: Path) -> None:
    """The values of a CSV file, as one array."""
    pandas = pytest.importorskip("pandas")
    x, y = data()
    pandas.DataFrame(x.astype("float64").round(3)).to_csv(tmp_path / "x.csv", index=False)
    model = small_model()
    model.provenance(tag, hyps={"DATASET": True})
    model.fit(pandas.read_csv(tmp_path / "x.csv").to_numpy(), y, verbose=0)
    assert flush(30)
    (use,) = origin(tmp_path / "x.csv").uses
    assert (use.execution, use.part) == (model.get_dataflow().exec_tag, "x")


def test_logs_and_folders_are_known(trained: Trained) -> None:
    """What CSVLogger wrote, and the folder of a SavedModel with all that is in it."""
    (log,) = origin(trained.folder / "log.csv").writers
    assert (log.kind, log.callback) == ("log", "CSVLogger")
    (export,) = origin(trained.folder / "exported").writers
    assert (export.kind, export.execution) == ("export", trained.second)


def test_shards_belong_to_their_map(tag: str, home: Path, tmp_path: Path) -> None:
    """A changed shard makes sharded weights changed."""
    model = small_model()
    model.provenance(tag)
    model.fit(*data(), verbose=0)
    path = tmp_path / "model.weights.json"
    model.save_weights(path, max_shard_size=1)
    assert flush(30)
    found = origin(path)
    assert found.status == "known"
    shard = found.parts[0].path
    shard.write_bytes(shard.read_bytes() + b"x")
    assert origin(path).status == "changed"
    assert str(shard) in run(path, "--check", code=1).stdout


def test_what_is_no_file_is_said_in_one_line(trained: Trained, tmp_path: Path) -> None:
    """No such file, a folder without a model, a pipe, a device: none of them is read."""
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "nothing", "There is no file"),
        (tmp_path, "is a folder, and no SavedModel"),
        (tmp_path / "pipe", "is no regular file"),
        (Path("/dev/zero"), "is no regular file"),
    ):
        said = run(path, code=1).stderr
        assert words in said
        assert len(said.splitlines()) == 1
        with pytest.raises(FileError):
            origin(path)


def test_an_empty_database_is_said(tmp_path: Path) -> None:
    """The file is unknown, because there is nothing yet."""
    (tmp_path / "file").write_text("of nobody")
    environment = {"KERAS_PROV_HOME": str(tmp_path / "home")}
    said = run(tmp_path / "file", "--check", code=1, env=environment).stdout
    assert said.endswith("is unknown: the database is empty.\n")
    PrivateServer(tmp_path / "home").stop()
