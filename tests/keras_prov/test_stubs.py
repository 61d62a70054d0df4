"""Editors and type checkers know what the drop-in brings."""

import ast
import importlib.metadata
import importlib.util
import inspect
import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

import keras_prov
from keras_prov.patches.model import get_dataflow, provenance

ROOT = Path(keras_prov.__file__).resolve().parents[1]
STUBS = ROOT / "keras_prov-stubs"
GENERATOR = ROOT / "tools" / "generate_stubs.py"

pytestmark = pytest.mark.skipif(not GENERATOR.exists(), reason="only in the repository")

USER = """
from collections.abc import Mapping
from typing import Any, assert_type

import pandas
import polars

import keras_prov as keras
import keras_prov.applications.resnet50 as r
from dfanalyzer_client import Dataflow
from dfanalyzer_client.analysis import Curves, Run, Runs, RunSummary, Table
from keras_prov.layers import Dense

net = r.ResNet50(weights=None)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), Dense(4)])
model.provenance("demo", adaptation=True, hyps={"LEARNING_RATE": True}, values={"DROP": 0.5})
model.provenance("demo", transformations={})
assert_type(model.exec_tag, str)
assert_type(model.dataflow_tag, str)
model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
model.fit([1.0], [2.0], epochs=2)
with keras.capture({"LEARNING_RATE": True}, "demo") as handle:
    handle.stop()
stored: bool = keras.flush()
version: str = keras.__version__

class Net(keras.Model):
    def call(self, inputs: object) -> object:
        return inputs

class Halve(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: object = None) -> None: ...

def train(model: keras.Model) -> Dataflow:
    model.fit([1.0], [2.0], callbacks=[Halve()])
    return model.get_dataflow()

inputs = keras.Input((3,))
functional = keras.Model(inputs, Dense(1)(inputs))
assert_type(functional, keras.Model)
assert_type(net, keras.Model)
assert_type(keras.models.load_model("model.keras"), keras.Model)
assert_type(keras.saving.load_model("model.keras"), keras.Model)
assert_type(keras.models.clone_model(model), keras.Model)
assert_type(model.get_dataflow(), Dataflow)
assert_type(train(model), Dataflow)
assert_type(train(Net()), Dataflow)
with keras.trial("study", 1, {"rate": 0.1}) as trial:
    assert_type(trial, keras.Trial)
assert_type(keras.known_hyperparameters()[0].key, str)
keras.log({"DROP": 0.3})
assert_type(keras.runs("val_loss < 0.1", limit=3)[0].epochs, int)
assert_type(keras.run("last").status, str)
assert_type(keras.curves("last", "loss").rows, list[tuple[Any, ...]])
assert_type(keras.diff("1", "last").parts, dict[str, Table])
assert_type(next(keras.follow()).metrics, Mapping[str, float])
assert_type(keras.origin("model.keras").status, str)
keras.tag("last", "baseline")
keras.note("last", None)
found = keras.runs(order_by=["val_loss", "id DESC"])
assert_type(found[0], RunSummary)
assert_type(found[:2], Runs)
assert_type([each.execution for each in found], list[str])
assert_type(found.to_pandas(), pandas.DataFrame)
assert_type(found.to_polars(), polars.DataFrame)
last = keras.run("last")
assert_type(last, Run)
assert_type(last.metrics, Table)
assert_type(last.note, str | None)
assert_type(keras.curves([last, 3, "run"], ["loss"]), Curves)
assert_type(keras.compare(found, last).differing, list[str])
assert_type(keras.sql("SELECT %s", [3]).to_dicts(), list[dict[str, Any]])
keras.untag(found[0], "baseline")
assert_type(keras.steer(last, set={"learning_rate": 1e-4}, wait=3), Table)
"""

WRONG = {
    "model.provenance(3)": "str",
    'model.provenance("demo", adaptation="yes")': "bool",
    'model.provenance("demo", {"LEARNING_RATE": True})': "bool",
    'model.provenance("demo", hyperparameter=[("DROP", "NUMERIC")])': "hyperparameter",
    'model.provenance("demo", transformations=["Loading"])': "Transformation",
    'keras.capture({"LEARNING_RATE": True}, dataflow_tag=3)': "str",
    'keras.flush("soon")': "float",
    "keras.runs(limit='3')": "int",
    "keras.tag('last', 3)": "str",
}
"""Calls that are mistakes, and a word of what a checker says of each."""


@pytest.fixture(scope="module")
def generator():
    """The module `tools/generate_stubs.py`."""
    spec = importlib.util.spec_from_file_location("generate_stubs", GENERATOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Runs mypy on a program that sees what users install, and returns its status and output.

    All programs are checked in one folder, so that mypy reads what they import once.
    """
    pytest.importorskip("mypy")
    tmp_path = tmp_path_factory.mktemp("checked")
    shutil.copytree(STUBS, tmp_path / "path" / "keras_prov")
    # mypy does not find an editable installation, whose types would then be unknown
    client = tmp_path / "path" / "dfanalyzer_client"
    client.symlink_to(ROOT / "dfanalyzer_client", target_is_directory=True)
    options = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent"]
    program = tmp_path / "program.py"

    def run(text):
        program.write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "mypy", *options, program],
            env={**os.environ, "MYPYPATH": str(tmp_path / "path")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.mark.thorough
def test_the_stubs_are_up_to_date(generator):
    """Generated for the Keras that is installed here, they are what the repository holds."""
    version = importlib.metadata.version("keras")
    files = generator.generate(generator.keras_folder(), version)
    header = files["__init__.pyi"].splitlines()[0]
    written = {
        path.relative_to(STUBS).as_posix(): path.read_text(encoding="utf-8")
        for path in STUBS.rglob("*.py*")
    }
    if written["__init__.pyi"].splitlines()[0] != header:
        pytest.skip(f"they are for another Keras than {version}")

    assert written == files


def test_the_stubs_name_what_the_drop_in_brings():
    """Each public name of the package, and none besides, stands in the top stub."""
    tree = ast.parse((STUBS / "__init__.pyi").read_text(encoding="utf-8"))
    names = {alias.asname for node in ast.walk(tree) for alias in getattr(node, "names", [])}
    names |= {getattr(node, "name", None) for node in tree.body}

    public = {name for name in names if name and not name.startswith("_")}
    assert public == set(keras_prov.__all__)


def faces(owner, names):
    """The signatures of functions, or of a class' methods, by name."""
    found = {name: getattr(owner, name) for name in names}
    return {name: str(inspect.signature(value)) for name, value in found.items()}


def test_our_own_names_have_the_types_of_the_code(generator):
    """The declarations in the generator and the functions agree, methods of classes too."""
    scope = {}
    exec("from __future__ import annotations\n" + generator.OUR_STUBS, scope)  # noqa: S102
    declared = types.SimpleNamespace(**{name: scope[name] for name in keras_prov._OUR_NAMES})

    functions = [x for x in keras_prov._OUR_NAMES if inspect.isfunction(getattr(keras_prov, x))]
    assert faces(declared, functions) == faces(keras_prov, functions)
    for name in set(keras_prov._OUR_NAMES) - set(functions):
        stub, real = getattr(declared, name), getattr(keras_prov, name)
        methods = [x for x in vars(stub) if inspect.isfunction(vars(stub)[x])]
        assert faces(stub, methods) == faces(real, methods)
        assert {x for x in vars(real) if not x.startswith("_")} <= set(vars(stub))


def test_methods_of_models_have_the_types_of_the_code(generator):
    """What the stub of `Model` declares is what models get."""
    scope = {}
    exec("from __future__ import annotations\n" + generator.OUR_STUBS, scope)  # noqa: S102
    for name, real in {"provenance": provenance, "get_dataflow": get_dataflow}.items():
        declared, code = (
            inspect.signature(each) for each in (getattr(scope["_Captured"], name), real)
        )
        assert list(declared.parameters.values())[1:] == list(code.parameters.values())[1:]
        assert declared.return_annotation == code.return_annotation


def test_keras_is_not_imported_to_generate_them():
    """The generator reads sources, and so needs no backend."""
    script = (
        f"import runpy, sys; g = runpy.run_path({str(GENERATOR)!r}); "
        "g['generate'](g['keras_folder'](), '3.15.1'); assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.thorough
def test_a_users_program_type_checks(check):
    """Imports of all forms, models of all kinds, and what they give, are known to mypy."""
    assert check(USER) == (0, "Success: no issues found in 1 source file\n")


@pytest.mark.thorough
@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_call_is_an_error(check, call):
    """mypy names what was expected."""
    status, output = check(f"import keras_prov as keras\nmodel = keras.Model()\n{call}\n")
    assert status == 1
    assert WRONG[call] in output


@pytest.mark.thorough
def test_pyright_knows_the_same(tmp_path):
    """The same program has no error, and each of the wrong calls has one."""
    pytest.importorskip("pyright", reason="pip install pyright")
    lines = ["import keras_prov as keras", "model = keras.Model()", *WRONG]
    programs = {"right.py": USER, "wrong.py": "\n".join(lines)}
    for name, text in programs.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"extraPaths": [str(ROOT)]}))
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]
    command += programs
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    try:
        found = json.loads(done.stdout)["generalDiagnostics"]
    except ValueError:  # it fetches node when it is first run
        pytest.skip(f"pyright does not run here: {done.stderr[-200:]}")
    errors = [each for each in found if each["severity"] == "error"]
    lines = [each["range"]["start"]["line"] for each in errors]
    assert {Path(each["file"]).name for each in errors} == {"wrong.py"}, errors
    assert set(lines) == set(range(2, 2 + len(WRONG)))


@pytest.mark.thorough
def test_a_misspelt_name_is_an_error(check):
    """The stubs say what is there, so what is not there is found."""
    status, output = check("import keras_prov as keras\nkeras.layers.Dens(3)\n")

    assert status == 1
    assert 'Module has no attribute "Dens"' in output
