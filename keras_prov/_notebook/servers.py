"""Ask the Jupyter server on this machine which notebook a kernel belongs to.

Servers before 2022 do not tell their kernels. Only servers that run on this machine are asked, and
Colab's, which is beside its kernel; whatever goes wrong, the notebook is not known.
"""

from __future__ import annotations

import json
import os
import re
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

__all__ = ["notebook_of_servers"]

SECONDS = 0.5
"""That a server may take to answer."""

MAX_SERVERS = 3
MAX_BYTES = 1_000_000

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def notebook_of_servers() -> str | None:
    """The notebook of this process' kernel, as a server tells; None if none does."""
    connection = _connection_file()
    if connection is None:
        return None
    kernel = connection.stem.removeprefix("kernel-")
    for url, token, root in [*_of_colab(), *list(_running(connection.parent))[:MAX_SERVERS]]:
        try:
            sessions = _sessions(url, token)
        except (OSError, ValueError):  # it has ended, or is something else
            continue
        if found := _notebook_of(sessions, kernel):
            return str(Path(root, found)) if root else found
    return None


def _connection_file() -> Path | None:
    """The file that this kernel was started with: ``ipykernel_launcher -f kernel-….json``."""
    for argument in sys.orig_argv:
        name = argument.partition("=")[2] or argument
        if re.fullmatch(r"kernel-.+\.json", Path(name).name):
            return Path(name)
    return None


def _of_colab() -> Iterator[tuple[str, str, str]]:
    address = os.environ.get("COLAB_JUPYTER_IP")
    if "google.colab" in sys.modules and address:
        yield f"http://{address}:{os.environ.get('KMP_TARGET_PORT', '9000')}/", "", ""


def _running(folder: Path) -> Iterator[tuple[str, str, str]]:
    """URL, token and root folder of the servers that run on this machine, the newest first."""
    files = [*folder.glob("jpserver-*.json"), *folder.glob("nbserver-*.json")]
    for file in sorted(files, key=_changed, reverse=True):
        try:
            server = json.loads(file.read_text("utf-8"))
            os.kill(int(server["pid"]), 0)
            url = str(server["url"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if urlsplit(url).hostname in LOCAL:
            root = str(server.get("root_dir") or server.get("notebook_dir") or "")
            yield url, str(server.get("token") or ""), root


def _changed(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _sessions(url: str, token: str) -> Any:
    """What a server says of its sessions; no proxy is used."""
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(f"{url.rstrip('/')}/api/sessions", headers=headers)  # noqa: S310  # a Jupyter server's own URL
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=SECONDS) as answer:
        return json.loads(answer.read(MAX_BYTES))


def _notebook_of(sessions: Any, kernel: str) -> str | None:
    """The notebook of a kernel: Colab gives its name, and as its path only an id."""
    for session in sessions if isinstance(sessions, list) else ():
        if not isinstance(session, Mapping) or _kernel_of(session) != kernel:
            continue
        notebook = session.get("notebook")
        path = session.get("path") or (
            notebook.get("path") if isinstance(notebook, Mapping) else None
        )
        name = session.get("name")
        named = name if "google.colab" in sys.modules else path or name
        return named if isinstance(named, str) and named else None
    return None


def _kernel_of(session: Mapping[str, Any]) -> Any:
    kernel = session.get("kernel")
    return kernel.get("id") if isinstance(kernel, Mapping) else None
