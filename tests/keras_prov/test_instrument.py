"""All patches or none, undone to the last attribute, whoever else patches meanwhile."""

import functools
import gc
import itertools
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import keras
import pytest

from keras_prov._instrumentation import switch
from keras_prov._instrumentation.attributes import Addition, Replacement
from keras_prov._instrumentation.patch import Patch, defining_class
from keras_prov._instrumentation.switch import instrument, is_instrumented, uninstrument
from keras_prov.patches import all_patches


@pytest.fixture
def classes():
    """A trainer that defines `fit` and a model that inherits it, as in Keras."""

    class Trainer:
        def compile(self):
            return "compiled"

        def fit(self, x):
            return x

        last = None

    class Model(Trainer):
        pass

    return Trainer, Model


@pytest.fixture
def calls():
    """What the patches have seen."""
    return []


@pytest.fixture
def patches(classes, calls, monkeypatch):
    """Patches of the toy classes in the place of Keras'; none of them is applied."""

    def around(original, args, kwargs):
        calls.append(args)
        return original(*args, **kwargs)

    chosen = [
        Patch(classes[1], "compile", around),
        Patch(classes[1], "fit", around),
        Addition(classes[1], "provenance", lambda self: self),
    ]
    was_instrumented = is_instrumented()
    uninstrument()
    monkeypatch.setattr(switch, "_changes", lambda: tuple(chosen))
    yield chosen
    uninstrument()
    monkeypatch.undo()
    if was_instrumented:
        instrument()


def contents(classes):
    """Every attribute of the classes, in order, by identity."""
    return [[(name, id(value)) for name, value in vars(cls).items()] for cls in classes]


def test_instrument_and_uninstrument(classes, patches, calls):
    """On, the patches see calls; off, every class is as it was."""
    before = contents(classes)

    instrument()
    assert is_instrumented()
    assert classes[1]().provenance().fit(1) == 1
    assert len(calls) == 1

    uninstrument()
    assert not is_instrumented()
    assert contents(classes) == before


def test_each_is_harmless_when_called_twice(classes, patches, calls):
    """A second call changes nothing, and a call is never recorded twice."""
    before = contents(classes)
    instrument()
    once = contents(classes)
    instrument()
    assert contents(classes) == once
    classes[1]().fit(1)
    assert len(calls) == 1

    uninstrument()
    uninstrument()
    assert contents(classes) == before


def test_a_patch_that_fails_undoes_those_before_it(classes, patches):
    """All or none: the error comes out, and Keras is as it was."""
    before = contents(classes)
    patches.append(Patch(classes[1], "missing", lambda original, args, kwargs: None))

    with pytest.raises(AttributeError, match="missing"):
        instrument()

    assert not is_instrumented()
    assert contents(classes) == before
    patches.pop()
    instrument()
    assert is_instrumented()


def test_undone_last_to_first(classes, patches, monkeypatch):
    """The order of undo is the reverse of that of application."""
    order = []

    class Noted:
        def __init__(self, name):
            self.name = name

        def apply(self):
            order.append(self.name)
            return lambda: order.append(-self.name) or True

    patches[:] = [Noted(1), Noted(2), Noted(3)]
    instrument()
    uninstrument()

    assert order == [1, 2, 3, -3, -2, -1]


STEPS = {"ours": "not ours", "theirs": "not theirs"}
ORDERS = [
    order
    for order in itertools.permutations([*STEPS, *STEPS.values()])
    if all(order.index(first) < order.index(then) for first, then in STEPS.items())
]


@pytest.mark.parametrize("order", ORDERS, ids=" | ".join)
def test_any_order_of_our_and_anothers_patches(classes, patches, calls, order):
    """However ours and a third party's patches come and go, nothing stays and nothing doubles.

    The third party puts back blindly what it found, as MLflow does. Where it has put back our
    wrapper after our undo, that wrapper does nothing, and the next call to us removes it.
    """
    trainer, model = classes
    before = contents(classes)
    found = None
    for step in [*order, *order]:
        if step == "ours":
            instrument()
        elif step == "not ours":
            uninstrument()
        elif step == "theirs":
            found = vars(trainer)["fit"]
            trainer.fit = lambda self, x, found=found: found(self, x)
        else:
            trainer.fit = found
        calls.clear()
        assert model().fit(7) == 7
        assert len(calls) <= is_instrumented()
    uninstrument()

    assert contents(classes) == before


def test_many_threads_at_once(classes, patches, calls):
    """Threads that instrument and uninstrument at will never leave half a change."""
    before = contents(classes)
    errors = []

    def come_and_go():
        try:
            for _ in range(200):
                instrument()
                uninstrument()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=come_and_go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert not is_instrumented()
    assert contents(classes) == before


def test_a_real_training_is_seen_and_keras_left_as_found(patches, calls):
    """`keras.Model.fit` is wrapped on the backend's trainer, and restored there."""

    def around(original, args, kwargs):
        calls.append(args[0])
        return original(*args, **kwargs)

    patches[:] = [Patch(lambda: keras.Model, "fit", around)]
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    x = y = keras.ops.ones((4, 1))
    model.fit(x, y, verbose=0)  # a first one leaves an __annotations__ on one of the classes
    before = contents(keras.Model.__mro__)

    instrument()
    history = model.fit(x, y, epochs=2, verbose=0)
    uninstrument()

    assert len(history.history["loss"]) == 2
    assert calls == [model]
    assert contents(keras.Model.__mro__) == before


IMPORT_ORDERS = """
import sys
def seen(keras):
    return [list(vars(cls).items()) for cls in keras.Model.__mro__]

if sys.argv[1] == "keras first":
    import keras
    before = seen(keras)
    import keras_prov
    keras_prov.uninstrument()
    assert seen(keras) == before
elif sys.argv[1] == "tf.keras first":
    import tensorflow as tf
    before = seen(tf.keras)
    import keras_prov
    assert keras_prov.Model is tf.keras.Model
    keras_prov.uninstrument()
    assert seen(tf.keras) == before
else:
    import keras_prov
    import keras
assert not (keras_prov.uninstrument() or keras_prov._instrumentation.switch.is_instrumented())
before = seen(keras_prov)
keras_prov.instrument()
keras_prov.uninstrument()
assert seen(keras_prov) == before
"""


@pytest.mark.thorough
@pytest.mark.parametrize("order", ["keras first", "tf.keras first", "keras_prov first"])
def test_any_order_of_imports(order):
    """Keras before us or after, uninstrumented it is the Keras that it would have been."""
    root = Path(switch.__file__).parents[2]
    subprocess.run([sys.executable, "-c", IMPORT_ORDERS, order], check=True, cwd=root)


@pytest.fixture
def uninstrumented():
    """Keras without our patches; they are put back at the end."""
    uninstrument()
    yield
    uninstrument()
    instrument()


def homes():
    """Each real patch of ours with the class or module whose attribute it changes."""
    for patch in all_patches():
        if isinstance(patch, Patch):
            owner = patch.owner if isinstance(patch.owner, (type, ModuleType)) else patch.owner()
            yield (
                patch,
                owner if isinstance(owner, ModuleType) else defining_class(owner, patch.name),
            )


def everything_of_keras():
    """Names and identities in each class and module of Keras' that is loaded, in order."""
    gc.collect()
    modules = [
        module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "keras"
    ]
    classes = {
        cls
        for module in modules
        for cls in list(vars(module).values())
        if isinstance(cls, type) and cls.__module__.partition(".")[0] == "keras"
    }
    return {
        home: [(name, id(value)) for name, value in list(vars(home).items())]
        for home in (*modules, *classes)
    }


def test_every_class_and_module_of_keras_is_as_it_was(uninstrumented):
    """Not one attribute more, less, other or elsewhere, of all that Keras has loaded."""
    instrument()
    uninstrument()  # what `inspect` and abc leave behind is there from now on
    before = everything_of_keras()
    changed = {home for _, home in homes()}
    changed |= {each.owner() for each in all_patches() if isinstance(each, Replacement)}
    assert len(changed) > 9

    instrument()
    during = everything_of_keras()
    assert {home for home in before if before[home] != during[home]} == {*changed, keras.Model}
    uninstrument()

    after = everything_of_keras()
    assert [home for home in before if before[home] != after[home]] == []


@pytest.mark.parametrize("first", ["ours", "theirs"])
@pytest.mark.parametrize("undone_first", ["ours", "theirs"])
def test_anothers_wrapper_on_each_thing_we_patch(uninstrumented, first, undone_first):
    """Whoever is first on or off, neither leaves a trace."""
    seen = []
    for patch, home in homes():
        before = list(vars(home).items())
        if first == "ours":
            undo = patch.apply()
        theirs = vars(home)[patch.name]
        setattr(home, patch.name, anothers(theirs, seen))
        their_wrapper = vars(home)[patch.name]
        if first == "theirs":
            undo = patch.apply()
        if undone_first == "ours":
            undo()
            if first == "ours":
                assert vars(home)[patch.name] is their_wrapper
            setattr(home, patch.name, theirs)
            undo()
        else:
            setattr(home, patch.name, theirs)
            undo()
        assert list(vars(home).items()) == before, patch.name


def anothers(raw, seen):
    """A wrapper as other libraries make it, of a function or of a property."""
    if isinstance(raw, property):
        return property(raw.fget, anothers(raw.fset, seen), raw.fdel, raw.__doc__)
    if isinstance(raw, staticmethod):
        return staticmethod(anothers(raw.__func__, seen))

    @functools.wraps(raw)
    def wrapper(*args, **kwargs):
        seen.append(raw)
        return raw(*args, **kwargs)

    return wrapper
