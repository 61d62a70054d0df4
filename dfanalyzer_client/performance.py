"""When a task began and ended."""

from __future__ import annotations

from datetime import UTC, datetime

from .declarations.messages import PerformanceMessage
from .declarations.names import checked_text
from .errors import DefinitionError
from .method_type import MethodType

__all__ = ["Performance"]


class Performance:
    """A measured period of a task, in UTC as ``YYYY-MM-DD HH:MM:SS[.ffffff]``.

    `Task.end` makes one of the whole task; give others to `Task.add_performance`.
    """

    def __init__(
        self,
        start_time: str,
        end_time: str,
        method: MethodType | str = MethodType.COMPUTATION,
        description: str = "",
    ) -> None:
        """Describe a period.

        Args:
            start_time: when it began, in ISO 8601; in UTC where it names no zone.
            end_time: when it ended, likewise.
            method: what it was spent on, or its name; an empty text is COMPUTATION.
            description: anything that is to be said of it.

        Raises:
            DefinitionError: a part is not of its kind.
        """
        self.startTime, self.endTime = start_time, end_time
        self.method, self.description = method, description

    @property
    def startTime(self) -> str:  # noqa: N802 (as existing scripts spell it)
        """When it began."""
        return self._start

    @startTime.setter
    def startTime(self, time: str) -> None:  # noqa: N802
        self._start = _moment(time)

    @property
    def endTime(self) -> str:  # noqa: N802
        """When it ended."""
        return self._end

    @endTime.setter
    def endTime(self, time: str) -> None:  # noqa: N802
        self._end = _moment(time)

    @property
    def method(self) -> str:
        """What it was spent on: the name of a MethodType."""
        return self._method

    @method.setter
    def method(self, method: MethodType | str) -> None:
        try:
            self._method = MethodType(method or MethodType.COMPUTATION).value
        except ValueError:
            raise DefinitionError(
                f"The method of a Performance must be a MethodType ({', '.join(MethodType)}). "
                f"Received: {method!r}."
            ) from None

    @property
    def description(self) -> str:
        """What is said of it, or the empty text."""
        return self._description

    @description.setter
    def description(self, description: str) -> None:
        self._description = checked_text(description, "description of a Performance")

    def get_specification(self) -> PerformanceMessage:
        """The period as it stands in a message."""
        message: PerformanceMessage = {
            "startTime": self._start,
            "endTime": self._end,
            "method": self._method,
        }
        if self._description:
            message["description"] = self._description
        return message


def _moment(time: str) -> str:
    """A time as MonetDB's TIMESTAMP reads it."""
    try:
        moment = datetime.fromisoformat(time)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
        return str(moment)
    except (TypeError, ValueError, OverflowError):
        raise DefinitionError(
            f"A Performance takes times as '2026-11-23 04:05:05.957219'. Received: {time!r}."
        ) from None
