"""Run an execution again from its crate, and compare what comes of it with what was recorded.

The program runs in a fresh folder, with the recorded arguments and the variables that change what
is computed, captured into a private store of its own. Recorded inputs are checked by their hashes
first. Metrics, hyperparameters, fingerprints of data and the weights of models are compared, bit
for bit or within a tolerance.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..errors import RerunError
from ._comparing import compare_with_crate, stop_store
from ._findings import Difference, Part, State, Verdict
from ._integrity import altered_files
from ._placing import place_inputs, place_program
from ._python import differing_versions, environment_with, python_version
from ._recipe import Recipe, opened_crate, read_recipe
from ._running import command_of, run_program

__all__ = [
    "Difference",
    "Part",
    "Recipe",
    "RerunError",
    "RerunOptions",
    "State",
    "Verdict",
    "opened_crate",
    "read_recipe",
    "rerun",
]

REQUIREMENTS = "requirements.txt"


@dataclass(frozen=True)
class RerunOptions:
    """How an execution is run again.

    Attributes:
        here: whether the packages of this interpreter are used, whatever was recorded.
        python: the interpreter that makes the environment; None is this one.
        venv: the environment's folder, which stays; None is a temporary one.
        data: a folder with what the program reads from its working directory.
        tolerance: how far apart numbers may be, relative to the larger one; 0: bit for bit.
        seconds: how long the program may run; None: as long as it takes.
        install_minutes: how long pip may take.
    """

    here: bool = False
    python: str | None = None
    venv: Path | None = None
    data: Path | None = None
    tolerance: float = 0.0
    seconds: float | None = None
    install_minutes: float = 60.0


def rerun(crate: Path, options: RerunOptions | None = None) -> Verdict:
    """Run the execution of a crate again, and compare the two. It runs code of the crate.

    Args:
        crate: a folder, or a zip file.
        options: how.

    Raises:
        RerunError: it cannot be run, or nothing of it can be compared.
    """
    with opened_crate(crate) as folder:
        recipe = read_recipe(folder)
        if recipe.obstacles:
            raise RerunError(f"It cannot be run again. {' '.join(recipe.obstacles)}")
        return _rerun(folder, recipe, options or RerunOptions())


def _rerun(crate: Path, recipe: Recipe, options: RerunOptions) -> Verdict:
    with _scratch_folder() as scratch:
        work, home = scratch / "work", scratch / "store"
        work.mkdir()
        started_in = place_program(recipe, crate, work)
        checked = place_inputs(recipe, work, started_in, options.data)
        python, notes = _interpreter(crate, recipe, options, scratch)
        altered = list(altered_files(crate))
        if altered:
            notes.append(f"Not as the crate's metadata describe them: {', '.join(altered)}.")
        if checked:
            notes.append(f"{checked} recorded input{'s' * (checked != 1)} checked by SHA-256.")
        command = command_of(recipe, python, work, started_in)
        try:
            run_program(recipe, command, started_in, home, options.seconds)
            verdict = compare_with_crate(recipe, crate, home, options.tolerance, tuple(notes))
        finally:
            stop_store(home)
    if verdict.state is State.UNKNOWN:
        raise RerunError("It ran, but nothing of it can be compared with what was recorded.")
    return verdict


def _interpreter(
    crate: Path, recipe: Recipe, options: RerunOptions, scratch: Path
) -> tuple[Path, list[str]]:
    """The interpreter that runs the program, and what differs in its environment."""
    made_by = options.python or sys.executable
    recorded, version = recipe.python.get("version", ""), python_version(made_by)
    notes = []
    if version != recorded:
        notes.append(
            f"Python {recorded or 'of an unknown version'} was recorded; this is {version}."
        )
    if options.here:
        others = list(differing_versions(recipe))
        count = len(recipe.packages)
        text = f"{len(others)} of {count} packages differ here: {', '.join(others)}."
        notes.append(text if others else f"All {count} packages have the recorded versions.")
        return Path(sys.executable), notes
    folder = options.venv or scratch / "venv"
    requirements = crate / REQUIREMENTS
    python, has_hashes = environment_with(requirements, folder, made_by, options.install_minutes)
    how = "and checked by their hashes" if has_hashes else "without hashes"
    notes.append(f"Packages were installed in their recorded versions, {how}.")
    return python, notes


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="keras-prov-rerun-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
