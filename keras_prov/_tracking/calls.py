"""What Keras forgets of the user's calls: of constructors, and of `compile()`.

What a layer or an optimizer *is* is read from the model when training begins. So Keras' own inner
layers, copies and reloads never count as the user's. Only what cannot be read there is kept here:
where a constructor was called, with which plain arguments, and whether `compile()` was given an
optimizer. An entry is dropped with its object, and holds no object of the user's.

A model with a `train_step` of its own is often compiled without an optimizer, as a GAN with two of
its own. Keras then creates an RMSprop that nobody uses, and that is no hyperparameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

import keras

from .._identity_map import WeakIdentityMap
from .._notebook.places import Place, place_now
from .frames import users_frame

__all__ = [
    "Construction",
    "chosen_optimizer",
    "construction_of",
    "remember_compilation",
    "remember_construction",
    "trains_itself",
]

PLAIN = frozenset({str, bool, int, float})

STEPS = ("train_step", "make_train_function")
"""What a user overrides to train in another way than Keras."""

_constructions: WeakIdentityMap[Construction] = WeakIdentityMap()
_without_optimizer: WeakIdentityMap[bool] = WeakIdentityMap()


@dataclass(frozen=True, slots=True)
class Construction:
    """One constructor's call: where it is in the user's code, if it is, and its plain arguments."""

    where: Place | None
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    @property
    def place(self) -> str | None:
        """Where the call is, for people; None if it was not in the user's code."""
        return None if self.where is None else str(self.where)


def remember_construction(
    created: object, caller: FrameType | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Remember the call that creates `created`; arguments that are not plain values become None.

    Args:
        created: the new object.
        caller: the frame that called its constructor; the user's is there or above.
        args: the constructor's positional arguments, without ``self``.
        kwargs: its keyword arguments.
    """
    frame = users_frame(caller)
    _constructions.set(
        created,
        Construction(
            place_now(frame.f_code.co_filename, frame.f_lineno) if frame else None,
            tuple([value if type(value) in PLAIN else None for value in args]) if args else args,
            {name: value for name, value in kwargs.items() if type(value) in PLAIN},
        ),
    )


def construction_of(created: object) -> Construction | None:
    """What is remembered of the call that created the object."""
    return _constructions.get(created)


def remember_compilation(model: Any, *, has_optimizer: bool) -> None:
    """Remember a call of `compile`."""
    _without_optimizer.set(model, not has_optimizer)


def chosen_optimizer(model: Any) -> Any:
    """The optimizer that trains the model, with any loss scaling; None when it is unknown."""
    if _without_optimizer.get(model) and trains_itself(type(model)):
        return None
    return getattr(model, "optimizer", None)


def trains_itself(class_: type) -> bool:
    """Whether a training step is the user's code rather than Keras'."""
    return any(_defines(class_, name) for name in STEPS)


def _defines(class_: type, name: str) -> bool:
    for base in class_.__mro__:
        if name in vars(base):
            return not base.__module__.startswith(keras.__name__ + ".")
    return False
