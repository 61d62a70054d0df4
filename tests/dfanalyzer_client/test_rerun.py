"""An execution is run again from its crate, and what differs from the recorded one is named."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import dfanalyzer_client.rerun as rerunning
from dfanalyzer_client.cli import main
from dfanalyzer_client.errors import RerunError
from dfanalyzer_client.executions import summaries
from dfanalyzer_client.export.crate import write_crate
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.rerun import RerunOptions, State, rerun
from dfanalyzer_client.rerun._findings import relative_difference
from dfanalyzer_client.rerun._python import _pinned
from dfanalyzer_client.rerun._tables import compared_tables, rows_of
from dfanalyzer_client.rerun._weights import compare_models
from dfanalyzer_client.store import Connection
from dfanalyzer_client.support.distribution import NAMES
from installation import InstalledPython
from warm import warm_python

ROOT = Path(__file__).parents[2]
MODULE = """
    import numpy as np

    def data():
        x = np.random.default_rng(7).random((64, 4)).astype("float32")
        return x, x.sum(axis=1)
"""
SCRIPT = """
    import sys
    import keras_prov as keras
    from parts.sums import data

    keras.utils.set_random_seed(int(sys.argv[1]))
    x, y = data()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.provenance(sys.argv[2], hyps="all")
    model.compile(keras.optimizers.SGD(0.01), loss="mse")
    if len(sys.argv) > 3:
        model.load_weights(sys.argv[3])
    model.fit(x, y, epochs=2, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.save("model.keras")
"""


@pytest.fixture(scope="module")
def folder(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a script was run twice: the second time, it read what the first one had saved."""
    folder = tmp_path_factory.mktemp("again")
    (folder / "parts").mkdir()
    (folder / "parts" / "sums.py").write_text(textwrap.dedent(MODULE))
    (folder / "train.py").write_text(textwrap.dedent(SCRIPT))
    for name, *arguments in (["plain"], ["reading", "start.keras"]):
        command = [*warm_python(), "train.py", "7", f"{name}-{folder.name}", *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=folder, env=environment, check=True, timeout=200)
        _write_crate(home, f"{name}-{folder.name}", folder / f"{name}-crate")
        if not arguments:
            shutil.copy(folder / "model.keras", folder / "start.keras")
    return folder


@pytest.fixture
def crate(folder: Path, tmp_path: Path) -> Path:
    """A copy of the crate of the run that read nothing."""
    return shutil.copytree(folder / "plain-crate", tmp_path / "crate")


@pytest.fixture
def reading(folder: Path, tmp_path: Path) -> Path:
    """A copy of the crate of the run that read a file."""
    return shutil.copytree(folder / "reading-crate", tmp_path / "reading")


@pytest.fixture
def warm(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program is run by a process that has loaded TensorFlow."""
    original = rerunning.command_of

    def warm_command(*arguments: Any) -> list[str]:
        return [*warm_python(), *original(*arguments)[1:]]

    monkeypatch.setattr(rerunning, "command_of", warm_command)


def _write_crate(home: Path, tag: str, target: Path, **options: Any) -> Path:
    connection = Connection(PrivateServer(home).reader_url())
    try:
        summary = summaries.executions(connection, tag)[-1]
        return write_crate(connection, summary, target, prov_json="{}", **options)
    finally:
        connection.close()


def edited(crate: Path, **values: Any) -> None:
    """Replace values of the crate's rerun.json."""
    file = crate / "rerun.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def replaced(crate: Path, name: str, old: str, new: str) -> None:
    """Change a source file of the crate, and its recorded SHA-256 with it."""
    sources = json.loads((crate / "rerun.json").read_text())["sources"]
    path = crate / next(each["path"] for each in sources if each["name"] == name)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    for each in sources:
        if each["name"] == name:
            each["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    edited(crate, sources=sources)


def command(*words: object) -> Result:
    """`keras-prov rerun` in this process."""
    return CliRunner().invoke(main, ["rerun", *map(str, words)])


def test_a_seeded_training_is_equal_bit_for_bit(warm: None, folder: Path, tmp_path: Path) -> None:
    """Its metrics, data, hyperparameters and weights, from a zip, and nothing else is touched."""
    zipped = shutil.make_archive(str(tmp_path / "crate"), "zip", folder / "plain-crate")
    before = sorted(folder.rglob("*"))
    done = command(zipped, "--here", "--yes")

    assert done.exit_code == 0, done.output
    assert "The re-execution is equal, bit for bit." in done.stdout
    assert "packages have the recorded versions" in done.stdout
    for part in ("hyperparameters", "training data", "metrics of the epochs", "of the tests"):
        assert part in done.stdout
    assert "equal    model.keras of savingmodel-1" in done.stdout
    assert sorted(folder.rglob("*")) == before


def test_another_seed_differs_and_is_named(warm: None, crate: Path) -> None:
    """First the hyperparameter; then the metrics with the first and the largest difference."""
    tag = json.loads((crate / "rerun.json").read_text())["arguments"][1]
    edited(crate, arguments=["8", tag])
    verdict = rerun(crate, RerunOptions(here=True))
    parts = {part.name: part for part in verdict.parts}

    assert verdict.state is State.DIFFERS
    (seed,) = parts["hyperparameters"].differences
    assert (seed.name, seed.recorded, seed.found) == ("seed", "7.0", "8.0")
    assert parts["training data"].state is State.EQUAL
    loss = parts["metrics of the epochs"].differences[0]
    assert (loss.place, loss.name) == ("trainingmodel-1, epoch 0", "loss")
    assert loss.relative is not None
    assert loss.relative > 0
    assert parts["model.keras of savingmodel-1"].largest is not None


@pytest.mark.thorough
def test_a_changed_program_differs_or_is_refused(warm: None, crate: Path) -> None:
    """A crate whose file is not the recorded one is damaged; one that says so, differs in data."""
    script = crate / "script" / "parts" / "sums.py"
    text = script.read_text()
    script.write_text(text.replace("rng(7)", "rng(8)"))
    done = command(crate, "--here", "--yes")
    assert done.exit_code == 2
    assert "script/parts/sums.py of the crate has the SHA-256" in done.stderr

    script.write_text(text)
    replaced(crate, "parts/sums.py", "rng(7)", "rng(8)")
    done = command(crate, "--here", "--yes")
    assert done.exit_code == 1, done.output
    assert "differs  training data: 2 of" in done.stdout
    assert "first hash in trainingmodel-1" in done.stdout
    altered = "Not as the crate's metadata describe them: script/parts/sums.py, rerun.json."
    assert altered in done.stdout
    assert "The re-execution DIFFERS." in done.stdout


def test_missing_inputs_are_named(warm: None, folder: Path, reading: Path, tmp_path: Path) -> None:
    """Before anything runs; --data says where they are, and another content is refused."""
    start, other = folder / "start.keras", tmp_path / "other"
    other.mkdir()
    original = start.read_bytes()
    try:
        start.rename(other / "start.keras")
        missing = command(reading, "--here", "--yes")
        found = command(reading, "--here", "--yes", "--data", other)
        start.write_bytes(b"another")
        changed = command(reading, "--here", "--yes")
    finally:
        start.write_bytes(original)

    assert missing.exit_code == changed.exit_code == 2
    assert f"{start} (SHA-256 {hashlib.sha256(original).hexdigest()}) is missing" in missing.stderr
    assert "--data" in missing.stderr
    assert "is missing" in changed.stderr
    assert found.exit_code == 0, found.output
    assert "1 recorded input checked by SHA-256." in found.stdout


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("old", "new", "seconds", "reason"),
    [
        ("x, y = data()", "raise ValueError('no data')", None, "exit code 1: .*no data"),
        ("x, y = data()", "while True: pass", 3, r"did not end within 3 s \(--timeout\)"),
        (
            "model.provenance(sys.argv[2], hyps=",
            "dict(x=",
            None,
            "nothing of the dataflow .* was captured",
        ),
    ],
    ids=["fails", "hangs", "captures nothing"],
)
def test_a_program_that_cannot_be_compared_says_why(
    warm: None, crate: Path, old: str, new: str, seconds: float | None, reason: str
) -> None:
    """It failed, it did not end, or nothing was captured."""
    text = (crate / "script" / "train.py").read_text()
    assert old in text
    replaced(crate, "train.py", old, new)

    with pytest.raises(RerunError, match=reason):
        rerun(crate, RerunOptions(here=True, seconds=seconds))


def test_nothing_runs_without_a_yes(crate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crate is somebody else's code; the question says what would run."""
    monkeypatch.setattr(rerunning, "run_program", lambda *_: pytest.fail("it was run"))
    done = command(crate, "--here")

    assert done.exit_code == 2
    assert "contains code that is run as you: train.py 7" in done.stderr
    assert "--yes" in done.stderr


def test_what_cannot_be_run_again_is_refused(crate: Path, tmp_path: Path) -> None:
    """No crate, an older one, a damaged one, one with obstacles, one that leads elsewhere."""

    def refusal(**values: Any) -> str:
        edited(crate, **values)
        done = command(crate, "--here", "--yes")
        assert done.exit_code == 2
        return done.stderr

    assert "is missing" in command(tmp_path / "none", "--yes").stderr
    (tmp_path / "file").write_text("text")
    assert "is no crate" in command(tmp_path / "file", "--yes").stderr
    (tmp_path / "older").mkdir()
    assert "no rerun.json" in command(tmp_path / "older", "--yes").stderr
    recorded = json.loads((crate / "rerun.json").read_text())
    assert "must have the format 1" in refusal(format=2)
    assert "An argument" in refusal(format=1, obstacles=["An argument is masked."])
    assert "is damaged" in refusal(obstacles=[], sources=[{"name": "train.py"}])
    for path in ("../train.py", "/etc/passwd"):
        source = {
            "name": path,
            "path": "script/train.py",
            "sha256": recorded["sources"][0]["sha256"],
        }
        refused = refusal(sources=[source])
        assert "outside of its folder" in refused or "has the SHA-256" in refused
    assert "outside of its folder" in refusal(
        sources=recorded["sources"], working_directory="../elsewhere"
    )
    assert command(crate, "--here", "--venv", "x").exit_code == 2


def test_requirements_of_a_crate_name_no_index(tmp_path: Path) -> None:
    """Only versions and hashes; Keras-Prov itself is left out, as it is here."""
    file = tmp_path / "requirements.txt"
    file.write_text(
        f"# text\nkeras-prov==0.1\nnumpy==2.0 \\\n    --hash=sha256:{'a' * 64}\nsix==1\n"
    )
    assert list(_pinned(file)) == [f"numpy==2.0      --hash=sha256:{'a' * 64}", "six==1"]
    for line in ("--index-url https://example.org", "numpy", "a @ https://example.org/a.whl"):
        file.write_text(line)
        with pytest.raises(RerunError, match=r"name==1\.0"):
            list(_pinned(file))


def test_numbers_are_compared_within_the_tolerance() -> None:
    """Relative to the larger one; NaN equals NaN, and times are not compared."""
    head = "task,otrain_timestamp,elapsed_time,epoch_id,loss\r\n"
    ours = {"otrainingmodel": rows_of(head + "t-1,2026,1.0,0,0.5\r\nt-1,2026,1.0,1,NaN\r\n")}
    theirs = {
        "otrainingmodel": rows_of(head + "t-1,2027,2.0,0,0.5000001\r\nt-1,2027,2.0,1,NaN\r\n")
    }

    (strict,) = compared_tables(ours, theirs, 0.0)
    (loose,) = compared_tables(ours, theirs, 1e-6)
    assert [each.name for each in strict.differences] == ["loss"]
    assert loose.state is State.WITHIN
    assert loose.within == pytest.approx(2e-7, rel=0.01)
    (shorter,) = compared_tables(ours, {"otrainingmodel": rows_of(head)}, 1.0)
    assert shorter.differences[0].name == "number of rows"
    assert relative_difference(float("inf"), 1.0) == float("inf")


def test_weights_are_compared_one_by_one(tmp_path: Path) -> None:
    """Without the date at which Keras saved them, and without places in memory."""
    import h5py

    def saved(name: str, *weights: float, date: str = "today", place: int = 1) -> Path:
        array = tmp_path / "model.weights.h5"
        with h5py.File(array, "w") as file:
            file["layer/vars/0"] = np.array(weights, "float32")
        path = tmp_path / name
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(array, "model.weights.h5")
            archive.writestr("config.json", json.dumps({"a": [{"shared_object_id": place}]}))
            archive.writestr("metadata.json", json.dumps({"date_saved": date}))
        return path

    one = saved("one.keras", 1.0, 2.0)
    same = saved("same.keras", 1.0, 2.0, date="tomorrow", place=99)
    other = saved("other.keras", 1.0, 2.002)
    assert compare_models("m", one, same, 0.0).state is State.EQUAL
    assert compare_models("m", one, other, 0.01).state is State.WITHIN
    differs = compare_models("m", one, other, 0.0)
    assert differs.largest is not None
    assert differs.largest.place == "layer/vars/0[1]"
    assert compare_models("m", one, saved("longer.keras", 1.0, 2.0, 3.0), 1.0).differences
    text = tmp_path / "model.txt"
    text.write_text("one")
    assert compare_models("m", text, one, 0.0).state is State.UNKNOWN


@pytest.mark.exhaustive
@pytest.mark.timeout(1200)
def test_the_environment_is_made(crate: Path, tmp_path: Path) -> None:
    """A virtual environment has the recorded packages, and Keras-Prov as it is here.

    They are linked before, so that pip finds them there and asks no index.
    """
    packages = json.loads((crate / "rerun.json").read_text())["packages"]
    python = InstalledPython.created(tmp_path)
    python.link(name for name in packages if name not in NAMES)
    venv = tmp_path / "venv"
    done = command(crate, "--venv", venv, "--python", sys.executable, "--yes")

    assert done.exit_code == 0, done.output
    assert "Packages were installed in their recorded versions, without hashes." in done.stdout
    assert (venv / "keras-prov" / "keras_prov").is_symlink()
