"""Wrap one attribute of somebody else's class or module, and put back exactly what was there.

A `Patch` wraps a method, a function of a module, a constructor's ``__new__`` or the setter of a
property. `apply()` returns its undo, which also knows whether the patch is still in force. Three
things decide whether anybody notices it:

* What the wrapper looks like: see `wrapper`.
* Where it is set. Keras' classes are asked where they *define* the attribute. `keras.Model`
  inherits ``fit`` from the backend's trainer; a wrapper set on `keras.Model` would stay behind as
  an attribute that was never there, and ``compile`` set there makes ``load_model`` skip the
  optimizer.
* Who else wraps it, as MLflow does. If others have wrapped on top of us, undo cannot take our
  wrapper out of theirs: it switches ours off, and ours only passes calls through. If they put back
  what was there before us, ours is gone without notice: whoever applied it asks `is_on`.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .change import Around, Original, Owner, Undo, label, resolved
from .reaching import reaches
from .wrapper import Switch, wrap

__all__ = ["Patch", "defining_class"]

# On our wrappers: which patch has created it, and its undo. Read by name, since an earlier copy of
# this package may have set it: `keras.config.set_backend` and test tools unload us.
_APPLIED = "__keras_prov_applied__"


class Patch:
    """Wrap the method `name` where `owner`, or the class it inherits from, defines it.

    For a property, the setter is wrapped; for a module, the function of that name.

    Args:
        owner: a class or module, or a function that returns it, so that Keras need not be imported
            yet.
        name: the method's name.
        around: called as ``around(original, args, kwargs)`` in place of the method, with the
            instance as ``args[0]``. It calls ``original(*args, **kwargs)`` once and returns its
            result. It is bypassed by a call that names the instance: ``Model.fit(self=model)``.
    """

    def __init__(self, owner: Owner, name: str, around: Around) -> None:
        self.owner = owner
        self.name = name
        self.around = around

    def __str__(self) -> str:
        return label(self.owner, self.name)

    def apply(self) -> Undo:
        """Wrap the method; see `Change.apply`.

        If the same patch is already applied, that is undone first, so that nothing is recorded
        twice.

        Raises:
            AttributeError: `owner` has no attribute `name`.
            TypeError: the attribute is neither a method nor a property with a setter.
        """
        owner = resolved(self.owner)
        home = owner if isinstance(owner, ModuleType) else defining_class(owner, self.name)
        key = (self.around.__module__, self.around.__qualname__)
        _undo_earlier(_unpack(_defined(home, self.name))[0], key)
        raw = _defined(home, self.name)
        function, repack = _unpack(raw)
        wrapper, outermost, switch = wrap(function, self.around)
        undo = _Unwrapping(owner, home, self.name, raw, outermost, switch)
        setattr(wrapper, _APPLIED, (key, undo))
        setattr(home, self.name, repack(outermost))
        return undo


class _Unwrapping:
    """Removes a wrapper if it is outermost; otherwise switches it off."""

    def __init__(
        self,
        owner: type | ModuleType,
        home: type | ModuleType,
        name: str,
        raw: Any,
        outermost: Original,
        switch: Switch,
    ) -> None:
        self._owner, self._home, self._name, self._raw = owner, home, name, raw
        # weak: a wrapper that others have discarded needs no undo, and is not kept alive
        self._outermost = weakref.ref(outermost)
        self._switch = switch

    def __call__(self) -> bool:
        self._switch.live = False
        outermost, current = self._outermost(), vars(self._home).get(self._name)
        if outermost is None or current is self._raw:
            return True
        if current is None or _unpack(current)[0] is not outermost:
            return False
        setattr(self._home, self._name, self._raw)
        return True

    def __reduce__(self) -> tuple[type, tuple[()]]:
        # scikit-learn copies our wrapper's attributes and pickles them for other processes
        return bool, ()  # where there is nothing to undo

    def is_on(self) -> bool:
        outermost, current = self._outermost(), _static(self._owner, self._name)
        if current is outermost is not None:
            return self._switch.live
        if outermost is None or current is None or not self._switch.live:
            return False
        return reaches(_unpack(current)[0], outermost)


def defining_class(owner: type, name: str) -> type:
    """The first class in the MRO of `owner` that defines `name` itself.

    Raises:
        AttributeError: none does.
    """
    for cls in owner.__mro__:
        if name in vars(cls):
            return cls
    raise AttributeError(
        f"type object {owner.__name__!r} has no attribute {name!r}", name=name, obj=owner
    )


def _defined(home: type | ModuleType, name: str) -> Any:
    try:
        return vars(home)[name]
    except KeyError:
        raise AttributeError(
            f"{home.__name__!r} has no attribute {name!r}", name=name, obj=home
        ) from None


def _unpack(raw: Any) -> tuple[Any, Callable[[Original], Any]]:
    """The function in an attribute, and what makes the same kind of attribute of another one."""
    if isinstance(raw, property):
        if raw.fset is None:
            raise TypeError(
                f"Only a method, or a property with a setter, can be wrapped. Received: {raw!r}."
            )
        return raw.fset, lambda wrapper: property(raw.fget, wrapper, raw.fdel, raw.__doc__)
    if isinstance(raw, staticmethod) and raw.__func__.__name__ == "__new__":
        return raw.__func__, staticmethod
    return raw, lambda wrapper: wrapper


def _static(owner: type | ModuleType, name: str) -> Any:
    """The attribute itself, without calling a descriptor."""
    for place in (owner,) if isinstance(owner, ModuleType) else owner.__mro__:
        if name in place.__dict__:
            return place.__dict__[name]
    return None


def _undo_earlier(current: Any, key: tuple[str, str]) -> None:
    """Undo the patch `key` if it is applied already, also beneath other wrappers."""
    while current is not None:
        applied, undo = getattr(current, _APPLIED, (None, None))
        if applied == key and callable(undo):
            undo()
        current = getattr(current, "__wrapped__", None)
