"""What Keras forgets of a constructor's call: where it stood, and plain arguments it does not keep.

What a layer or an optimizer *is* is read from the model when training begins; so Keras' own inner
layers, copies and reloads never count as the user's. Here is only what cannot be read there. Each
entry goes with its object, and holds no object of the user's.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

from .._identity_map import WeakIdentityMap
from .._inspection.describe import parameters_of

__all__ = ["Construction", "construction_of", "remember", "users_place"]

PLAIN = frozenset({str, bool, int, float})
FARTHEST = 40
"""Frames beyond are not looked at."""

_constructions: WeakIdentityMap[Construction] = WeakIdentityMap()


@dataclass(frozen=True, slots=True)
class Construction:
    """One constructor's call: file and line of the user's code, and its plain arguments."""

    file: str
    line: int
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    @property
    def place(self) -> str | None:
        """``file:line`` of the call; None where it was not in the user's code."""
        return f"{self.file}:{self.line}" if self.file else None

    def argument(self, class_: type, name: str, missing: Any) -> Any:
        """A plain argument as it was given, else `missing`."""
        if name in self.kwargs:
            return self.kwargs[name]
        names = list(parameters_of(class_))
        position = names.index(name) if name in names else len(self.args)
        value = self.args[position] if position < len(self.args) else None
        return missing if value is None else value


def remember(
    made: object, caller: FrameType | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> None:
    """Remember the call that makes `made`; arguments that are no plain values become None.

    Args:
        made: the new object.
        caller: the frame that called its constructor; the user's is there or above.
        args: what the constructor was given by position, without ``self``.
        kwargs: and by name.
    """
    frame = users_frame(caller)
    _constructions.set(
        made,
        Construction(
            frame.f_code.co_filename if frame else "",
            frame.f_lineno if frame else 0,
            tuple([each if type(each) in PLAIN else None for each in args]) if args else args,
            {name: each for name, each in kwargs.items() if type(each) in PLAIN},
        ),
    )


def construction_of(made: object) -> Construction | None:
    """What is remembered of the call that made `made`."""
    return _constructions.get(made)


def users_place() -> str | None:
    """``file:line`` of the newest frame that is neither Keras' nor ours."""
    frame = users_frame(sys._getframe(1))
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame else None


def users_frame(frame: FrameType | None) -> FrameType | None:
    """The newest frame, from `frame` up, that is neither Keras' nor ours."""
    for _ in range(FARTHEST):
        if frame is None:
            return None
        if not _is_theirs(frame.f_globals.get("__name__", "")):
            return frame
        frame = frame.f_back
    return None


def _is_theirs(module: str) -> bool:
    return module.startswith(("keras.", "keras_prov.", "tensorflow.", "contextlib"))
