"""Run the program of a crate: in a fresh folder, without a shell, captured into its own store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import RerunError
from ..masking import is_secret_name
from ._recipe import Recipe, inside

__all__ = ["command_of", "run_program"]

DETERMINING = (
    "CUBLAS_WORKSPACE_CONFIG",
    "JAX_ENABLE_X64",
    "JAX_PLATFORMS",
    "KERAS_BACKEND",
    "MKL_NUM_THREADS",
    "NVIDIA_TF32_OVERRIDE",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "PYTHONHASHSEED",
    "XLA_FLAGS",
)
"""Recorded variables that change what is computed. Others name devices, jobs and folders."""

PREFIX = "TF_"
NOT_PASSED_ON = ("KERAS_PROV_", "DFANALYZER_", "PYTHON", "VIRTUAL_ENV", "TF_CONFIG")
LINES = 3
"""Of what a failed program has printed last."""


def command_of(recipe: Recipe, python: Path, work: Path, started_in: Path) -> list[str]:
    """The command line, as words."""
    script = inside(inside(work, recipe.source_folder), recipe.script)
    target = ["-m", recipe.module] if recipe.module else [os.path.relpath(script, started_in)]
    words = [str(python), *recipe.options]
    if recipe.run_options is not None:
        options = _without_store(recipe.run_options)
        words += ["-m", "dfanalyzer_client.cli", "run", *options]
        target = [recipe.module] if recipe.module else target
    return [*words, *target, *recipe.arguments]


def run_program(
    recipe: Recipe, command: Sequence[str], started_in: Path, home: Path, seconds: float | None
) -> None:
    """Run it to its end.

    Raises:
        RerunError: it failed, or took too long.
    """
    output = home.parent / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603  # the user has agreed; there is no shell
            command,
            cwd=started_in,
            env=_environment(recipe, home, is_here=command[0] == sys.executable),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise RerunError(f"The program did not end within {seconds:g} s (--timeout).") from None
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    if code:
        text = output.read_text(encoding="utf-8", errors="replace")
        last = [line for line in map(str.strip, text.splitlines()) if _says_something(line)]
        raise RerunError(f"The program failed with exit code {code}: {' | '.join(last[-LINES:])}")


def _says_something(line: str) -> bool:
    """Whether a line is neither empty, nor marks of a traceback, nor of our own."""
    return bool(line.strip("^~ ")) and not line.startswith("keras-prov:")


def _environment(recipe: Recipe, home: Path, *, is_here: bool) -> dict[str, str]:
    """Our variables without secrets and settings of ours, and the recorded ones that matter."""
    path = {name: os.environ[name] for name in ("PYTHONPATH",) if is_here and name in os.environ}
    found = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(NOT_PASSED_ON) and not is_secret_name(name)
    }
    for name in [each for each in found if _determines(each)]:
        del found[name]
    found |= {name: value for name, value in recipe.variables.items() if _determines(name)}
    if recipe.backend:
        found["KERAS_BACKEND"] = recipe.backend
    return found | path | {"KERAS_PROV_HOME": str(home)}


def _determines(name: str) -> bool:
    return name in DETERMINING or (name.startswith(PREFIX) and name != "TF_CONFIG")


def _without_store(options: Sequence[str]) -> list[str]:
    """Options of `keras-prov run` without the store: ours is a private one."""
    kept: list[str] = []
    skipping = False
    for word in options:
        if skipping:
            skipping = False
        elif word == "--store":
            skipping = True
        elif not word.startswith("--store="):
            kept.append(word)
    return kept
