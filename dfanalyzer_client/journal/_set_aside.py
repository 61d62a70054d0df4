"""Messages that the store refuses whatever happens."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ..descriptors import open_above
from ._files import stem
from ._record import Record

__all__ = ["SetAside"]


@dataclass(frozen=True)
class SetAside:
    """A place beside a journal for such messages, one JSON object with the reason per line."""

    path: Path

    @classmethod
    def beside(cls, journal: Path) -> SetAside:
        """The place that belongs to `journal`, compressed or not."""
        return cls(journal.with_name(f"{stem(journal)}.refused"))

    def add(self, record: Record, error: Exception) -> None:
        """Keep one message with the reason, once; the journal keeps it, too."""
        if record.sequence in self._sequences():  # a kill came between this and the store's mark
            return
        entry = {"sequence": record.sequence, "error": str(error), "message": record.message}
        with open(self.path, "a", opener=open_above) as file:
            file.write(json.dumps(entry) + "\n")

    def __len__(self) -> int:
        return len(self._sequences())

    def _sequences(self) -> set[int]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return {json.loads(line)["sequence"] for line in lines}
