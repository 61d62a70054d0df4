"""What Keras forgets of a constructor's call: where it stood, and plain arguments it does not keep.

What a layer or an optimizer *is* is read from the model when training begins; so Keras' own inner
layers, copies and reloads never count as the user's. Here is only what cannot be read there. Each
entry goes with its object, and holds no object of the user's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

from .._identity_map import WeakIdentityMap
from .frames import users_frame

__all__ = ["Construction", "construction_of", "remember"]

PLAIN = frozenset({str, bool, int, float})

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
