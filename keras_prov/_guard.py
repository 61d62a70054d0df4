"""Our failures are logged and the training goes on; in strict mode they raise.

Whatever of ours runs inside a user's training runs in a `guarded` block, except the call of Keras
itself, whose errors belong to the user::

    with guarded("Model.fit"):
        args, kwargs = with_callback(args, kwargs)
    return original(*args, **kwargs)
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from dfanalyzer_client.config.settings import strict
from dfanalyzer_client.errors import UnsafeHomeError
from dfanalyzer_client.support.terminal import terminal_line

from ._identity_map import WeakIdentityMap

__all__ = ["guarded", "strict"]

P = ParamSpec("P")
R = TypeVar("R")

# No handler of ours: without the program's own, `logging.lastResort` still shows it on stderr.
_logger = logging.getLogger("keras_prov")

_reported: set[tuple[str, str]] = set()
_reported_by_object: WeakIdentityMap[set[tuple[str, str]]] = WeakIdentityMap()


class guarded:  # noqa: N801  # reads as the verb it is, like contextlib.suppress
    """A context manager, or a decorator, out of which no exception of ours comes.

    An exception is logged with its traceback, the first time that this place fails so, and then
    dropped. `KeyboardInterrupt`, `SystemExit` and whatever else is no `Exception` pass through.
    With ``KERAS_PROV_STRICT=1`` every exception does. A decorated function that fails returns None.

    It keeps nothing between blocks, so one object may serve many, nested and in several threads.

    Args:
        place: where we are, in Keras' words: ``"Model.fit"``.
        of: the training or model that it happens to. Of each, each kind of failure at a place is
            reported once; without it, once for all.
        lost: what a failure here costs, as the subject of "… is not recorded".
    """

    __slots__ = ("_lost", "_of", "_place")

    def __init__(self, place: str, of: object = None, *, lost: str = "what happens there") -> None:
        self._place, self._of = place, of
        self._lost = lost

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception) or strict():
            return False
        self._report(error)
        return True

    def __call__(self, function: Callable[P, R]) -> Callable[P, R | None]:
        """Guard each call of `function`."""

        @functools.wraps(function)
        def guarded_function(*args: P.args, **kwargs: P.kwargs) -> R | None:
            with self:
                return function(*args, **kwargs)
            return None

        return guarded_function

    def _report(self, error: Exception) -> None:
        if isinstance(error, UnsafeHomeError):  # one cause, wherever it is met
            _report_home(error)
            return
        key = self._place, type(error).__name__
        reported = _reported if self._of is None else _reported_of(self._of)
        if key in reported:
            return
        reported.add(key)
        _logger.error(
            "Keras-Prov failed in %s: %s is not recorded; Keras itself goes on undisturbed. "
            "Further failures there are not logged. KERAS_PROV_STRICT=1 raises them.",
            terminal_line(self._place),
            terminal_line(self._lost),
            exc_info=error,
        )


def _report_home(error: UnsafeHomeError) -> None:
    key = str(error), type(error).__name__
    if key not in _reported:
        _reported.add(key)
        _logger.error(
            "%s (Until then nothing is recorded; Keras itself goes on undisturbed. "
            "KERAS_PROV_STRICT=1 raises this.)", error,
        )  # fmt: skip


def _reported_of(each: object) -> set[tuple[str, str]]:
    reported = _reported_by_object.get(each)
    if reported is None:
        reported = set()
        _reported_by_object.set(each, reported)
    return reported
