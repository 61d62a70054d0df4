"""Change one attribute of somebody else's class or module, and put back exactly what was there.

A `Patch` wraps a method, a function of a module, a constructor's ``__new__`` or the setter of a
property; an `Addition` adds an attribute, an `Alias` follows a wrapped function to where it was
imported. `apply()` of each returns its undo.
Whether an attribute may be wrapped without anybody noticing hangs on where and how:

* Keras' classes are asked where they *define* it. `keras.Model` inherits ``fit`` from the backend's
  trainer; a wrapper set on `keras.Model` would stay behind as an attribute that was never there,
  and ``compile`` set there makes ``load_model`` skip the optimizer.
* The wrapper names no parameter and says what `functools.update_wrapper` copies, so that signature,
  argument specification, qualified name and source are those of the wrapped function.
* Others wrap the same methods (MLflow does). Where they have wrapped on top of us, undo cannot take
  our wrapper out of theirs, so it is switched off instead and only passes through.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, Protocol, TypeAlias

__all__ = ["Addition", "Alias", "Around", "Change", "Original", "Owner", "Patch", "Undo"]

Original: TypeAlias = Callable[..., Any]
Around: TypeAlias = Callable[[Original, tuple[Any, ...], dict[str, Any]], Any]
Owner: TypeAlias = "type | ModuleType | Callable[[], type | ModuleType]"
Undo: TypeAlias = Callable[[], bool]

# On each wrapper of ours: which patch made it, and its undo. By name, for it may be that of an
# earlier copy of this package (`keras.config.set_backend` and test tools unload us).
_APPLIED = "__keras_prov_applied__"


class Change(Protocol):
    """Something that can be applied to Keras, and undone."""

    def apply(self) -> Undo:
        """Make the change.

        Returns:
            The exact undo. It is harmless when called again, and answers whether the attribute is
            free of us: False where somebody has wrapped on top, who may let go of it later.
        """


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
        wrapper, switch = _wrapped(function, self.around)
        installed = packed(wrapper)

        def undo() -> bool:
            switch.live = False
            current = vars(home).get(self.name)
            if current is installed:
                setattr(home, self.name, raw)
                return True
            return current is raw

        setattr(wrapper, _APPLIED, (key, undo))
        setattr(home, self.name, installed)
        return undo


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

        def undo() -> bool:
            if vars(owner).get(self.name) is self.value:
                delattr(owner, self.name)
            return self.name not in vars(owner)

        return undo


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

    def apply(self) -> Undo:
        """Set the attribute; see `Change.apply`."""
        owner, name = self.owner(), self.name
        wrapper, raw = vars(self.source())[name], _own(owner, name)
        if getattr(wrapper, "__wrapped__", None) is not raw:
            return lambda: True  # somebody has put another there: it is left alone
        setattr(owner, name, wrapper)

        def undo() -> bool:
            if vars(owner).get(name) is wrapper:
                setattr(owner, name, raw)
            return vars(owner).get(name) is raw

        return undo


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


def _wrapped(raw: Any, around: Around) -> tuple[Original, _Switch]:
    original = _as_function(raw)
    switch = _Switch()

    def wrapper(*args, **kwargs):  # type: ignore[no-untyped-def]  # Keras' own handler has none
        if switch.live and args:
            return around(original, args, kwargs)
        return original(*args, **kwargs)

    functools.update_wrapper(wrapper, raw)
    if not hasattr(raw, "__wrapped__"):
        # `inspect.getfullargspec` looks through no wrapper; this it does see.
        wrapper.__signature__ = inspect.signature(raw)  # type: ignore[attr-defined]
    return wrapper, switch


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


def _resolved(owner: Owner) -> type | ModuleType:
    return owner if isinstance(owner, (type, ModuleType)) else owner()


def _undo_earlier(current: Any, key: tuple[str, str]) -> None:
    """Undo what the patch `key` has wrapped, on top or beneath other wrappers."""
    while current is not None:
        applied, undo = getattr(current, _APPLIED, (None, None))
        if applied == key and undo is not None:
            undo()
        current = getattr(current, "__wrapped__", None)


def _is_ours(function: Any) -> bool:
    """Whether this package has defined it, if only an earlier copy of this package."""
    module = getattr(function, "__module__", None) or ""
    return module.partition(".")[0] == __name__.partition(".")[0]
