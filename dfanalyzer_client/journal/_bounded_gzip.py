"""Reading a compressed file that may be a bomb: what expands without end is not read to the end."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ..support.descriptors import open_private

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["open_bounded"]

ALLOWED_BYTES = 64 << 20
MAX_RATIO = 200
"""A file may hold so many times its own size, beyond what any may hold; journals hold ten times."""


class _BoundedGzip(io.RawIOBase):
    """A compressed file whose contents are bounded."""

    def __init__(self, path: Path) -> None:
        self._packed = open(path, "rb", opener=open_private)  # noqa: SIM115 (closed by `close`)
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
    """The contents of a compressed file; reading raises OSError where they have no end."""
    return cast("IO[bytes]", io.BufferedReader(_BoundedGzip(path), 1 << 17))
