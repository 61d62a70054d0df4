"""Trainings in separate processes, measured from start to end, or killed, and read back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dfanalyzer_client.private_server import PrivateServer

from .arm import Found, Records
from .configurations import Configuration
from .one_training import as_arguments

__all__ = ["Run", "fresh_run", "killed_run", "read_back", "read_records", "server_cpu"]

Run = dict[str, Any]
"""What a training cost, as `one_training` prints it, and seconds measured from outside."""

ROOT = Path(__file__).resolve().parents[1]


def fresh_run(
    arm: str,
    configuration: Configuration,
    folder: Path,
    home: Path,
    *,
    profile: bool = False,
    save: bool = False,
) -> Run:
    """One training in a fresh process; the tool's output is in a folder of `home`.

    To what the training prints are added, in seconds: `whole`, the process; `start`, until the end
    of the first epoch, which compiles; `epoch`, the mean of the others; `end`, after the last
    epoch; `server`, the private server's CPU time meanwhile, or None if unknown; and `output`, the
    folder.

    Raises:
        RuntimeError: it failed; the message ends with the last line that it printed.
    """
    output = Path(tempfile.mkdtemp(prefix=f"{arm}-", dir=home))
    options = ["--profile"] * profile + ["--save"] * save
    server_before = server_cpu(home)
    began = time.perf_counter()
    printed = _last_line(_command(arm, configuration, folder, output) + options, home)
    ended = time.perf_counter()
    server_after = server_cpu(home)
    run: Run = json.loads(printed)
    first, *others = run["epochs"]
    last = others[-1] if others else first
    return {
        **run,
        "whole": ended - began,
        "start": first["ended"] - began,
        "epoch": (last["ended"] - first["ended"]) / len(others) if others else 0.0,
        "end": ended - last["ended"],
        "server": None
        if server_before is None or server_after is None
        else server_after - server_before,
        "output": str(output),
    }


def killed_run(
    arm: str, configuration: Configuration, folder: Path, home: Path, epoch: int
) -> tuple[Path, int]:
    """Kill a training (SIGKILL) in the middle of an epoch; its folder, and how many had ended.

    Raises:
        RuntimeError: the training ended before that.
    """
    output = Path(tempfile.mkdtemp(prefix=f"{arm}-killed-", dir=home))
    process = subprocess.Popen(
        [*_command(arm, configuration, folder, output), "--tell"],
        env=_environment(home),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101  # for the type checker
    ended = 0
    for line in process.stdout:
        word, _, number = line.strip().partition(" ")
        if word == "begun":
            ended = int(number)
        if (word, number) == ("middle", str(epoch)):
            os.killpg(process.pid, signal.SIGKILL)
    if process.wait() != -signal.SIGKILL:
        raise RuntimeError(f"The training of arm {arm!r} ended before it was killed.")
    return output, ended


def read_back(arm: str, output: Path) -> Found:
    """The tool's records of its last training, read in a fresh process.

    Raises:
        RuntimeError: it failed; the message ends with the last line that it printed.
    """
    return Found(**_read(arm, output))


def read_records(arm: str, output: Path) -> Records:
    """What else the tool recorded of its last training, read in a fresh process.

    Raises:
        RuntimeError: it failed; the message ends with the last line that it printed.
    """
    return Records(**_read(arm, output, "--records"))


def _read(arm: str, output: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.peer_arms", arm, str(output), *options]
    found: dict[str, Any] = json.loads(_last_line(command, output.parent))
    return found


def server_cpu(home: Path) -> float | None:
    """CPU seconds of the private server until now (proc(5)); None if there is none."""
    pid = PrivateServer(home).status().pid
    try:
        _, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:  # no server, or no Linux
        return None
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _last_line(command: list[str], home: Path) -> str:
    """The last line that a command printed."""
    done = subprocess.run(
        command, env=_environment(home), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        *_, last = done.stderr.splitlines() or [f"exit status {done.returncode}"]
        raise RuntimeError(f"`{' '.join(command[1:4])}` failed: {last}")
    return done.stdout.splitlines()[-1]


def _command(arm: str, configuration: Configuration, folder: Path, output: Path) -> list[str]:
    arguments = as_arguments(arm, configuration, folder, output)
    return [sys.executable, "-m", "benchmarks.one_training", *arguments]


def _environment(home: Path) -> dict[str, str]:
    """Environment variables; compiled files are kept, as after the installation of a wheel."""
    more = {"PYTHONDONTWRITEBYTECODE": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return {**os.environ, **more, "KERAS_PROV_HOME": str(home)}
