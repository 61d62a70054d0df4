"""Write a document to a file or to standard output."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from ..errors import DfAnalyzerError
from .common import say

__all__ = ["write_pieces"]


def write_pieces(
    pieces: Iterable[bytes], output: Path | None, format_: str, *, is_binary: bool
) -> None:
    """Write pieces to `output`, which is replaced once all are there; None: standard output.

    Raises:
        DfAnalyzerError: the file cannot be written, or the bytes would go to a terminal.
    """
    if output is not None:
        with _replacing(output) as file:
            for piece in pieces:
                file.write(piece)
        say(f"Written to {output}.", err=True)
        return
    if is_binary and sys.stdout.isatty():
        raise DfAnalyzerError(f"A terminal cannot show {format_}: name a file with --output.")
    for piece in pieces:
        sys.stdout.buffer.write(piece)
    sys.stdout.flush()


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that replaces `path` once it is completely written; an error leaves `path` unchanged.

    Links and permissions are kept. A device or a pipe is written to directly.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as file:
                yield file
            return
        target = path.resolve()
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        with _beside(target) as (new, file):
            yield file
            file.close()
            new.chmod(mode)
            new.replace(target)
    except OSError as error:
        raise DfAnalyzerError(f"{path} cannot be written: {error.strerror or error}.") from None


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in the folder of `target`, which is removed if anything fails."""
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".export-", delete=False) as file:
        new = Path(file.name)
        try:
            yield new, file
        except BaseException:
            new.unlink()
            raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
