"""What signing needs beside what is always installed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ..errors import SigningError
from ..support.distribution import install_command

__all__ = ["needs_extra"]


@contextlib.contextmanager
def needs_extra() -> Iterator[None]:
    """If a package is missing, raise an error that says which pip line installs it."""
    try:
        yield
    except ImportError as error:
        raise SigningError(
            f"Signatures need optional packages ({error}): {install_command('sign')}"
        ) from None
