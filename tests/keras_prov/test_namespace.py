"""`import keras_prov as keras` brings Keras, the same objects under a second name."""

import importlib
import importlib.machinery
import importlib.util
import inspect
import json
import os
import pickle
import pkgutil
import subprocess
import sys
import types
from pathlib import Path

import keras
import pytest

import keras_prov
from keras_prov import _namespace

ROOT = Path(keras_prov.__file__).resolve().parents[1]


def python(script, **environment):
    """Run a script in a fresh interpreter and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def keras_modules():
    """Keras' public modules that are loaded, by name."""
    return {
        name: module
        for name, module in sys.modules.items()
        if name.startswith("keras.") and not name.startswith(("keras.src", "keras._"))
    }


def test_every_public_name_is_kerass_own_object():
    """Keras' names are all there, and each is the very same object."""
    names = _namespace.public_names()

    assert {"Model", "layers", "ops", "Sequential"} <= set(names)
    for name in names:
        assert getattr(keras_prov, name) is getattr(keras, name)


def test_all_is_keras_and_ours():
    """`from keras_prov import *` brings Keras' public names and our few."""
    assert keras_prov.__all__ == sorted({*_namespace.public_names(), *keras_prov._OUR_NAMES})
    assert {"src", "keras", "guarded"}.isdisjoint(keras_prov.__all__)
    scope = {}
    exec("from keras_prov import *", scope)  # noqa: S102
    assert set(keras_prov.__all__) <= set(scope)


def test_the_version_is_kerass():
    """Programs that look at the version see that of Keras."""
    assert keras_prov.__version__ == keras.__version__


def test_every_public_module_stands_under_our_name():
    """All 65 or so, nested ones too, as the same module object."""
    modules = keras_modules()

    assert len(modules) > 60
    for name, module in modules.items():
        assert importlib.import_module(name.replace("keras", "keras_prov", 1)) is module


def test_the_forms_of_import():
    """Module, submodule under another name, and name from a module."""
    import keras_prov.applications.resnet50 as r
    from keras_prov.layers import Dense

    assert keras_prov.layers is keras.layers
    assert r is keras.applications.resnet50
    assert Dense is keras.layers.Dense


def test_kerass_modules_stay_as_they_were():
    """Spec, loader, package and path name Keras, for the import system and for pickle."""
    import keras_prov.src.utils.progbar  # noqa: F401  # by the finder

    named = [name for name in sys.modules if name.startswith("keras.")]
    for name in named:
        module = sys.modules[name]
        if isinstance(module, types.ModuleType) and module.__spec__ is not None:
            assert module.__name__ == module.__spec__.name == name
            assert not isinstance(module.__loader__, _namespace.KerasFinder)
            assert module.__package__.startswith("keras")
            assert not module.__package__.startswith("keras_prov")


def test_modules_imported_later_are_kerass_too(monkeypatch, tmp_path):
    """A module that Keras has not loaded yet is loaded once, as Keras' own."""
    (tmp_path / "later.py").write_text("class New: pass\n")
    monkeypatch.setattr(keras.utils, "__path__", [*keras.utils.__path__, str(tmp_path)])
    for name in ("keras.utils.later", "keras_prov.utils.later"):
        monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.delitem(sys.modules, name)

    from keras_prov.utils.later import New

    later = sys.modules["keras_prov.utils.later"]
    assert later is sys.modules["keras.utils.later"] is keras.utils.later
    assert later.__name__ == later.__spec__.name == New.__module__ == "keras.utils.later"
    assert isinstance(later.__loader__, importlib.machinery.SourceFileLoader)
    monkeypatch.delattr(keras.utils, "later")


def test_submodules_are_not_loaded_twice():
    """The parent's path is Keras' folder, where Python itself would find them again."""
    name = "applications.resnet50"
    alias = sys.modules.pop(f"keras_prov.{name}")
    try:
        again = importlib.import_module(f"keras_prov.{name}")
    finally:
        sys.modules[f"keras_prov.{name}"] = alias

    assert again is alias is keras.applications.resnet50


def test_the_spec_of_an_alias():
    """`importlib.util.find_spec` says where a module is, without loading it."""
    spec = importlib.util.find_spec("keras_prov.src.trainers.trainer_test")

    assert spec.name == "keras_prov.src.trainers.trainer_test"
    assert spec.origin.endswith("trainer_test.py")
    assert "keras.src.trainers.trainer_test" not in sys.modules


@pytest.mark.parametrize("name", ["nonsense", "layers.nonsense", "Model"])
def test_modules_that_are_not_there(name):
    """The error is Python's own, in the name that was typed."""
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(f"keras_prov.{name}")

    assert str(caught.value) == f"No module named 'keras_prov.{name}'"


def test_names_that_are_not_there():
    """The error names our package, and carries what Python suggests a name from."""
    with pytest.raises(AttributeError) as caught:
        _ = keras_prov.layerz
    with pytest.raises(ImportError, match="cannot import name 'layerz' from 'keras_prov'"):
        exec("from keras_prov import layerz")  # noqa: S102

    assert str(caught.value) == "module 'keras_prov' has no attribute 'layerz'"
    assert (caught.value.name, caught.value.obj) == ("layerz", keras_prov)


def test_names_that_keras_gets_later(monkeypatch):
    """What is put on Keras after our import is found here too, and listed."""
    monkeypatch.setattr(keras, "invention", 42, raising=False)

    assert keras_prov.invention == 42
    assert "invention" in dir(keras_prov)


def test_dir_lists_keras_and_ours():
    """Completion at a prompt finds everything."""
    assert {*dir(keras), *keras_prov._OUR_NAMES} <= set(dir(keras_prov))


def test_our_modules_are_not_shadowed(monkeypatch):
    """A name of ours stays ours, in the package and for the finder."""
    monkeypatch.setitem(sys.modules, "keras.patches", types.ModuleType("keras.patches"))
    monkeypatch.setattr(keras, "patches", sys.modules["keras.patches"], raising=False)
    monkeypatch.setattr(keras, "instrument", None, raising=False)
    scope = {"instrument": "ours"}

    _namespace.adopt(scope, ours=["instrument"])

    assert scope["instrument"] == "ours"
    assert "patches" not in scope
    assert importlib.import_module("keras_prov.patches").__name__ == "keras_prov.patches"
    assert _namespace.KerasFinder().find_spec("keras_prov.patches.fit") is None


def test_no_module_of_ours_has_a_public_name_of_keras():
    """`keras_prov.config` must be `keras.config`, so none of ours is called so."""
    assert _namespace._OUR_MODULES.isdisjoint(_namespace.public_names())


def test_one_finder_even_after_a_reload():
    """Reloading the package changes nothing."""
    model = keras_prov.Model
    before = [(name, id(value)) for name, value in vars(model).items()]

    assert importlib.reload(keras_prov) is keras_prov

    finders = [x for x in sys.meta_path if type(x).__name__ == "KerasFinder"]
    assert len(finders) == 1
    assert keras_prov.Model is model
    assert [(name, id(value)) for name, value in vars(model).items()] == before


def test_reloading_a_module_reloads_kerass():
    """As `importlib.reload(keras.layers)` would."""
    assert importlib.reload(keras_prov.layers) is keras.layers


def test_what_inspect_and_pkgutil_see():
    """Source is that of Keras' files; a dotted name resolves; our folder holds our modules."""
    assert inspect.getsource(keras_prov.layers.Dense) == inspect.getsource(keras.layers.Dense)
    assert inspect.getsource(keras_prov.layers) == Path(keras.layers.__file__).read_text()
    assert pkgutil.resolve_name("keras_prov.layers:Dense") is keras.layers.Dense
    assert "patches" in {module.name for module in pkgutil.iter_modules(keras_prov.__path__)}
    below = pkgutil.walk_packages(keras_prov.applications.__path__, "keras_prov.applications.")
    assert "keras_prov.applications.resnet50" in {module.name for module in below}
    assert importlib.import_module("keras_prov.applications.resnet50").__name__.startswith("keras.")


def test_pickles_name_keras():
    """Whatever is public pickles by Keras' names, and is itself when read."""
    modules = [keras_prov, keras_prov.layers, keras_prov.ops, keras_prov.applications.resnet50]
    for module in modules:
        for name in set(dir(module)) & set(dir(keras if module is keras_prov else module)):
            value = getattr(module, name)
            if isinstance(value, (type, types.FunctionType)) and not name.startswith("_"):
                assert b"keras_prov" not in pickle.dumps(value)
                assert pickle.loads(pickle.dumps(value)) is value  # noqa: S301


def test_saved_models_name_keras(tmp_path):
    """A saved model is read by plain Keras, and its configuration has no name of ours."""
    model = keras_prov.Sequential([keras_prov.Input((2,)), keras_prov.layers.Dense(1)])
    model.compile(optimizer="sgd", loss=keras_prov.losses.MeanSquaredError())
    model.save(tmp_path / "model.keras")

    config = json.dumps([json.loads(model.to_json()), model.get_compile_config()])
    assert "keras_prov" not in config
    assert b"keras_prov" not in (tmp_path / "model.keras").read_bytes()
    assert type(keras.saving.load_model(tmp_path / "model.keras")) is keras.Sequential


BACKEND = """
import sys
try:
    import keras_prov
except ModuleNotFoundError as error:  # as `import keras` would, where JAX is not installed
    assert error.name == "jax", error
else:
    assert keras_prov.backend.backend() == "jax"
assert "tensorflow" not in sys.modules
"""


@pytest.mark.thorough
def test_keras_chooses_the_backend():
    """With another backend TensorFlow is not imported, by us no more than by Keras."""
    python(BACKEND, KERAS_BACKEND="jax")


SET_BACKEND = """
import sys, warnings
warnings.simplefilter("ignore")
import keras_prov as first
old = first.Model
first.config.set_backend("tensorflow")
assert "keras_prov" not in sys.modules

import keras_prov as second, keras
from keras_prov._instrumentation import switch
from keras_prov.layers import Dense
assert second is not first and second.Model is keras.Model is not old
assert Dense is keras.layers.Dense
assert sum(type(finder).__name__ == "KerasFinder" for finder in sys.meta_path) == 1
assert switch.is_instrumented()

for cls in keras.Model.__mro__:
    for name, value in vars(cls).items():
        depth = 0
        while value is not None:
            code = getattr(value, "__code__", None)
            ours = "keras_prov/_instrumentation/patch.py"
            depth += code is not None and code.co_filename.endswith(ours)
            value = getattr(value, "__wrapped__", None)
        assert depth <= 1, name
second.uninstrument()
for cls in keras.Model.__mro__:
    for name, value in vars(cls).items():
        assert "keras_prov" not in getattr(getattr(value, "__code__", None), "co_filename", "")
second.Sequential([second.Input((1,)), Dense(1)])
"""


@pytest.mark.thorough
def test_set_backend_and_importing_again():
    """Keras unloads us with itself; the next import adopts and patches the new Keras, once."""
    python(SET_BACKEND)


HEAVY = """
import sys
import keras
before = set(sys.modules)
import keras_prov
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
"""


@pytest.mark.thorough
def test_nothing_heavy_is_imported():
    """Drivers, command line and retries are imported when they are needed."""
    heavy = {"pymonetdb", "click", "rich", "tenacity", "platformdirs", "filelock", "asyncio"}
    heavy |= {"psutil", "pynvml", "fsspec", "optuna", "sklearn", "keras_tuner", "scikeras"}

    assert heavy.isdisjoint(python(HEAVY).split())


@pytest.mark.thorough
def test_a_module_of_keras_can_be_run():
    """`python -m keras_prov.…` runs what `python -m keras.…` would."""
    command = [sys.executable, "-m", "keras_prov.src.version"]

    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def test_importing_loads_no_driver_of_the_database():
    """A training does not wait for what only questions need, which the names here load."""
    loaded = python(
        "import sys, keras_prov; print(keras_prov.runs, keras_prov.tag, keras_prov.origin); "
        "print([m for m in sys.modules if m.startswith(('pymonetdb', 'dfanalyzer_client.store'))])"
    )

    assert loaded.splitlines()[-1] == "[]"


def test_names_that_few_trainings_need_are_imported_when_used():
    """Importing leaves them out; each is there when it is asked for, and stays."""
    shown = python(
        "import sys, keras_prov\n"
        "rare = {'dfanalyzer_client.annotations', 'keras_prov._loops.run',"
        " 'keras_prov._replaying.replay'}\n"
        "print(rare & set(sys.modules))\n"
        "from keras_prov import note, replay, training\n"
        "print(rare <= set(sys.modules), vars(keras_prov)['training'] is training)\n"
    )

    assert shown.splitlines() == ["set()", "True True"]
