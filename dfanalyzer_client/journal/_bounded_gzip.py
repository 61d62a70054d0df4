"""Read compressed files that may be decompression bombs: the expanded size is bounded."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ..support.descriptors import PrivateFile

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["open_bounded"]

ALLOWED_BYTES = 64 << 20
MAX_RATIO = 200
"""A file may expand to `ALLOWED_BYTES` plus 200 times its size; journals expand tenfold."""


class _BoundedGzip(io.RawIOBase):
    """A compressed file that refuses to expand beyond a bound."""

    def __init__(self, path: Path) -> None:
        self._packed = PrivateFile(path)
        self._file = gzip.GzipFile(fileobj=self._packed, mode="rb")
        self._limit = ALLOWED_BYTES + MAX_RATIO * path.stat().st_size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: WriteableBuffer) -> int:
        if self._file.tell() > self._limit:
            raise OSError(f"it expands to more than {self._limit} bytes, as no journal does")
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        self._packed.close()
        super().close()


def open_bounded(path: Path) -> IO[bytes]:
    """Open a compressed file; reading raises OSError if it expands beyond the bound."""
    return cast("IO[bytes]", io.BufferedReader(_BoundedGzip(path), 1 << 17))
