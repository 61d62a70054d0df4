"""The lines of a file, with where they begin; never more than one of them is in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO

from ..errors import RawDataError
from ._limits import Limits

__all__ = ["Lines"]

BOM = b"\xef\xbb\xbf"


class Lines(Iterator[str]):
    """Yields the lines of a file in UTF-8.

    Args:
        file: the file.
        name: what errors call it.
        limits: how much of it is read.

    Attributes:
        number: of the last line.
        first: number and position of the first line since `mark` was called.
        size: how many bytes were read.
    """

    def __init__(self, file: IO[bytes], name: str, limits: Limits) -> None:
        self._file, self.name, self._limits = file, name, limits
        self._digest = hashlib.sha256()
        self._again = ""
        self._begin = 0
        self.number = 0
        self.size = 0
        self.first: tuple[int, int] | None = None

    def __next__(self) -> str:
        line, self._again = self._again or self._read(), ""
        if self.first is None:
            self.first = self.number, self._begin
        return line

    def mark(self) -> None:
        """Note where the next line begins."""
        self.first = None

    def put_back(self, line: str) -> None:
        """Yield the last line again."""
        self._again = line
        self.first = None

    def sha256(self) -> str:
        """SHA-256 of all that was read, in hexadecimal digits."""
        return self._digest.hexdigest()

    def error(self, problem: str, number: int | None = None) -> RawDataError:
        """An error that names the file and a line, by default the last one."""
        return RawDataError(f"{self.name}, line {number or self.number}: {problem}")

    def _read(self) -> str:
        line = self._file.readline(self._limits.line + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._begin = self.size
        self.size += len(line)
        if len(line) > self._limits.line:
            raise self.error(f"it has more than {self._limits.line} bytes. Is it a file of text?")
        if self.size > self._limits.size:
            raise self.error(f"the file has more than {self._limits.size} bytes: split it.")
        self._digest.update(line)
        return self._text(line)

    def _text(self, line: bytes) -> str:
        if self.number == 1 and line.startswith(BOM):
            line, self._begin = line.removeprefix(BOM), len(BOM)
        try:
            return line.decode()
        except UnicodeDecodeError:
            raise self.error(
                "it is not UTF-8. Convert the file, for instance with iconv."
            ) from None
