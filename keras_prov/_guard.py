"""Our failures are logged and the training goes on; in strict mode they raise.

All our code that runs inside a user's training runs in a `guarded` block. Only the call of Keras
does not, since its errors are for the user::

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

# It has no handler. If the program sets none up, `logging.lastResort` prints to stderr.
_logger = logging.getLogger("keras_prov")

_reported: set[tuple[str, str]] = set()
_reported_by_object: WeakIdentityMap[set[tuple[str, str]]] = WeakIdentityMap()


class guarded:  # noqa: N801  # reads as the verb it is, like contextlib.suppress
    """A context manager or decorator that logs and drops our exceptions.

    An exception is logged with its traceback the first time that its type is raised at this place.
    `KeyboardInterrupt`, `SystemExit` and everything else that is not an `Exception` pass through.
    With ``KERAS_PROV_STRICT=1`` every exception does. A decorated function that fails returns None.

    It keeps no state between blocks, so one object may be used for many blocks, also nested and in
    several threads.

    Args:
        place: where we are, in Keras' terms: ``"Model.fit"``.
        of: the training or model concerned. A type of failure at a place is reported once for each
            of them; without it, once per process.
        lost: what a failure here costs, as the subject of "… is not recorded".
    """

    __slots__ = ("_lost", "_of", "_place")

    def __init__(self, place: str, of: object = None, *, lost: str = "what happens there") -> None:
        self._place, self._of = place, of
        self._lost = lost

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        return self.takes(error)

    def takes(self, error: BaseException | None) -> bool:
        """Log this exception, and whether it is dropped; where it is not, the caller raises it.

        For code of every epoch, which catches exceptions itself: that costs nothing until there is
        one.
        """
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
        if isinstance(error, UnsafeHomeError):  # the same cause at every place
            _report_home(error)
            return
        key = self._place, type(error).__name__
        reported = _reported if self._of is None else _reported_of(self._of)
        if key in reported:
            return
        reported.add(key)
        _logger.error(
            "Keras-Prov failed in %s: %s is not recorded; Keras itself is not affected. "
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
            "%s (Until then nothing is recorded; Keras itself is not affected. "
            "KERAS_PROV_STRICT=1 raises this.)",
            error,
        )


def _reported_of(subject: object) -> set[tuple[str, str]]:
    reported = _reported_by_object.get(subject)
    if reported is None:
        reported = set()
        _reported_by_object.set(subject, reported)
    return reported
