"""Programs that need TensorFlow, run in forks of one process that has loaded it.

Importing TensorFlow takes seconds; a fork takes milliseconds. `warm_python()` begins a command that
`subprocess` starts, in place of `sys.executable`::

    subprocess.run([*warm_python(), "-c", "import keras_prov", *arguments], check=True)

The program has its own standard streams, environment, folder and arguments, it is named
``__main__``, and its interpreter ends as any other does. A signal to the command reaches the
program, and a killed command takes it along. What is about how Keras or TensorFlow are imported, or
about interpreters themselves, needs a fresh one: `sys.executable`.
"""

from __future__ import annotations

import atexit
import functools
import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["warm_python"]

HERE = Path(__file__).parent


@functools.cache
def warm_python() -> tuple[str, ...]:
    """The beginning of a command; starts the process that is forked, once for each worker."""
    folder = tempfile.TemporaryDirectory(prefix="warm-")
    address = Path(folder.name, "socket")
    server = subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), str(address)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder.name,
    )
    atexit.register(_end, server, folder)
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"
    return sys.executable, "-IS", str(HERE / "client.py"), str(address)


def _end(server: subprocess.Popen[bytes], folder: tempfile.TemporaryDirectory[str]) -> None:
    server.communicate()  # closes its input, upon which it ends
    folder.cleanup()
