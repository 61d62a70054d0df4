"""Which files may be read, and which programs run: all of the user's own, or what is allowed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from ..errors import RawDataError, RawDataRefusedError
from ..support.confined_file import can_confine, folder_of, open_below
from ..support.regular_file import open_regular

__all__ = ["Access", "Command", "NoFiles", "OpenedFile", "OwnFiles", "ServedFiles"]


class OpenedFile(NamedTuple):
    """A file that was opened.

    Attributes:
        file: to be read, and closed.
        path: where it is, as an absolute path.
    """

    file: IO[bytes]
    path: str


class Command(NamedTuple):
    """A program that reads a file.

    Attributes:
        program: the path of the program.
        argument: what it is given as the file's path.
        environment: its environment.
    """

    program: str
    argument: str
    environment: Mapping[str, str]


class Access(Protocol):
    """Opens files, and says how a program is run on one."""

    def open(self, path: str) -> OpenedFile:
        """Open a file; raises RawDataError if it cannot or must not be read."""

    def command(self, program: str, opened: OpenedFile) -> Command:
        """How a program is run on a file; raises RawDataError if it must not be."""


class OwnFiles:
    """What the user's own process reads: any file, with any program that it has declared."""

    def open(self, path: str) -> OpenedFile:
        """Open a file; raises RawDataError if it cannot be read."""
        absolute = str(Path(path).absolute())
        try:
            return OpenedFile(open_regular(absolute), absolute)
        except (OSError, ValueError) as error:
            raise _unreadable(absolute, error) from error

    def command(self, program: str, opened: OpenedFile) -> Command:
        """The program with the file's path, in our environment."""
        return Command(str(Path(program).absolute()), opened.path, os.environ)


class NoFiles:
    """Reads nothing, as a service that was not told what it may read."""

    def open(self, path: str) -> OpenedFile:
        """Raise RawDataRefusedError."""
        raise RawDataRefusedError(
            "This service reads no files of raw data. Start it with keras-prov serve --raw-data "
            f"FOLDER to let it read those below a folder. Received: {path!r:.200}."
        )

    def command(self, program: str, opened: OpenedFile) -> Command:
        """Raise RawDataRefusedError."""
        raise _not_allowed(program)


class ServedFiles:
    """What a service reads for its clients: files below some folders, with some programs.

    Args:
        folders: files below these are read, where links and ``..`` in a path may lead anywhere.
        programs: files that are run if a client's dataflow names them.

    Raises:
        RawDataError: there is no such folder or program, or this system cannot confine a path.
    """

    def __init__(self, folders: Iterable[Path], programs: Iterable[Path] = ()) -> None:
        if not can_confine():
            raise RawDataError("This system cannot open files below a folder alone.")
        self._folders = [_resolved(folder, Path.is_dir, "folder") for folder in folders]
        self._programs = [_resolved(program, Path.is_file, "program") for program in programs]

    def open(self, path: str) -> OpenedFile:
        """Open a file below the folders; raises RawDataRefusedError for any other."""
        is_path = Path(path).is_absolute() and "\0" not in path
        found = folder_of(path, self._folders) if is_path else None
        if found is None:  # the same answer for what is there and what is not
            raise RawDataRefusedError(
                "The service reads files below the folders that keras-prov serve --raw-data has "
                f"named, by their absolute paths. Received: {path!r:.200}."
            )
        try:
            return OpenedFile(open_below(*found), str(Path(*found)))
        except OSError as error:
            raise _unreadable(path, error) from error

    def command(self, program: str, opened: OpenedFile) -> Command:
        """One of the programs, with the opened file: its path may lead elsewhere by now."""
        resolved = Path(os.path.realpath(program)) if Path(program).is_absolute() else None
        if resolved not in self._programs:
            raise _not_allowed(program)
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("KERAS_PROV_")
        }
        return Command(str(resolved), f"/dev/fd/{opened.file.fileno()}", environment)


def _resolved(path: Path, is_right: Callable[[Path], bool], what: str) -> Path:
    resolved = Path(os.path.realpath(path))
    if is_right(resolved):
        return resolved
    raise RawDataError(f"There is no {what} {path}: name one that the service may use.")


def _unreadable(path: str, error: OSError | ValueError) -> RawDataError:
    reason = error.strerror if isinstance(error, OSError) else error
    return RawDataError(f"The file of raw data {path!r:.200} cannot be read: {reason}.")


def _not_allowed(program: str) -> RawDataRefusedError:
    return RawDataRefusedError(
        f"The service does not run the program {program!r:.200}: it runs those that keras-prov "
        "serve --raw-data-program has named, by their absolute paths."
    )
