"""What a task depends on: other tasks, by transformation and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .errors import DefinitionError
from .names import checked_name

__all__ = ["Dependency"]


class Dependency:
    """Tasks named pairwise: the first tag with the first id, and so on."""

    def __init__(self, tags: Sequence[str], ids: Sequence[object]) -> None:
        """Pair tags and ids; raises DefinitionError when they are not as many."""
        self.tags = [{"tag": checked_name(tag, "tag of a Dependency")} for tag in tags]
        self.ids = [{"id": str(each)} for each in ids]
        if len(self.tags) != len(self.ids):
            raise DefinitionError(
                f"A Dependency pairs tags with ids. Received: {len(self.tags)} tags and "
                f"{len(self.ids)} ids."
            )

    def get_specification(self) -> dict[str, Any]:
        """The dependency as it stands in a message."""
        return {"tags": list(self.tags), "ids": list(self.ids)}
