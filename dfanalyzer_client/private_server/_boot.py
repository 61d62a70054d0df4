"""Run MonetDB's kernel in this process: what ``mserver5`` does in its ``main``, through C symbols.

The order of calls is that of mserver5 (MonetDB 11.41, tools/mserver/mserver5.c). We do not use
``monetdbe_open`` with a ``mapi_server``: it stores one constant as everybody's password hash.
"""

from __future__ import annotations

import ctypes as c
import os
from pathlib import Path
from typing import Any

from ..errors import PrivateServerError

__all__ = ["KERNEL", "Kernel", "kernel_available"]

KERNEL = Path(__file__).parent / "_kernel"
LOAD_ORDER = (
    "libpcre",
    "libstream",
    "libmapi",
    "libbat",
    "libmonetdb5",
    "libmonetdbsql",
    "libmonetdbe",
)
GDK_SUCCEED = 1
PERSISTENT, TRANSIENT = 1, 2
COMMAND_LINE_OPTION = 2
EMBEDDED = 0  # with 0 there are real password hashes, row counts, last ids and PREPARE over MAPI


def kernel_available(folder: Path = KERNEL) -> bool:
    """Whether this installation contains the kernel's libraries."""
    return all(list(folder.glob(f"{name}-*.so*")) for name in LOAD_ORDER)


class Kernel:
    """The loaded libraries; a process can open one database at most."""

    def __init__(self, folder: Path = KERNEL) -> None:
        libraries = _load(folder)
        self._bat, self._monetdb5 = libraries["libbat"], libraries["libmonetdb5"]

    def boot(self, database: Path, port: int, vault_key: Path, password: str) -> int:
        """Open `database`, creating it if it is missing, and listen on loopback.

        `password` becomes the administrator's when the database is created.

        Returns:
            The port that the kernel listens on.

        Raises:
            PrivateServerError: one of the steps failed. The kernel may also end the process.
        """
        path = os.fsencode(database)
        options = self._options(
            {
                b"gdk_dbpath": path,
                b"mapi_port": str(port).encode(),
                b"monet_vault_key": os.fsencode(vault_key),
                b"gdk_dbtrace": b"/dev/null",  # else db/mdbtrace.log grows without bound
            }
        )
        self._open_farm(path, options)
        self._register(vault_key)
        self._call("AUTHinitTables", [c.c_char_p], password.encode())
        self._call("malEmbeddedBoot", [c.c_int] * 5, 0, 0, 0, EMBEDDED, 1)
        self._call("msab_registerStarted", [])
        return int(self._setting(b"mapi_port"))

    def shutdown(self) -> None:
        """Close the database. This hangs if a session hangs, so set a time limit."""
        _function(self._monetdb5, "malEmbeddedReset", None)()

    def _options(self, settings: dict[bytes, bytes]) -> tuple[Any, int]:
        options = c.c_void_p()
        pointer = c.POINTER(c.c_void_p)
        count = _function(self._bat, "mo_builtin_settings", c.c_int, pointer)(c.byref(options))
        add = _function(
            self._bat, "mo_add_option", c.c_int, pointer, c.c_int, c.c_int, c.c_char_p, c.c_char_p
        )
        for name, value in settings.items():
            count = add(c.byref(options), count, COMMAND_LINE_OPTION, name, value)
        return options, count

    def _open_farm(self, path: bytes, options: tuple[Any, int]) -> None:
        create = _function(self._bat, "GDKcreatedir", c.c_int, c.c_char_p)
        _check(create(path + b"/"), "make the database's folder")
        add = _function(self._bat, "BBPaddfarm", c.c_int, c.c_char_p, c.c_uint32, c.c_bool)
        for role in (PERSISTENT, TRANSIENT):
            _check(add(path, role, True), "use the database's folder")
        init = _function(self._bat, "GDKinit", c.c_int, c.c_void_p, c.c_int, c.c_bool)
        _check(init(*options, False), "open the database")

    def _register(self, vault_key: Path) -> None:
        init = _function(self._monetdb5, "msab_dbpathinit", None, c.c_char_p)
        init(self._setting(b"gdk_dbpath"))
        self._call("msab_wildRetreat", [])
        self._call("msab_registerStarting", [])
        self._call("AUTHunlockVault", [c.c_char_p], vault_key.read_bytes())

    def _setting(self, name: bytes) -> bytes:
        value = _function(self._bat, "GDKgetenv", c.c_char_p, c.c_char_p)(name)
        return bytes(value or b"")

    def _call(self, name: str, types: list[Any], *arguments: Any) -> None:
        error = _function(self._monetdb5, name, c.c_char_p, *types)(*arguments)
        if error:
            raise PrivateServerError(f"{name}: {error.decode(errors='replace').strip()}")


def _load(folder: Path) -> dict[str, c.CDLL]:
    """Load the libraries in order: RTLD_GLOBAL lets each one find the symbols of those before."""
    loaded = {}
    for name in LOAD_ORDER:
        (path,) = folder.glob(f"{name}-*.so*")
        loaded[name] = c.CDLL(str(path), mode=c.RTLD_GLOBAL)
    return loaded


def _function(library: c.CDLL, name: str, result: Any, *arguments: Any) -> Any:
    pointer = getattr(library, name)
    pointer.restype, pointer.argtypes = result, arguments
    return pointer


def _check(status: int, what: str) -> None:
    if status != GDK_SUCCEED:
        raise PrivateServerError(f"The kernel could not {what}.")
