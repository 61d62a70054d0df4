"""Change one attribute of somebody else's class or module, and put back exactly what was there.

A `Patch` wraps a method, a function of a module, a constructor's ``__new__`` or the setter of a
property; an `Addition` adds an attribute, an `Alias` follows a wrapped function to where it was
imported, a `Replacement` puts another value into a module. `apply()` of each returns its undo,
which also knows whether the change is still in force.
Whether an attribute may be wrapped without anybody noticing hangs on where and how:

* Keras' classes are asked where they *define* it. `keras.Model` inherits ``fit`` from the backend's
  trainer; a wrapper set on `keras.Model` would stay behind as an attribute that was never there,
  and ``compile`` set there makes ``load_model`` skip the optimizer.
* The wrapper names no parameter and says what `functools.update_wrapper` copies, so that signature,
  argument specification, qualified name and source are those of the wrapped function.
* Others wrap the same methods (MLflow does). Where they have wrapped on top of us, undo cannot take
  our wrapper out of theirs, so it is switched off instead and only passes through. Where they put
  back what was there before us, ours is gone without a word: who applied it asks `is_on`.
* Keras' methods have a handler around them that takes Keras' frames out of tracebacks. Our wrapper
  goes inside it, so that ours can be taken out as well: see `keras_prov.patches.tracebacks`.
"""

from __future__ import annotations

import functools
import inspect
import sys
import weakref
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, Protocol, TypeAlias

from .reaching import reaches

__all__ = [
    "Addition",
    "Alias",
    "Around",
    "Change",
    "Original",
    "Owner",
    "Patch",
    "Replacement",
    "Undo",
]

Original: TypeAlias = Callable[..., Any]
Around: TypeAlias = Callable[[Original, tuple[Any, ...], dict[str, Any]], Any]
Owner: TypeAlias = "type | ModuleType | Callable[[], type | ModuleType]"

HANDLERS = "keras.src.utils.traceback_utils"

# On each wrapper of ours: which patch made it, and its undo. By name, for it may be that of an
# earlier copy of this package (`keras.config.set_backend` and test tools unload us).
_APPLIED = "__keras_prov_applied__"


class Undo(Protocol):
    """A change that was made, and may be taken back exactly."""

    def __call__(self) -> bool:
        """Take the change back; harmless when called again.

        Returns:
            Whether the attribute is free of us: False where somebody has wrapped on top, who may
            let go of it later.
        """

    def is_on(self) -> bool:
        """Whether the change is in force, as far as can be seen: others may have undone it."""


class Change(Protocol):
    """Something that can be applied to Keras, and undone."""

    def apply(self) -> Undo:
        """Make the change; its exact undo."""


class Patch:
    """Wrap the method `name` where `owner`, or the class it inherits from, defines it.

    Of a property it is the setter that is wrapped; of a module, the function of that name.

    Args:
        owner: a class or module, or a function that finds it, so that naming it imports no Keras.
        name: the method's name.
        around: called as ``around(original, args, kwargs)`` in place of the method, with the
            instance as ``args[0]``. It calls ``original(*args, **kwargs)`` once and returns its
            result. A call that names its instance, ``Model.fit(self=model)``, passes it by.
    """

    def __init__(self, owner: Owner, name: str, around: Around) -> None:
        self.owner = owner
        self.name = name
        self.around = around

    def __str__(self) -> str:
        return _label(self.owner, self.name)

    def apply(self) -> Undo:
        """Wrap the method; see `Change.apply`.

        An application of the same patch that was not undone is undone first, so that nothing is
        recorded twice.

        Raises:
            AttributeError: `owner` has no attribute `name`.
            TypeError: the attribute is no method, and no property that can be set.
        """
        owner = _resolved(self.owner)
        home = owner if isinstance(owner, ModuleType) else defining_class(owner, self.name)
        key = (self.around.__module__, self.around.__qualname__)
        _undo_earlier(_unpacked(_own(home, self.name))[0], key)
        raw = _own(home, self.name)
        function, packed = _unpacked(raw)
        wrapper, outermost, switch = _wrapped(function, self.around)
        undo = _Unwrapping(owner, home, self.name, raw, outermost, switch)
        setattr(wrapper, _APPLIED, (key, undo))
        setattr(home, self.name, packed(outermost))
        return undo


class _Unwrapping:
    """Takes one wrapper off, where it is outermost, and else switches it off."""

    def __init__(
        self,
        owner: type | ModuleType,
        home: type | ModuleType,
        name: str,
        raw: Any,
        outermost: Original,
        switch: _Switch,
    ) -> None:
        self._owner, self._home, self._name, self._raw = owner, home, name, raw
        # weak: a wrapper that others have thrown away needs no undo, and is not kept for one
        self._outermost = weakref.ref(outermost)
        self._switch = switch

    def __call__(self) -> bool:
        self._switch.live = False
        outermost, current = self._outermost(), vars(self._home).get(self._name)
        if outermost is None or current is self._raw:
            return True
        if current is None or _unpacked(current)[0] is not outermost:
            return False
        setattr(self._home, self._name, self._raw)
        return True

    def __reduce__(self) -> tuple[type, tuple[()]]:
        # scikit-learn sends to other processes what it has copied from our wrapper's attributes
        return bool, ()  # there is nothing to undo there

    def is_on(self) -> bool:
        outermost, current = self._outermost(), _static(self._owner, self._name)
        if current is outermost is not None:
            return self._switch.live
        if outermost is None or current is None or not self._switch.live:
            return False
        return reaches(_unpacked(current)[0], outermost)


class Addition:
    """Give `owner` a method that it has not.

    Args:
        owner: a class, or a function that finds it.
        name: the method's name.
        value: a function of ours, which becomes a method.
    """

    def __init__(self, owner: Owner, name: str, value: Callable[..., Any]) -> None:
        self.owner = owner
        self.name = name
        self.value = value

    def __str__(self) -> str:
        return _label(self.owner, self.name)

    def apply(self) -> Undo:
        """Set the attribute; see `Change.apply`.

        Raises:
            AttributeError: `owner` has or inherits an attribute of that name which is not ours.
        """
        owner = _resolved(self.owner)
        if isinstance(owner, ModuleType):
            raise TypeError(f"Methods are added to classes. Received: {owner!r}.")
        existing = inspect.getattr_static(owner, self.name, self.value)
        if existing is not self.value and not _is_ours(existing):
            raise AttributeError(
                f"{owner.__name__} has an attribute {self.name!r} already, which is left alone.",
                name=self.name,
                obj=owner,
            )
        setattr(owner, self.name, self.value)
        return _Removal(owner, self.name, self.value)


class _Removal:
    """Takes an attribute away again that was added."""

    def __init__(self, owner: type, name: str, value: Any) -> None:
        self._owner, self._name, self._value = owner, name, value

    def __call__(self) -> bool:
        if vars(self._owner).get(self._name) is self._value:
            delattr(self._owner, self._name)
        return self._name not in vars(self._owner)

    def is_on(self) -> bool:
        return self._name in vars(self._owner)  # what others have put in its place is theirs


class Alias:
    """Let a module that imported a function by name see the wrapped one, too.

    Args:
        owner: finds the module that imported it.
        source: finds the module that defines it, where a `Patch` has wrapped it.
        name: the function's name in both.
    """

    def __init__(
        self, owner: Callable[[], ModuleType], source: Callable[[], ModuleType], name: str
    ) -> None:
        self.owner = owner
        self.source = source
        self.name = name

    def __str__(self) -> str:
        return _label(self.owner, self.name)

    def apply(self) -> Undo:
        """Set the attribute; see `Change.apply`."""
        owner, name = self.owner(), self.name
        wrapper, raw = vars(self.source())[name], _own(owner, name)
        if getattr(wrapper, "__wrapped__", None) is not raw:
            return _Restoring(owner, name, raw, raw)  # another's is there: it is left alone
        setattr(owner, name, wrapper)
        return _Restoring(owner, name, raw, wrapper)


class Replacement:
    """Put another value in the place of one that a module holds, and that is no method.

    Where the module of this version of the library holds none, nothing is changed.

    Args:
        owner: finds the module.
        name: the attribute.
        replaced: makes the new value of the one that is there.
    """

    def __init__(
        self, owner: Callable[[], ModuleType], name: str, replaced: Callable[[Any], Any]
    ) -> None:
        self.owner = owner
        self.name = name
        self.replaced = replaced

    def __str__(self) -> str:
        return _label(self.owner, self.name)

    def apply(self) -> Undo:
        """Set the attribute; see `Change.apply`."""
        owner = self.owner()
        raw = value = vars(owner).get(self.name)
        if raw is not None:
            value = self.replaced(raw)
            setattr(owner, self.name, value)
        return _Restoring(owner, self.name, raw, value)


class _Restoring:
    """Gives an attribute its value back, where ours is still there."""

    def __init__(self, owner: ModuleType, name: str, raw: Any, value: Any) -> None:
        self._owner, self._name, self._raw, self._value = owner, name, raw, value

    def __call__(self) -> bool:
        if vars(self._owner).get(self._name) is self._value and self._value is not self._raw:
            setattr(self._owner, self._name, self._raw)
        return vars(self._owner).get(self._name) is self._raw

    def is_on(self) -> bool:
        return vars(self._owner).get(self._name) is self._value


def defining_class(owner: type, name: str) -> type:
    """The class along the MRO of `owner` in whose own ``__dict__`` `name` is found.

    Raises:
        AttributeError: there is none.
    """
    for cls in owner.__mro__:
        if name in vars(cls):
            return cls
    raise AttributeError(
        f"type object {owner.__name__!r} has no attribute {name!r}", name=name, obj=owner
    )


def _own(home: type | ModuleType, name: str) -> Any:
    try:
        return vars(home)[name]
    except KeyError:
        raise AttributeError(
            f"{home.__name__!r} has no attribute {name!r}", name=name, obj=home
        ) from None


def _unpacked(raw: Any) -> tuple[Any, Callable[[Original], Any]]:
    """The function in an attribute, and what makes an attribute of the same kind of another."""
    if isinstance(raw, property):
        if raw.fset is None:
            raise TypeError(
                f"Only a method, or a property that can be set, is wrapped. Received: {raw!r}."
            )
        return raw.fset, lambda wrapper: property(raw.fget, wrapper, raw.fdel, raw.__doc__)
    if isinstance(raw, staticmethod) and raw.__func__.__name__ == "__new__":
        return raw.__func__, staticmethod
    return raw, lambda wrapper: wrapper


class _Switch:
    """Whether one application of a patch is in force."""

    __slots__ = ("live",)

    def __init__(self) -> None:
        self.live = True


def _wrapped(raw: Any, around: Around) -> tuple[Original, Original, _Switch]:
    """Our wrapper, what to put in the attribute's place, and the wrapper's switch."""
    inside = _inside_handler(raw)
    wrapped = raw if inside is None else inside
    original = _as_function(wrapped)
    switch = _Switch()

    def wrapper(*args, **kwargs):  # type: ignore[no-untyped-def]  # Keras' own handler has none
        if switch.live and args:
            return around(original, args, kwargs)
        return original(*args, **kwargs)

    functools.update_wrapper(wrapper, wrapped)
    if inside is not None:
        outermost: Original = sys.modules[HANDLERS].filter_traceback(wrapper)
        vars(outermost).update({**vars(raw), "__wrapped__": wrapper})
        return wrapper, outermost, switch
    if not hasattr(raw, "__wrapped__"):
        # `inspect.getfullargspec` looks through no wrapper; this it does see.
        wrapper.__signature__ = inspect.signature(raw)  # type: ignore[attr-defined]
    return wrapper, wrapper, switch


def _inside_handler(raw: Any) -> Original | None:
    """The function around which `raw` is Keras' handler of tracebacks; None where it is none."""
    decorator = getattr(sys.modules.get(HANDLERS), "filter_traceback", None)
    if type(raw) is not FunctionType or type(decorator) is not FunctionType:
        return None
    inside: Original | None = getattr(raw, "__wrapped__", None)
    cells = [cell.cell_contents for cell in raw.__closure__ or ()]
    is_handler = raw.__code__ in decorator.__code__.co_consts
    return inside if is_handler and inside in cells else None


def _as_function(raw: Any) -> Original:
    """What to call with the instance first, for a function or a wrapper object such as wrapt's."""
    if type(raw) is FunctionType:  # isinstance is true of wrapt's objects too
        return raw
    if isinstance(raw, (staticmethod, classmethod)) or not callable(raw):
        raise TypeError(f"Only a method can be wrapped. Received: {raw!r}.")
    if not hasattr(raw, "__get__"):
        raise TypeError(f"Not a method, for it does not bind to an instance: {raw!r}.")

    def call_bound(instance: Any, /, *args: Any, **kwargs: Any) -> Any:
        return raw.__get__(instance, type(instance))(*args, **kwargs)

    return functools.update_wrapper(call_bound, raw)


def _static(owner: type | ModuleType, name: str) -> Any:
    """The attribute as it lies there: no descriptor is asked."""
    for place in (owner,) if isinstance(owner, ModuleType) else owner.__mro__:
        if name in place.__dict__:
            return place.__dict__[name]
    return None


def _resolved(owner: Owner) -> type | ModuleType:
    return owner if isinstance(owner, (type, ModuleType)) else owner()


def _label(owner: Owner, name: str) -> str:
    return f"{_resolved(owner).__name__}.{name}"


def _undo_earlier(current: Any, key: tuple[str, str]) -> None:
    """Undo what the patch `key` has wrapped, on top or beneath other wrappers."""
    while current is not None:
        applied, undo = getattr(current, _APPLIED, (None, None))
        if applied == key and callable(undo):
            undo()
        current = getattr(current, "__wrapped__", None)


def _is_ours(function: Any) -> bool:
    """Whether this package has defined it, if only an earlier copy of this package."""
    module = getattr(function, "__module__", None) or ""
    return module.partition(".")[0] == __name__.partition(".")[0]
