"""Loads TensorFlow once, and forks a program for each connection; see `warm`."""

from __future__ import annotations

import contextlib
import json
import os
import random
import runpy
import select
import signal
import socket
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow  # noqa: F401 (this is what takes long)

REQUEST_BYTES = 1 << 20
PATH = sys.path[1:]  # without this script's folder


def main() -> None:
    """Listen until standard input is closed."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(sys.argv[1])
    listener.listen()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how supervisors end
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            return
        connection, _ = listener.accept()
        if not os.fork():
            listener.close()
            _become(_supervise(connection))
            return
        connection.close()


def _supervise(connection: socket.socket) -> dict[str, Any]:
    """Fork the program, and tell the client how it ends; returns in the program alone.

    Returns:
        What to run.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    text, streams, _, _ = socket.recv_fds(connection, REQUEST_BYTES, 3)
    program = os.fork()
    if not program:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        request: dict[str, Any] = json.loads(text)
        return request
    for stream in streams:
        os.close(stream)
    handle = os.pidfd_open(program)
    while True:
        ready, _, _ = select.select([handle, connection], [], [])
        if handle in ready:
            _, status = os.waitpid(program, 0)
            with contextlib.suppress(OSError):
                connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        number = connection.recv(16)
        os.kill(program, int(number) if number else signal.SIGKILL)  # nothing: the client is gone


def _become(request: dict[str, Any]) -> None:
    """Run a program as a fresh interpreter would."""
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    random.seed()
    np.random.seed()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.orig_argv = [sys.executable, *request["arguments"]]
    kind, *arguments = request["arguments"]
    path = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    try:
        if kind == "-m":
            sys.argv, sys.path[:] = arguments, [request["folder"], *path, *PATH]
            runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
        elif kind == "-c":
            sys.argv, sys.path[:] = ["-c", *arguments[1:]], ["", *path, *PATH]
            _run(arguments[0], "<string>", {})
        else:
            script = Path(kind).absolute()
            sys.argv, sys.path[:] = [kind, *arguments], [str(script.resolve().parent), *path, *PATH]
            _run(script.read_text("utf-8"), str(script), {"__file__": str(script)})
    except Exception as error:
        trace = error.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
            trace = trace.tb_next
        sys.last_value = error  # as an interpreter does
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.exit(1)


def _run(code: str, name: str, names: dict[str, Any]) -> None:
    module = types.ModuleType("__main__")
    module.__dict__.update(names)
    sys.modules["__main__"] = module
    exec(compile(code, name, "exec"), module.__dict__)  # noqa: S102 (what tests are made of)


if __name__ == "__main__":
    main()
