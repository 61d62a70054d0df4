"""Stands for a program that `server` forks: its streams, its signals and its exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys


def main() -> None:
    """Ask for the program, pass signals on to it, and end as it ends."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(sys.argv[1])
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, lambda number, _: connection.sendall(str(number).encode()))
    request = {
        "arguments": sys.argv[2:],
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109 (pathlib takes time to import)
    }
    socket.send_fds(connection, [json.dumps(request).encode()], [0, 1, 2])
    code = int(connection.recv(16) or 1)
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main()
