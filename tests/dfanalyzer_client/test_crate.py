"""A crate has what was captured, says what is missing, and is a Provenance Run Crate."""

from __future__ import annotations

import atexit
import csv
import functools
import importlib.metadata
import importlib.resources
import io
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dfanalyzer_client
import keras_prov as keras
from dfanalyzer_client.config.author import Author
from dfanalyzer_client.errors import CrateError
from dfanalyzer_client.executions import summaries
from dfanalyzer_client.executions.reader import read_execution
from dfanalyzer_client.export.crate import write_crate
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.support.digest import file_digest
from small_models import data, small_model
from w3c_prov.test_requests import Asks
from warm import warm_python

ROOT = Path(__file__).parents[2]
ADA = Author("Ada Lovelace", "ada@example.org", "0000-0002-1694-233X")
PROV = json.dumps({"prefix": {"ex": "http://example.org/"}, "activity": {"ex:training": {}}})
PROFILES = {
    "0.5": ("ro-crate-1.1", "provenance-run-crate-0.5"),
    "0.6": ("ro-crate-1.3", "provenance-run-crate-0.6"),
}
"""What the validator checks of a crate, by the version of its run profiles."""
RO_CRATE = "https://w3id.org/ro/crate"
TERMS = ("sha256", "environment", "ContainerImage", "containerImage", "registry", "tag")
"""Words of the run profiles that we use."""
SCRIPT = """
    import sys, time, types
    import numpy as np
    import keras_prov as keras
    from keras.src.saving import saving_lib

    # Keras writes the second at which it saves, and so would the same model be another file
    moment, second = saving_lib.datetime.datetime.now(), time.localtime()
    time.localtime = lambda *_: second
    saving_lib.datetime = types.SimpleNamespace(datetime=types.SimpleNamespace(now=lambda: moment))

    keras.utils.set_random_seed(7)
    x = np.random.rand(40, 4).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.01), "mse", metrics=["mae"])
    model.provenance(
        sys.argv[1], adaptation=True,
        hyps=dict.fromkeys(["LEARNING_RATE", "OPTIMIZER_NAME", "NUM_EPOCHS", "SEED", "ENVIRONMENT",
                            "MODEL", "DATASET"], True),
    )
    halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    model.fit(x, x.sum(1), epochs=2, validation_split=0.2, verbose=0, callbacks=[halve])
    model.fit(x, x.sum(1), epochs=1, verbose=0)
    model.evaluate(x, x.sum(1), verbose=0)
    model.save("saved.keras")
"""


class Exported:
    """A crate in a folder, as its readers see it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        graph = json.loads(self.text("ro-crate-metadata.json"))["@graph"]
        self.entities = {entity["@id"]: entity for entity in graph}

    def __getitem__(self, id_: str) -> dict[str, Any]:
        return self.entities[id_]

    def text(self, path: str) -> str:
        """The content of a file."""
        return (self.folder / path).read_bytes().decode()

    def table(self, path: str) -> list[list[str]]:
        """The rows of a CSV, its header first."""
        return list(csv.reader(io.StringIO(self.text(path), newline="")))

    def of(self, type_: str) -> list[dict[str, Any]]:
        """The entities of a type."""
        return [each for each in self.entities.values() if type_ in listed(each["@type"])]

    def all(self, id_: str, name: str) -> list[dict[str, Any]]:
        """The entities that a property of an entity names."""
        return [self[each["@id"]] for each in listed(self[id_].get(name, []))]


def listed(value: Any) -> list[Any]:
    """A property's values, of which one alone is no list."""
    return value if isinstance(value, list) else [value]


@contextmanager
def database(home: Path) -> Iterator[Connection]:
    """The database, once all that was said is stored."""
    assert dfanalyzer_client.flush(30)
    connection = Connection(PrivateServer(home).reader_url())
    try:
        yield connection
    finally:
        connection.close()


def exported(home: Path, tag: str, target: Path, **options: Any) -> Exported:
    """The crate of the newest execution of a dataflow."""
    with database(home) as connection:
        summary = summaries.executions(connection, tag)[-1]
        write_crate(connection, summary, target, **{"prov_json": PROV, **options})
    return Exported(target)


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def trained(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A script that has run, in a repository with a remote, and the tag of its dataflow."""
    folder = tmp_path_factory.mktemp("digits")
    (folder / "train.py").write_text(textwrap.dedent(SCRIPT))
    git(folder, "init", "--quiet", "--initial-branch=trunk")
    git(folder, "remote", "add", "origin", "git@github.com:ada/digits.git")
    git(folder, "add", "train.py")
    git(folder, "commit", "--quiet", "--message=first")
    tag = f"digits-{folder.name}"
    command = [*warm_python(), "train.py", tag, "--api-key", "hunter2"]
    environment = {
        "PYTHONPATH": str(ROOT),
        "TF_DETERMINISTIC_OPS": "1",
        "KERAS_PROV_CONTAINER_IMAGE": "docker.io/ada/digits:1",
    }
    subprocess.run(command, cwd=folder, env=os.environ | environment, check=True, timeout=200)
    return folder, tag


@pytest.fixture(scope="module")
def crate(
    home: Path, trained: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Exported:
    """The crate of that script, with author and licence."""
    target = tmp_path_factory.mktemp("crates") / "digits"
    return exported(home, trained[1], target, author=ADA, license="CC-BY-4.0")


@pytest.fixture
def capture(tag: str) -> Callable[..., Any]:
    """A small model that is captured, with what else is asked for."""

    def captured(*keys: str, **compile_: Any) -> Any:
        model = small_model(**compile_)
        model.provenance(tag, hyps={"LEARNING_RATE": True, **dict.fromkeys(keys, True)})
        return model

    return captured


def test_the_script_is_the_workflow(crate: Exported, trained: tuple[Path, str]) -> None:
    """It is a copy, by its commit and its steps, and what was masked stays so."""
    folder, _ = trained
    script = crate["script/train.py"]

    assert crate["./"]["mainEntity"] == {"@id": "script/train.py"}
    assert crate.text("script/train.py") == (folder / "train.py").read_text()
    assert script["sha256"] == file_digest(folder / "train.py")[1]
    assert set(script["@type"]) == {"File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"}
    assert script["version"] == git(folder, "rev-parse", "HEAD")
    assert script["description"].endswith("--api-key …")
    assert "changed" not in script["description"]
    names = {"TrainingModel", "Adaptation", "TestingModel", "SavingModel"}
    assert {each["name"] for each in crate.all("script/train.py", "step")} == names
    assert {each["name"] for each in crate.all("script/train.py", "hasPart")} == names


def test_the_commit_has_its_page(crate: Exported, trained: tuple[Path, str]) -> None:
    """Where the remote is at a host that has such pages."""
    commit = git(trained[0], "rev-parse", "HEAD")
    page = f"https://github.com/ada/digits/tree/{commit}"

    assert crate["script/train.py"]["isBasedOn"] == {"@id": page}
    assert crate[page]["version"] == commit
    assert crate[page]["codeRepository"] == {"@id": "https://github.com/ada/digits"}


def test_each_task_is_an_action_of_its_tool(crate: Exported) -> None:
    """Two trainings, their tests and files: when, how, of what, with which result."""
    tasks = [each for each in crate.of("CreateAction") if each["@id"] != "#run"]
    names = [each["name"] for each in tasks]

    assert names == [
        "TrainingModel 1",
        "Adaptation 1",
        "SavingModel 1",
        "TrainingModel 2",
        "SavingModel 2",
        "TestingModel 1",
        "SavingModel 3",
    ]
    for each in tasks:
        assert each["actionStatus"] == "http://schema.org/CompletedActionStatus"
        assert each["startTime"] <= each["endTime"]
        assert crate.all(each["@id"], "instrument")[0]["name"] == each["name"][:-2]
        assert crate.all(each["@id"], "agent")[0]["@type"] == "Person"
    assert {each["@id"] for each in tasks} <= {each["@id"] for each in crate["./"]["mentions"]}
    controls = crate.of("ControlAction")
    assert [each["object"]["@id"] for each in controls] == [each["@id"] for each in tasks]
    orchestration = crate["#orchestration"]
    assert orchestration["result"] == {"@id": "#run"}
    assert len(orchestration["object"]) == len(controls)
    assert crate["#run"]["instrument"] == {"@id": "script/train.py"}


def test_hyperparameters_are_values_of_parameters(crate: Exported) -> None:
    """Each value stands once, and each training has its own."""
    values = {
        task: {
            each["name"]: each["value"]
            for each in crate.all(f"#task-trainingmodel-{task}", "object")
            if each["@type"] == "PropertyValue"
        }
        for task in (1, 2)
    }

    assert values[1] == {
        "learning_rate": 0.01,
        "optimizer_name": "SGD",
        "num_epochs": 2,
        "seed": 7,
    }
    assert values[2] == {**values[1], "learning_rate": 0.005, "num_epochs": 1}
    given = {each["name"] for each in crate.all("script/train.py", "input")}
    assert given >= {"learning_rate", "optimizer_name", "num_epochs", "seed"}
    assert "oTrainingModel" not in given
    for each in crate.of("PropertyValue"):
        if "exampleOfWork" in each:
            assert crate[each["exampleOfWork"]["@id"]]["@type"] == "FormalParameter"


def test_each_set_is_a_csv_of_the_databases_rows(
    crate: Exported, trained: tuple[Path, str], home: Path
) -> None:
    """Of both trainings, each row after its task."""
    with database(home) as connection:
        summary = summaries.executions(connection, trained[1])[-1]
        record = read_execution(connection, summary.dataflow, summary.id)
        sets = {each.tag: each for each in record.sets}

    for tag, stored in sets.items():
        if tag == "ienvironment":
            continue
        folder = "inputs" if tag.startswith("i") else "metrics"
        header, *rows = crate.table(f"{folder}/{tag}.csv")
        assert header == ["task", *stored.columns]
        assert [row[1:] for row in rows] == [
            ["" if value is None else str(value) for value in row.values] for row in stored.rows
        ]
    tasks = [row[0] for row in crate.table("metrics/otrainingmodel.csv")[1:]]
    assert tasks == ["trainingmodel-1", "trainingmodel-1", "trainingmodel-2"]
    assert {"otrainingmodel", "oadaptation", "otestingmodel", "itrainingmodel"} <= sets.keys()


def test_the_models_are_those_that_were_written(crate: Exported, trained: tuple[Path, str]) -> None:
    """One for each training, and the one that the script saved, which is the last one's."""
    models = [each for each in crate.of("File") if each["@id"].startswith("files/")]

    assert [each["name"] for each in models] == ["model.keras", "model.keras"]
    for each in models:
        assert file_digest(crate.folder / each["@id"])[1] == each["sha256"]
    assert models[1]["sha256"] == file_digest(trained[0] / "saved.keras")[1]
    assert models[1]["alternateName"] == "saved.keras"
    assert crate.all("#task-savingmodel-3", "result")[-1] == models[1]
    loaded = keras.saving.load_model(crate.folder / models[1]["@id"])
    assert loaded.count_params() == 5


def test_the_environment_and_prov_are_inside(crate: Exported) -> None:
    """With the versions of the packages as pip reads them, and the document as it was given."""
    environment = json.loads(crate.text("environment.json"))

    assert environment["keras"]["version"] == keras.__version__
    assert environment["git"]["branch"] == "trunk"
    version = importlib.metadata.version("numpy")
    assert f"numpy=={version}" in crate.text("requirements.txt").splitlines()
    assert crate["#keras"]["softwareVersion"] == keras.__version__
    (image,) = crate.all("#run", "containerImage")
    assert (image["registry"], image["name"], image["tag"]) == ("docker.io", "ada/digits", "1")
    assert {each["name"] for each in crate.all("#run", "environment")} >= {"TF_DETERMINISTIC_OPS"}
    assert json.loads(crate.text("prov.json")) == json.loads(PROV)
    assert "hunter2" not in "".join(
        each.read_text(errors="replace") for each in crate.folder.rglob("*.json")
    )


def test_author_and_licence_are_those_that_were_named(crate: Exported) -> None:
    """The author is known by the iD; who ran it is the account that did."""
    root = crate["./"]

    assert crate.all("./", "author") == [
        {
            "@id": "https://orcid.org/0000-0002-1694-233X",
            "@type": "Person",
            "name": "Ada Lovelace",
            "email": "ada@example.org",
        }
    ]
    assert root["license"] == {"@id": "https://spdx.org/licenses/CC-BY-4.0"}
    assert root["datePublished"][:19] == crate["#run"]["endTime"][:19]
    assert "Missing" not in crate.text("README.md")


def test_the_same_execution_gives_the_same_crate(
    home: Path, trained: tuple[Path, str], crate: Exported, tmp_path: Path
) -> None:
    """Byte for byte; a zip holds the same files."""
    again = exported(home, trained[1], tmp_path / "again", author=ADA, license="CC-BY-4.0")
    files = {each.relative_to(again.folder) for each in again.folder.rglob("*") if each.is_file()}
    with database(home) as connection:
        summary = summaries.executions(connection, trained[1])[-1]
        options: dict[str, Any] = {"prov_json": PROV, "author": ADA, "license": "CC-BY-4.0"}
        zips = [
            write_crate(connection, summary, tmp_path / f"{name}.zip", **options)
            for name in ("one", "two")
        ]

    assert file_digest(again.folder) == file_digest(crate.folder)
    assert zips[0].read_bytes() == zips[1].read_bytes()
    with zipfile.ZipFile(zips[0]) as archive:
        assert {Path(name) for name in archive.namelist()} == files
        for name in archive.namelist():
            assert archive.read(name) == (again.folder / name).read_bytes()
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_what_was_not_captured_is_said_to_be_missing(
    home: Path, tag: str, capture: Any, tmp_path: Path
) -> None:
    """Without ENVIRONMENT and MODEL there is a dataflow, and no script, model, agent or licence."""
    capture().fit(*data(), epochs=1, verbose=0)

    bare = exported(home, tag, tmp_path / "bare")

    assert bare["./"]["mainEntity"] == {"@id": "dataflow.json"}
    declared = json.loads(bare.text("dataflow.json"))
    assert declared["transformations"][0]["tag"] == "trainingmodel"
    assert (
        "The script is not in this crate: the command line was not captured"
        in (bare["dataflow.json"]["description"])
    )
    assert bare["./"]["license"] == {"@id": "#no-licence"}
    assert "agent" not in bare["#run"]
    assert not (bare.folder / "environment.json").exists()
    missing = bare.text("README.md").partition("## Missing")[2]
    for each in ("script", "environment", "model", "licence", "author"):
        assert each in missing


def test_a_script_that_is_gone_is_said_to_be(
    home: Path, trained: tuple[Path, str], tmp_path: Path
) -> None:
    """One that was changed since is found in the commit, else it may not be what ran."""
    folder, tag = trained
    script, hidden = folder / "train.py", folder / "hidden"
    text, stat = script.read_text(), script.stat()
    try:
        script.write_text("print('another')")
        committed = exported(home, tag, tmp_path / "committed")
        (folder / ".git").rename(hidden)
        changed = exported(home, tag, tmp_path / "changed")
        script.rename(folder / "renamed.py")
        gone = exported(home, tag, tmp_path / "gone")
    finally:
        hidden.rename(folder / ".git")
        script.write_text(text)
        os.utime(script, ns=(stat.st_atime_ns, stat.st_mtime_ns))

    assert committed.text("script/train.py") == text
    assert "its SHA-256 is the recorded one" in committed["script/train.py"]["description"]
    assert json.loads(committed.text("rerun.json"))["sources"][0]["path"] == "script/train.py"
    assert json.loads(changed.text("rerun.json"))["obstacles"] == [
        "An argument of the command line is masked.",
        "train.py is not in the crate: it was changed since.",
    ]

    assert (
        "after the run had begun: what ran may have been different"
        in (changed["script/train.py"]["description"])
    )
    assert gone["./"]["mainEntity"] == {"@id": "dataflow.json"}
    assert "The script is not in this crate: file train.py is not where it was." in (
        gone.text("README.md")
    )


def test_a_file_of_another_content_is_not_copied(
    home: Path, tag: str, capture: Any, tmp_path: Path
) -> None:
    """It is named by the SHA-256 that was recorded, with the reason; so is one that is gone."""
    model = capture()
    model.fit(*data(), epochs=1, verbose=0)
    changed, gone = tmp_path / "changed.weights.h5", tmp_path / "gone.keras"
    model.save_weights(changed)
    model.save(gone)
    recorded = file_digest(changed)[1], file_digest(gone)[1]
    changed.write_bytes(b"other")
    gone.unlink()

    crate = exported(home, tag, tmp_path / "crate")

    first, second = crate["#file-1"], crate["#file-2"]
    assert (first["sha256"], second["sha256"]) == recorded
    assert "its content has changed" in first["description"]
    assert "it is no longer where it was written" in second["description"]
    assert crate["#task-savingmodel-1"]["result"][-1] == {"@id": "#file-1"}
    assert not (crate.folder / "files").exists()
    assert "changed.weights.h5" in crate.text("README.md").partition("## Missing")[2]


@pytest.mark.parametrize("is_remote", [False, True])
def test_a_model_is_found_by_its_content(
    home: Path,
    tag: str,
    capture: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_remote: bool,
) -> None:
    """In the artifact store of now, wherever it was when the model was stored."""
    monkeypatch.setenv("KERAS_PROV_ARTIFACTS", str(tmp_path / "store"))
    capture("MODEL").fit(*data(), epochs=1, verbose=0)
    assert dfanalyzer_client.flush(30)
    moved = (tmp_path / "store").rename(tmp_path / "moved")
    monkeypatch.setenv("KERAS_PROV_ARTIFACTS", moved.as_uri() if is_remote else str(moved))

    crate = exported(home, tag, tmp_path / "crate")

    assert (
        crate["files/model.keras"]["sha256"] == file_digest(crate.folder / "files/model.keras")[1]
    )


def test_what_was_read_is_named_and_not_copied(
    home: Path, tag: str, capture: Any, tmp_path: Path
) -> None:
    """The weights that a training went on with are an object of their loading."""
    path = tmp_path / "before.weights.h5"
    small_model().save_weights(path)
    model = capture()
    model.load_weights(path)
    model.fit(*data(), epochs=1, verbose=0)

    crate = exported(home, tag, tmp_path / "crate")

    [loading] = [each for each in crate.of("CreateAction") if each["name"] == "LoadingModel 1"]
    assert {"@id": "#file-1"} in listed(loading["object"])
    assert crate["#file-1"]["sha256"] == file_digest(path)[1]
    assert "what was read is not copied" in crate["#file-1"]["description"]


@pytest.mark.thorough
def test_a_failed_training_is_a_failed_action(
    home: Path, tag: str, capture: Any, tmp_path: Path
) -> None:
    """With its error; NaN stays NaN in CSV, and the value of no parameter spoils the JSON."""

    class Fails(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                raise RuntimeError("out of luck")

    x, y = data()
    model = capture()
    with pytest.raises(RuntimeError):
        model.fit(x, y * np.nan, epochs=3, verbose=0, callbacks=[Fails()])

    crate = exported(home, tag, tmp_path / "crate")

    for id_ in ("#task-trainingmodel-1", "#run", "#control-trainingmodel-1"):
        assert crate[id_]["actionStatus"] == "http://schema.org/FailedActionStatus"
        assert "out of luck" in crate[id_]["error"]
    header, *rows = crate.table("metrics/otrainingmodel.csv")
    assert {row[header.index("loss")] for row in rows} == {"NaN"}
    assert math.isnan(float(rows[0][header.index("loss")]))
    assert_valid(crate.folder, tmp_path)


@pytest.mark.thorough
def test_a_transformation_of_the_domain_is_a_tool(
    home: Path, tag: str, capture: Any, tmp_path: Path
) -> None:
    """Its inputs are parameters, too, and its folder a folder; one never done has no step."""
    folder = tmp_path / "maps"
    (folder / "a").mkdir(parents=True)
    (folder / "a" / "1.txt").write_text("1")
    model = capture()
    dataflow = model.get_dataflow()
    for name in ("Dense Block", "Never"):
        attribute = dfanalyzer_client.Attribute("GROWTH", dfanalyzer_client.AttributeType.NUMERIC)
        label = dfanalyzer_client.Attribute("LABEL", dfanalyzer_client.AttributeType.TEXT)
        set_ = dfanalyzer_client.Set(
            f"i{name}", dfanalyzer_client.SetType.INPUT, [attribute, label]
        )
        dataflow.add_transformation(dfanalyzer_client.Transformation(name, [set_]))
    with dataflow.task("Dense Block") as task:
        task.used(growth=float("inf"), label='a "quoted", one')
        size, sha256 = file_digest(folder)
        task.task.add_file(dfanalyzer_client.File(str(folder), "maps", size=size, sha256=sha256))
    model.fit(*data(), epochs=1, verbose=0)

    crate = exported(home, tag, tmp_path / "crate")

    names = {each["name"] for each in crate.all("dataflow.json", "step")}
    assert names == {"TrainingModel", "dense block"}
    [action] = [each for each in crate.of("CreateAction") if each["name"] == "dense block 1"]
    values = {each["name"]: each.get("value") for each in crate.all(action["@id"], "object")}
    assert values["growth"] == "Infinity"
    assert values["label"] == 'a "quoted", one'
    assert crate.all(action["@id"], "result") == [crate["files/maps/"]]
    assert crate["files/maps/"]["@type"] == "Dataset"
    assert crate.text("files/maps/a/1.txt") == "1"
    assert crate.table("inputs/idense_block.csv")[1][1:] == ["Infinity", 'a "quoted", one']
    assert_valid(crate.folder, tmp_path)


def test_requests_are_actions_of_who_asked(home: Path, tag: str, tmp_path: Path) -> None:
    """Each has its person, outcome and result; a table has all columns; the validator agrees."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.provenance(tag, hyps={"LEARNING_RATE": True}, steering=True)
    x = np.ones((8, 2), "float32")
    model.fit(x, x[:, :1], epochs=10**6, verbose=0, callbacks=[Asks()])
    crate = exported(home, tag, tmp_path / "crate", author=ADA)

    found = sorted(crate.of("AskAction"), key=lambda each: str(each["@id"]))
    states = [each["actionStatus"].rpartition("/")[2] for each in found]
    assert states == ["CompletedActionStatus", "FailedActionStatus", "CompletedActionStatus"]
    assert [crate[each["agent"]["@id"]]["name"] for each in found] == ["Ada", "Bob", "Ada"]
    assert found[0]["result"]["@id"] == "#task-adaptation-1"
    assert "no number 'nope'" in found[1]["error"]
    assert "result" not in found[1]
    assert found[2]["result"]["@id"] == "#task-trainingmodel-1"
    assert "hunter2" not in crate.text("ro-crate-metadata.json")
    header, *rows = crate.table("requests.csv")
    assert [dict(zip(header, row, strict=True))["state"] for row in rows] == [
        "applied",
        "refused",
        "applied",
    ]
    mentioned = [each["@id"] for each in crate.all("./", "mentions")]
    assert {each["@id"] for each in found} <= set(mentioned)
    assert_valid(crate.folder, tmp_path)


def test_what_is_there_is_not_overwritten(
    home: Path, tag: str, capture: Any, tmp_path: Path
) -> None:
    """But an empty folder, and by force a crate; never another folder."""
    capture().fit(*data(), epochs=1, verbose=0)
    folder, other = tmp_path / "crate", tmp_path / "other"
    folder.mkdir()
    exported(home, tag, folder)
    (folder / "old").touch()
    other.mkdir()
    (other / "thesis.tex").touch()
    (tmp_path / "crate.zip").touch()

    for target in (folder, tmp_path / "crate.zip"):
        with pytest.raises(CrateError, match="exists"):
            exported(home, tag, target)
    with pytest.raises(CrateError, match="something other than a crate in it"):
        exported(home, tag, other, force=True)
    exported(home, tag, folder, force=True)

    assert not (folder / "old").exists()
    assert (other / "thesis.tex").exists()
    assert (tmp_path / "crate.zip").stat().st_size == 0
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_without_rocrate_the_cure_is_named(
    home: Path, tag: str, capture: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the error, before anything is written."""
    capture().fit(*data(), epochs=1, verbose=0)
    for name in [
        each for each in sys.modules if each.startswith("dfanalyzer_client.export.crate._c")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "rocrate", None)
    for name in [each for each in sys.modules if each.startswith("rocrate.")]:
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(CrateError, match=r"pip install 'keras-prov\[crate\]'"):
        exported(home, tag, tmp_path / "crate")

    assert not (tmp_path / "crate").exists()


def test_the_crate_passes_the_validator(crate: Exported, tmp_path: Path) -> None:
    """That of a captured script, folder and profile, with all that the profile requires."""
    assert_valid(crate.folder, tmp_path)


@pytest.mark.exhaustive
def test_a_newer_profile_passes_the_validator(
    home: Path, trained: tuple[Path, str], tmp_path: Path
) -> None:
    """RO-Crate 1.3 and the run profiles 0.6; all but versions is as in the default ones."""
    crate = exported(home, trained[1], tmp_path / "newer", author=ADA, profile="0.6")

    versions = {each["@id"].rpartition("/")[2] for each in crate.all("./", "conformsTo")}
    assert versions == {"0.6", "1.1"}
    assert crate["ro-crate-metadata.json"]["conformsTo"] == [{"@id": f"{RO_CRATE}/1.3"}]
    context = json.loads(crate.text("ro-crate-metadata.json"))["@context"]
    assert context[0] == f"{RO_CRATE}/1.3/context"
    assert_valid(crate.folder, tmp_path, "0.6")


def test_an_unknown_profile_is_an_error(home: Path, trained: tuple[Path, str]) -> None:
    """It names those that there are."""
    with pytest.raises(CrateError, match=r"no profile '0\.7' of crates. Expected one of: 0\.5, 0"):
        exported(home, trained[1], Path("nowhere"), profile="0.7")


@pytest.mark.thorough
def test_a_crate_of_little_passes_the_validator(
    home: Path, tag: str, capture: Any, tmp_path: Path
) -> None:
    """Without script, model, environment, author and licence; while it runs, too."""
    model = capture()
    crates = []

    class Exports(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            crates.append(exported(home, tag, tmp_path / "running"))

    model.fit(*data(), epochs=1, verbose=0, callbacks=[Exports()])
    crates.append(exported(home, tag, tmp_path / "ended"))

    assert "actionStatus" not in crates[0]["#run"]
    assert "had not ended" in crates[0]["#run"]["description"]
    for each in crates:
        assert_valid(each.folder, tmp_path)


@pytest.mark.thorough
def test_the_validator_is_not_blind(crate: Exported, tmp_path: Path) -> None:
    """It refuses the same crate without its actions' instruments."""
    spoilt = tmp_path / "spoilt"
    spoilt.mkdir()
    for name in ("script", "files", "metrics", "inputs"):
        (spoilt / name).symlink_to(crate.folder / name)
    for each in crate.folder.glob("*.*"):
        (spoilt / each.name).write_bytes(each.read_bytes())
    metadata = json.loads(crate.text("ro-crate-metadata.json"))
    for entity in metadata["@graph"]:
        entity.pop("instrument", None)
    (spoilt / "ro-crate-metadata.json").write_text(json.dumps(metadata))

    issues = problems(spoilt, "provenance-run-crate-0.5", tmp_path)
    assert any("The Action MUST have an instrument" in each for each in issues)


def assert_valid(folder: Path, tmp_path: Path, version: str = "0.5") -> None:
    """The crate breaks nothing that RO-Crate and the run profiles require."""
    for profile in PROFILES[version]:
        assert problems(folder, profile, tmp_path) == []


def problems(folder: Path, profile: str, tmp_path: Path) -> list[str]:
    """What roc-validator says, without a network: it finds the contexts in its cache."""
    pytest.importorskip("rocrate_validator", reason="roc-validator is not installed")
    from rocrate_validator.services import ValidationSettings, validate

    cache = tmp_path / "http"
    if not cache.with_suffix(".sqlite").exists():
        _fill_cache(cache)
    settings = ValidationSettings(
        rocrate_uri=str(folder),
        extra_profiles_path=_newer_profiles() if profile.endswith("0.6") else None,
        profile_identifier=profile,
        offline=True,
        cache_path=cache,
    )
    return [str(issue.message) for issue in validate(settings).get_issues()]


@functools.cache
def _newer_profiles() -> Path:
    """The run profiles 0.6, made of the validator's rules for 0.5.

    It has RO-Crate 1.3, but not yet 0.6 (crs4/rocrate-validator#201), which has the same rules with
    other URLs: of the versions, and of four words of Bioschemas.
    """
    import rocrate_validator

    folder = tempfile.mkdtemp(prefix="profiles-")
    atexit.register(shutil.rmtree, folder)
    source, target = Path(rocrate_validator.__file__).parent / "profiles", Path(folder)
    renamed = {
        "/workflow-ro-crate/1.0": "/workflow-ro-crate/1.1",
        "TransitiveProfileOf <https://w3id.org/ro/crate/1.1>": (
            "TransitiveProfileOf <https://w3id.org/ro/crate/1.2> , <https://w3id.org/ro/crate/1.3>"
        ),  # whose rules are those of 1.2, and a few that replace them
        "w3id.org/ro/crate/1.1": "w3id.org/ro/crate/1.3",
        "<https://bioschemas.org/>": "<https://bioschemas.org/terms/>",
        "<https://bioschemas.org/ComputationalWorkflow#>": "<https://bioschemas.org/terms/>",
    } | {f"wfrun/{each}/0.5": f"wfrun/{each}/0.6" for each in ("process", "workflow", "provenance")}
    for name in ("process-run", "workflow-run", "provenance-run", "workflow-ro"):
        newer = shutil.copytree(source / f"{name}-crate", target / f"{name}-crate")
        for file in [*newer.rglob("*.ttl"), *newer.rglob("*.py")]:
            text = file.read_text(encoding="utf-8")
            for old, new in renamed.items():
                text = text.replace(old, new)
            file.write_text(text, encoding="utf-8")
    return target


def _fill_cache(path: Path) -> None:
    """Put the JSON-LD contexts that crates name where the validator looks for them.

    rocrate carries that of RO-Crate 1.3, in which the words of Bioschemas have other URLs.
    """
    import requests
    import requests_cache
    import urllib3

    text = importlib.resources.files("rocrate").joinpath("data/ro-crate.jsonld").read_text("utf-8")
    newer, later = json.loads(text), json.loads(text)
    bioschemas = "https://bioschemas.org"
    for name in ("ComputationalWorkflow", "FormalParameter"):
        later["@context"][name] = f"{bioschemas}/{name}"
    for name in ("input", "output"):
        later["@context"][name] = f"{bioschemas}/ComputationalWorkflow#{name}"
    terms = "https://w3id.org/ro/terms/workflow-run"
    contexts = {
        f"{RO_CRATE}/1.1/context": later,
        f"{RO_CRATE}/1.3/context": newer,
        f"{terms}/context": {"@context": {name: f"{terms}#{name}" for name in TERMS}},
    }

    class Stored(requests.adapters.HTTPAdapter):
        def send(self, request: Any, *_: Any, **__: Any) -> requests.Response:
            body = io.BytesIO(json.dumps(contexts[request.url]).encode())
            headers = {"Content-Type": "application/ld+json"}
            raw = urllib3.HTTPResponse(body, headers, 200, preload_content=False)
            return self.build_response(request, raw)

    with requests_cache.CachedSession(str(path), backend="sqlite", expire_after=-1) as session:
        session.mount("https://", Stored())
        for url in contexts:
            accepted = "application/ld+json, application/json, */*;q=0.1"  # as the validator asks
            session.get(url, headers={"Accept": accepted})
