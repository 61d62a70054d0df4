"""When a task began and ended."""

from __future__ import annotations

from .method_type import MethodType

__all__ = ["Performance"]


class Performance:
    """A measured period of a task, in UTC as ``YYYY-MM-DD HH:MM:SS[.ffffff]``."""

    def __init__(
        self,
        start_time: str,
        end_time: str,
        method: MethodType = MethodType.COMPUTATION,
        description: str = "",
    ) -> None:
        """Keep the period and what it was spent on."""
        self.start_time = start_time
        self.end_time = end_time
        self.method = method
        self.description = description

    def get_specification(self) -> dict[str, str]:
        """The period as it stands in a message."""
        message = {
            "startTime": self.start_time,
            "endTime": self.end_time,
            "method": self.method.value,
        }
        if self.description:
            message["description"] = self.description
        return message
