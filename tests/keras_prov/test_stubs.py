"""Editors and type checkers know what the drop-in brings."""

import ast
import importlib.metadata
import importlib.util
import inspect
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

import keras_prov

ROOT = Path(keras_prov.__file__).resolve().parents[1]
STUBS = ROOT / "keras_prov-stubs"
GENERATOR = ROOT / "tools" / "generate_stubs.py"

pytestmark = pytest.mark.skipif(not GENERATOR.exists(), reason="only in the repository")

USER = """
import keras_prov as keras
import keras_prov.applications.resnet50 as r
from keras_prov.layers import Dense

net = r.ResNet50(weights=None)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3), Dense(4)])
model.compile(optimizer=keras.optimizers.Adam(0.1), loss="mse")
model.fit([1.0], [2.0], epochs=2)
with keras.capture({"LEARNING_RATE": True}, "demo") as handle:
    handle.stop()
stored: bool = keras.flush()
version: str = keras.__version__
"""


@pytest.fixture(scope="module")
def generator():
    """The module `tools/generate_stubs.py`."""
    spec = importlib.util.spec_from_file_location("generate_stubs", GENERATOR)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def check(tmp_path):
    """Runs mypy on a program that sees only the stubs, and returns its exit status and output."""
    pytest.importorskip("mypy")
    shutil.copytree(STUBS, tmp_path / "path" / "keras_prov")
    program = tmp_path / "program.py"

    def run(text):
        program.write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--config-file=", "--ignore-missing-imports", program],
            env={**os.environ, "MYPYPATH": str(tmp_path / "path")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


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

    assert {name for name in names if name} - {"__version__"} == set(keras_prov.__all__)


def faces(owner, names):
    """The signatures of functions, or of a class' methods, by name."""
    found = {name: getattr(owner, name) for name in names}
    return {name: str(inspect.signature(value)) for name, value in found.items()}


def test_our_own_names_have_the_types_of_the_code(generator):
    """The declarations in the generator and the functions agree, methods of classes too."""
    scope = {}
    exec("from __future__ import annotations\n" + generator.OWN, scope)  # noqa: S102
    declared = types.SimpleNamespace(**{name: scope[name] for name in keras_prov._OWN})

    functions = [x for x in keras_prov._OWN if inspect.isfunction(getattr(keras_prov, x))]
    assert faces(declared, functions) == faces(keras_prov, functions)
    for name in set(keras_prov._OWN) - set(functions):
        stub, real = getattr(declared, name), getattr(keras_prov, name)
        methods = [x for x in vars(stub) if inspect.isfunction(vars(stub)[x])]
        assert faces(stub, methods) == faces(real, methods)
        assert {x for x in vars(real) if not x.startswith("_")} <= set(vars(stub))


def test_keras_is_not_imported_to_generate_them():
    """The generator reads sources, and so needs no backend."""
    script = (
        f"import runpy, sys; g = runpy.run_path({str(GENERATOR)!r}); "
        "g['generate'](g['keras_folder'](), '3.15.1'); assert 'keras' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_users_program_type_checks(check):
    """The three forms of import, and what is done with them, are no errors to mypy."""
    assert check(USER) == (0, "Success: no issues found in 1 source file\n")


def test_a_misspelt_name_is_an_error(check):
    """The stubs say what is there, so what is not there is found."""
    status, output = check("import keras_prov as keras\nkeras.layers.Dens(3)\n")

    assert status == 1
    assert 'Module has no attribute "Dens"' in output
