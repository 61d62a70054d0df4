"""A program that is a fork looks like one of a fresh interpreter, to those who start it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from warm import warm_python

PROGRAM = """
import atexit, os, sys, threading
atexit.register(print, "the end")
def outlive():
    threading.main_thread().join()
    print("a thread")
threading.Thread(target=outlive).start()
print(sys.argv, __name__, sys.stdin.read(), os.environ["GIVEN"], os.getcwd())
print(sys.path[0], file=sys.stderr)
def fail():
    raise ValueError("no")
fail()
"""


@pytest.mark.parametrize("as_file", [False, True])
def test_streams_arguments_environment_and_errors_are_the_programs(
    tmp_path: Path, as_file: bool
) -> None:
    """All that is printed, its traceback and its exit code are those of a fresh interpreter."""
    (tmp_path / "program.py").write_text(PROGRAM)
    program = ["program.py"] if as_file else ["-c", PROGRAM]
    fresh, forked = (
        subprocess.run(
            [*python, *program, "an argument"],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            env={"GIVEN": "a variable"},
            input="some input",
            text=True,
        )
        for python in ([sys.executable], warm_python())
    )
    assert fresh.returncode == forked.returncode == 1
    assert forked.stdout == fresh.stdout
    assert forked.stderr == fresh.stderr


@pytest.mark.parametrize("code", ["sys.exit(7)", "sys.exit('no')", "os.kill(os.getpid(), 9)", ""])
def test_a_program_ends_as_it_would(code: str) -> None:
    """By its exit code, or by the signal that ended it."""
    script = f"import os, sys\n{code}"
    fresh, forked = (
        subprocess.run([*python, "-c", script], capture_output=True, check=False).returncode
        for python in ([sys.executable], warm_python())
    )
    assert forked == fresh


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_reaches_the_program(number: signal.Signals) -> None:
    """Also one that cannot be passed on: the program ends, and closes its output."""
    script = "import time; print('ready', flush=True); time.sleep(600)"
    process = subprocess.Popen([*warm_python(), "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    assert process.wait(60) == -number
    assert process.stdout.read() == ""
