"""Check that only the user controls the data folder: owners, modes, links, as ssh checks its keys.

Whoever may write there may become administrator of the private server, which reads and writes files
as its owner. So we check every folder from the root down: once nobody else can rename a folder or
link, what lies below it stays as we saw it. Folders that others may write are refused, except on
the way to the data folder if the sticky bit keeps others from renaming our files (``/tmp``).
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnsafeHomeError
from .accounts import TRUST, Trusted, group_name, trusted, unmapped_user, user_name

__all__ = ["check_home", "create_home", "is_trusted_file"]

SERVER = "server"
SECRETS = (".password", ".monetdb", "vaultkey")
"""Endings of file names in the server's folder that others may not even read."""

WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH
ANY_ACCESS_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO
MAX_LINKS = 40
"""As many as Linux follows (path_resolution(7))."""


def create_home(home: Path, *folders: str) -> None:
    """Create the data folder if it is missing, mode 0700, and check it and these folders in it.

    Raises:
        OSError: it cannot be created.
        UnsafeHomeError: somebody else controls it.
    """
    check_home(home)  # before anything is created in somebody else's folder
    for folder in (*reversed(home.absolute().parents), home):
        folder.mkdir(mode=0o700, exist_ok=True)  # of parents, `parents` would leave it to the umask
    check_home(home, *folders)  # somebody else may have created it first


def check_home(home: Path, *folders: str, deep: bool = False) -> None:
    """Check the data folder, and the named folders in it with their content, if they exist.

    Args:
        home: the data folder; links on the way to it are followed.
        folders: names of the folders that are about to be used.
        deep: whether to check their subfolders, too.

    Raises:
        UnsafeHomeError: somebody else controls it; the message says where, and how to fix it.
        DfAnalyzerError: KERAS_PROV_TRUST names an unknown account.
    """
    if os.name != "posix":
        return
    check = _Check(home.absolute(), trusted())
    if check.trusted.everybody:
        return
    place = check.resolve(check.home)
    if place is not None:
        for name in folders:
            check.folder(place / name, deep=deep)


def is_trusted_file(path: Path) -> bool:
    """Whether a configuration file belongs to a trusted account and not everybody may write it."""
    if os.name != "posix":
        return True
    accounts, found = trusted(), path.stat()
    is_kept = found.st_uid in accounts.users and not found.st_mode & stat.S_IWOTH
    return accounts.everybody or is_kept


@dataclass(frozen=True)
class _Check:
    """The check of one data folder."""

    home: Path
    trusted: Trusted

    def resolve(self, path: Path) -> Path | None:
        """The folder with links resolved, every part of its path checked; None if it is missing."""
        place, links = Path(path.anchor), 0
        left = list(reversed(path.parts[1:]))
        self._check_writers(place, place.lstat(), on_the_way=bool(left))
        while left:
            following = self._next(place, left.pop())
            found = self._lstat(following)
            if found is None:
                return None
            if not stat.S_ISLNK(found.st_mode):
                place = following
                self._check_writers(place, found, on_the_way=bool(left))
                continue
            links += 1
            self._check_owner(following, found, on_the_way=True)
            if links > MAX_LINKS:
                raise self._unsafe(following, "is one of a circle of links", "Remove it.")
            target = following.readlink()
            place = Path(target.anchor) if target.is_absolute() else place
            left += reversed(target.parts[1:] if target.is_absolute() else target.parts)
        return place

    def folder(self, folder: Path, *, deep: bool) -> None:
        """Check a folder in the data folder, or behind a link there, and its content."""
        place = self.resolve(folder)
        if place is None:
            return
        if not place.is_dir():
            raise self._unsafe(folder, "is no folder", "Move it away.")
        try:
            for path, entry in _entries(place, deep=deep):
                self._check_entry(path, entry, in_server=folder.name == SERVER)
        except OSError as error:
            raise self._unreadable(folder, error) from None

    def _next(self, place: Path, part: str) -> Path:
        return place.parent if part == os.pardir else place / part

    def _lstat(self, path: Path) -> os.stat_result | None:
        try:
            return path.lstat()
        except (FileNotFoundError, NotADirectoryError):  # creating it will report why it cannot be
            return None
        except OSError as error:
            raise self._unreadable(path, error) from None

    def _check_entry(self, path: Path, found: os.stat_result, *, in_server: bool = False) -> None:
        mode = found.st_mode
        self._check_owner(path, found)
        if stat.S_ISLNK(mode):
            remedy = "Put what it leads to in its place."
            raise self._unsafe(path, "is a symbolic link, and none is followed in there", remedy)
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or (in_server and stat.S_ISSOCK(mode))):
            raise self._unsafe(path, "is neither a file nor a folder", "Remove it.")
        self._check_writers(path, found)
        if in_server and path.name.endswith(SECRETS) and mode & ANY_ACCESS_BY_OTHERS:
            remedy = f"It is for you alone: chmod go= {shlex.quote(str(path))}"
            raise self._unsafe(path, f"may be read by others ({_octal(mode)})", remedy)

    def _check_writers(
        self, path: Path, found: os.stat_result, *, on_the_way: bool = False
    ) -> None:
        """Check that nobody else may write a file, or change what is in a folder."""
        self._check_owner(path, found, on_the_way=on_the_way)
        others = found.st_mode & WRITABLE_BY_OTHERS
        if not others or (on_the_way and found.st_mode & stat.S_ISVTX):
            return
        group = group_name(found.st_gid)
        if others == stat.S_IWGRP and self.trusted.has_group(path, found.st_gid):
            return
        who = "everybody" if others & stat.S_IWOTH else f"the group {group}"
        remedy = f"See that all in it is yours, then: chmod go-w {shlex.quote(str(path))}"
        if on_the_way:
            remedy = (
                "They can put another folder in its place: set KERAS_PROV_HOME to one elsewhere."
            )
        if others == stat.S_IWGRP:
            remedy += f" Or, if you trust all of that group: {TRUST}=@{group}"
        raise self._unsafe(path, f"may be written by {who} ({_octal(found.st_mode)})", remedy)

    def _check_owner(self, path: Path, found: os.stat_result, *, on_the_way: bool = False) -> None:
        """Check that a file, folder or link belongs to the user, root, or somebody trusted."""
        owner = found.st_uid
        if owner in self.trusted.users or (on_the_way and owner == unmapped_user()):
            return
        name = user_name(owner)
        remedy = (
            "Run this as that user, or set KERAS_PROV_HOME to a folder of root's."
            if os.geteuid() == 0
            else "Set KERAS_PROV_HOME to a folder of your own."
        )
        remedy += f" Or, if you trust that account: {TRUST}={name}"
        raise self._unsafe(path, f"belongs to {name}, not to {user_name(os.geteuid())}", remedy)

    def _unreadable(self, path: Path, error: OSError) -> UnsafeHomeError:
        remedy = "Set KERAS_PROV_HOME to a folder that you may write to."
        return self._unsafe(path, f"cannot be looked at ({error.strerror})", remedy)

    def _unsafe(self, path: Path, what: str, remedy: str) -> UnsafeHomeError:
        return UnsafeHomeError(f"The data folder {self.home} is not used: {path} {what}. {remedy}")


def _entries(folder: Path, *, deep: bool) -> Iterator[tuple[Path, os.stat_result]]:
    """The content of a folder, with `deep` also of its subfolders; skips what is removed."""
    try:
        found = list(os.scandir(folder))
    except FileNotFoundError:
        return
    for entry in found:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue
        yield Path(entry.path), status
        if deep and stat.S_ISDIR(status.st_mode):
            yield from _entries(Path(entry.path), deep=True)


def _octal(mode: int) -> str:
    return f"mode {stat.S_IMODE(mode):04o}"
