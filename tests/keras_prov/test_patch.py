"""A patch is unseen while it is on, and leaves nothing behind."""

import functools
import importlib.util
import inspect

import keras
import pytest
import wrapt

from keras_prov._instrumentation import patch as _patch
from keras_prov._instrumentation.attributes import Addition
from keras_prov._instrumentation.patch import Patch, defining_class
from keras_prov._instrumentation.switch import instrument, is_instrumented, uninstrument


@pytest.fixture
def classes():
    """A trainer that defines `fit` and a model that inherits it, as in Keras."""

    class Trainer:
        before = 1

        def fit(self, x, y=None, *, epochs=1):
            """Train."""
            if x is None:
                raise ValueError("no data")
            return (self, x, y, epochs)

        after = 2

    class Model(Trainer):
        pass

    return Trainer, Model


@pytest.fixture
def calls():
    """What the patch has seen."""
    return []


@pytest.fixture
def patch(classes, calls):
    """A patch of `Model.fit` that notes each call."""
    return Patch(classes[1], "fit", recording(calls))


@pytest.fixture
def plain_keras():
    """Keras without the patches that importing us has put on it."""
    was_instrumented = is_instrumented()
    uninstrument()
    yield keras
    if was_instrumented:
        instrument()


def recording(calls):
    """An `around` that notes the call and passes it on."""

    def around(original, args, kwargs):
        calls.append((args, kwargs))
        return original(*args, **kwargs)

    return around


def others_wrapper(function):
    """A third party's wrapper."""

    @functools.wraps(function)
    def other(*args, **kwargs):
        return function(*args, **kwargs)

    return other


def contents(*owners):
    """Every attribute of the classes, in order, by identity."""
    return [[(name, id(value)) for name, value in vars(owner).items()] for owner in owners]


def test_the_patch_sees_the_call_and_the_original_runs_once(classes, patch, calls):
    """The instance comes first, arguments as given, and the result is the original's."""
    model = classes[1]()
    patch.apply()

    assert model.fit(1, epochs=2) == (model, 1, None, 2)
    assert calls == [((model, 1), {"epochs": 2})]


def test_it_wraps_where_the_attribute_is_defined(classes, patch):
    """The class that inherited the method gets no attribute of its own."""
    trainer, model = classes
    raw = vars(trainer)["fit"]
    patch.apply()

    assert "fit" not in vars(model)
    assert vars(trainer)["fit"].__wrapped__ is raw


def test_undo_restores_contents_and_order(classes, patch):
    """Each class' own dictionary is as it was, to the object and to the order."""
    before = contents(*classes)

    undo = patch.apply()
    assert contents(*classes) != before
    assert undo() is True

    assert contents(*classes) == before
    assert undo() is True  # once more is harmless
    assert contents(*classes) == before


def test_the_original_error_reaches_the_caller(classes, patch):
    """Same exception, no cause or context added."""
    patch.apply()

    with pytest.raises(ValueError, match="no data") as caught:
        classes[1]().fit(None)

    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_a_plain_method_keeps_its_face(classes, patch):
    """Signature, argument specification, names, docstring and source are the original's."""
    trainer, _ = classes
    raw = vars(trainer)["fit"]
    seen = (inspect.signature(raw), inspect.getfullargspec(raw), inspect.getsource(raw))
    patch.apply()

    ours = trainer.fit
    assert (inspect.signature(ours), inspect.getfullargspec(ours), inspect.getsource(ours)) == seen
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(ours, name) == getattr(raw, name)


@pytest.mark.parametrize("name", ["fit", "evaluate", "compile", "train_on_batch", "save"])
def test_methods_of_keras_keep_their_face(plain_keras, name):
    """Keras' own methods look the same to `inspect`, wrapped or not."""

    def face():
        method = getattr(keras.Model, name)
        looks = [inspect.signature, inspect.getfullargspec, inspect.getsource]
        return [look(method) for look in looks] + [method.__qualname__, method.__module__]

    before, seen = contents(*keras.Model.__mro__), face()
    undo = Patch(keras.Model, name, recording([])).apply()
    patched = face()
    undo()

    assert patched == seen
    assert contents(*keras.Model.__mro__) == before


def test_a_constructor_of_keras_can_be_wrapped(plain_keras, calls):
    """`Operation.__new__` binds the constructor's signature by name, and still can."""
    undo = Patch(keras.layers.Dense, "__init__", recording(calls)).apply()
    try:
        layer = keras.layers.Dense(3, activation="relu")
    finally:
        undo()

    assert layer.units == 3
    assert layer._auto_config.config["activation"] == "relu"
    assert len(calls) == 1


def test_the_owner_may_be_found_late(classes, calls):
    """A function as owner is called when the patch is applied, not before."""
    asked = []
    patch = Patch(lambda: asked.append(1) or classes[1], "fit", recording(calls))
    assert not asked

    patch.apply()
    classes[1]().fit(1)

    assert (len(asked), len(calls)) == (1, 1)


def test_a_subclass_that_overrides_and_calls_super_is_seen_once(classes, patch, calls):
    """The user's own `fit` is not wrapped, the inherited one is."""

    class Mine(classes[1]):
        def fit(self, *args, **kwargs):
            return super().fit(*args, **kwargs)

    patch.apply()
    Mine().fit(1)

    assert len(calls) == 1


def test_a_call_that_names_its_instance_passes_by(classes, patch, calls):
    """`Model.fit(self=model, …)` works as ever."""
    patch.apply()
    model = classes[1]()

    assert classes[1].fit(self=model, x=1) == (model, 1, None, 1)
    assert not calls


def test_under_anothers_wrapper_ours_only_passes_through(classes, patch, calls):
    """Undo leaves the third party's wrapper alone, says so, and nothing is recorded any more."""
    trainer, model = classes
    undo = patch.apply()
    other = trainer.fit = others_wrapper(trainer.fit)

    assert undo() is False

    assert trainer.fit is other
    assert model().fit(1)[1] == 1
    assert not calls


def test_undo_can_be_finished_when_the_other_has_gone(classes, patch):
    """Once the third party has put ours back, a second undo restores the original."""
    trainer, _ = classes
    before = contents(*classes)
    undo = patch.apply()
    ours = trainer.fit
    trainer.fit = others_wrapper(ours)
    undo()
    trainer.fit = ours

    assert undo() is True
    assert contents(*classes) == before


def test_applying_again_over_anothers_wrapper_records_once(classes, patch, calls):
    """The wrapper left beneath stays off when a new one goes on top."""
    trainer, model = classes
    undo = patch.apply()
    trainer.fit = others_wrapper(trainer.fit)
    undo()
    patch.apply()

    model().fit(1)

    assert len(calls) == 1


def test_applying_twice_records_once(classes, patch, calls):
    """A second application replaces the first, and its undo leaves the original."""
    before = contents(*classes)
    first = patch.apply()
    second = patch.apply()

    classes[1]().fit(1)
    assert len(calls) == 1
    first()
    classes[1]().fit(1)
    assert len(calls) == 2
    second()
    assert contents(*classes) == before


def test_two_patches_of_one_method_are_two(classes, patch, calls):
    """Another patch of ours goes on top; applied again, each is still there once."""
    before = contents(*classes)
    seen = []

    def second_around(original, args, kwargs):
        seen.append(args)
        return original(*args, **kwargs)

    second = Patch(classes[1], "fit", second_around)
    undos = [patch.apply(), second.apply(), patch.apply(), second.apply()]
    classes[1]().fit(1)
    assert (len(calls), len(seen)) == (1, 1)

    for undo in reversed(undos):
        undo()
    for undo in reversed(undos):
        undo()
    assert contents(*classes) == before


@pytest.mark.parametrize("other_between", [False, True])
def test_a_new_copy_of_this_package_takes_over(classes, patch, calls, other_between):
    """Unloaded and imported again, we do not record twice: the earlier wrapper goes off."""
    trainer, model = classes
    spec = importlib.util.spec_from_file_location(
        "keras_prov._instrumentation.patch_again", _patch.__file__
    )
    again = importlib.util.module_from_spec(spec)
    # dataclasses look their own module up by name
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setitem(importlib.sys.modules, spec.name, again)
        spec.loader.exec_module(again)
    patch.apply()
    if other_between:
        trainer.fit = others_wrapper(trainer.fit)

    again.Patch(model, "fit", recording(calls)).apply()
    model().fit(1)

    assert len(calls) == 1


def test_the_wrapper_object_of_wrapt_can_be_wrapped(classes, calls):
    """OpenTelemetry and others leave an object that binds the instance itself."""
    trainer, model = classes
    seen, originals = [], []

    def around(original, args, kwargs):
        originals.append(original)
        return recording(calls)(original, args, kwargs)

    def others(wrapped, instance, args, kwargs):
        seen.append((instance, args))
        return wrapped(*args, **kwargs)

    wrapt.wrap_function_wrapper(trainer, "fit", others)
    before = contents(*classes)
    undo = Patch(model, "fit", around).apply()
    one = model()

    assert one.fit(1) == (one, 1, None, 1)
    assert seen == [(one, (1,))]
    assert len(calls) == 1
    assert list(inspect.signature(originals[0]).parameters) == ["self", "x", "y", "epochs"]
    undo()
    assert contents(*classes) == before


@pytest.mark.parametrize("value", [staticmethod(len), classmethod(len), property(len), 3])
def test_only_methods_are_wrapped(classes, patch, value):
    """Anything else is refused, and left as it is."""
    trainer, _ = classes
    trainer.fit = value
    before = contents(*classes)

    with pytest.raises(TypeError, match="method"):
        patch.apply()

    assert contents(*classes) == before


def test_a_method_that_is_not_there(classes, calls):
    """The error names class and attribute."""
    with pytest.raises(AttributeError, match="'Model' has no attribute 'train'"):
        Patch(classes[1], "train", recording(calls)).apply()


def test_where_an_attribute_is_defined(classes):
    """`keras.Model` inherits `fit` from the backend's trainer, and so does our toy."""
    assert defining_class(classes[1], "fit") is classes[0]
    assert "fit" in vars(defining_class(keras.Model, "fit"))
    assert defining_class(keras.Model, "fit") is not keras.Model


def provenance(self):
    """A method that we add."""
    return self


def test_an_addition_becomes_a_method(classes):
    """Instances, also of subclasses, have it, and undo takes it away."""
    trainer, model = classes
    before = contents(*classes)

    undo = Addition(trainer, "provenance", provenance).apply()
    one = model()
    assert one.provenance() is one
    assert undo() is True

    assert contents(*classes) == before
    assert undo() is True


def test_an_addition_leaves_what_is_there(classes):
    """A method of that name, own or inherited, is not overwritten."""
    before = contents(*classes)

    with pytest.raises(AttributeError, match="has an attribute 'fit' already"):
        Addition(classes[1], "fit", provenance).apply()

    assert contents(*classes) == before


def test_undoing_an_addition_leaves_anothers_in_place(classes):
    """What somebody else has set since is theirs."""
    trainer, _ = classes
    undo = Addition(trainer, "provenance", provenance).apply()
    other = trainer.provenance = others_wrapper(provenance)

    assert undo() is False
    assert trainer.provenance is other


def test_an_addition_replaces_that_of_an_earlier_copy(classes):
    """A method that this package has added before is ours to replace."""
    trainer, _ = classes
    earlier = others_wrapper(provenance)
    earlier.__module__ = "keras_prov.patches.model"
    trainer.provenance = earlier

    undo = Addition(trainer, "provenance", provenance).apply()

    assert trainer.provenance is provenance
    undo()
    assert "provenance" not in vars(trainer)
