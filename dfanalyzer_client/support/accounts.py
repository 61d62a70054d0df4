"""Which accounts of this machine are trusted with our files: the user, root, and whom they name.

``KERAS_PROV_TRUST`` names others, separated by commas: users by name or number, groups after
``@``; ``*`` is everybody on the machine. A project's settings file cannot set it.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import DfAnalyzerError

__all__ = ["TRUST", "Trusted", "group_name", "trusted", "unmapped_user", "user_name"]

TRUST = "KERAS_PROV_TRUST"
EVERYBODY = "*"
ACL = "system.posix_acl_access"
ALL_USERS = "4294967295"


@dataclass(frozen=True)
class Trusted:
    """The accounts.

    Attributes:
        users: their numbers.
        groups: the numbers of the groups whose members are all trusted.
        everybody: whether all are.
    """

    users: frozenset[int]
    groups: frozenset[int] = frozenset()
    everybody: bool = False

    def has_group(self, path: Path, group: int) -> bool:
        """Whether everybody who may write a file through its group is trusted.

        The user's own group is trusted, too, if it has the user's name and no other member: many
        systems create files that this group may write. No group is trusted where an access list
        (ACL) decides.
        """
        return (group in self.groups or _is_own_group(group)) and not _has_access_list(path)


def trusted() -> Trusted:
    """Who is trusted now; raises DfAnalyzerError if KERAS_PROV_TRUST names an unknown account."""
    return _trusted(os.environ.get(TRUST, ""), os.geteuid())


@functools.lru_cache(maxsize=4)
def _trusted(text: str, effective_user: int) -> Trusted:
    users, groups = {0, effective_user}, set()
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name.startswith("@"):
            groups.add(_number(name[1:], "group"))
        elif name != EVERYBODY:
            users.add(_number(name, "user"))
    return Trusted(frozenset(users), frozenset(groups), EVERYBODY in names)


def user_name(user: int) -> str:
    """The name of a user, or the number if there is no name."""
    import pwd  # here, and below: Windows has none

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def group_name(group: int) -> str:
    """The name of a group, or the number if there is no name."""
    import grp

    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)


@functools.lru_cache(maxsize=1)
def unmapped_user() -> int | None:
    """The user number that stands for all users, root included, that a container does not map.

    None if all users are mapped. See user_namespaces(7).
    """
    try:
        if Path("/proc/self/uid_map").read_text().split()[2:] == [ALL_USERS]:
            return None
        return int(Path("/proc/sys/kernel/overflowuid").read_text())
    except (OSError, ValueError):  # no Linux
        return None


def _number(name: str, kind: str) -> int:
    import grp
    import pwd

    if name.isdecimal():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid if kind == "user" else grp.getgrnam(name).gr_gid
    except KeyError:
        raise DfAnalyzerError(
            f"{TRUST} names users, groups after @, or *. There is no {kind} {name!r} here."
        ) from None


def _is_own_group(group: int) -> bool:
    import grp
    import pwd

    try:
        user, found = pwd.getpwuid(os.geteuid()), grp.getgrgid(group)
    except KeyError:
        return False
    is_named_so = group == user.pw_gid and found.gr_name == user.pw_name
    return is_named_so and set(found.gr_mem) <= {user.pw_name}


def _has_access_list(path: Path) -> bool:
    try:
        return bool(os.getxattr(path, ACL, follow_symlinks=False))
    except (AttributeError, OSError):  # no Linux, or none
        return False
