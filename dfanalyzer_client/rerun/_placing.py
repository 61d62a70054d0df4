"""Put the program and its inputs into a fresh folder, and check each by its SHA-256."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ..errors import RerunError
from ..support.digest import file_digest
from ._recipe import Input, Recipe, inside

__all__ = ["place_inputs", "place_program"]


def place_program(recipe: Recipe, crate: Path, work: Path) -> Path:
    """Copy the program as it was laid out, and return the folder that it is started in.

    Raises:
        RerunError: a file of the crate is not the recorded one.
    """
    folder = inside(work, recipe.source_folder)
    for source in recipe.sources:
        original = inside(crate, source.path)
        problem = _problem(original, source.sha256)
        if problem:
            raise RerunError(f"{source.path} of the crate {problem}.")
        target = inside(folder, source.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(original, target)
    started_in = inside(work, recipe.working_directory)
    started_in.mkdir(parents=True, exist_ok=True)
    return started_in


def place_inputs(recipe: Recipe, work: Path, started_in: Path, data: Path | None) -> int:
    """Link what is in the folder `data`, and every recorded input; return how many were checked.

    Raises:
        RerunError: an input is missing, or is not the recorded one; all of them are named.
    """
    if data is not None:
        _link_all(data, started_in)
    problems = [problem for each in recipe.inputs for problem in _placed(each, work, data)]
    if problems:
        raise RerunError(
            "What the run reads is not here as it was recorded: "
            f"{'; '.join(problems)}. Name a folder that has it with --data."
        )
    return len(recipe.inputs)


def _link_all(data: Path, started_in: Path) -> None:
    if not data.is_dir():
        raise RerunError(f"--data names a folder with what the run reads. Received: {data}.")
    for entry in data.resolve().iterdir():
        target = started_in / entry.name
        if not target.exists():
            target.symlink_to(entry)


def _placed(wanted: Input, work: Path, data: Path | None) -> Iterator[str]:
    """Link an input to where the program expects it; what is wrong with it, if anything."""
    if wanted.below is None:
        target, candidates = Path(wanted.path), []
    else:
        target = work / _checked(wanted.below)
        candidates = [Path(wanted.path)]
        if data is not None:
            candidates = [data / Path(wanted.path).name, *candidates]
    found = [each for each in candidates if each.exists() and not _problem(each, wanted.sha256)]
    if not target.exists() and found:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(found[0].resolve())
    problem = _problem(target, wanted.sha256)
    if problem:
        yield f"{wanted.path} {problem}"


def _checked(relative: str) -> str:
    """A path that stays below; what it links to may be elsewhere, as `--data` is."""
    path = PurePosixPath(relative)
    if path.is_absolute() or ".." in path.parts:
        raise RerunError(f"The crate names {relative!r}, which is outside of its folder.")
    return relative


def _problem(path: Path, sha256: str | None) -> str:
    """What is wrong with a file; empty if it is the one with this SHA-256."""
    try:
        found = file_digest(path)[1]
    except FileNotFoundError:
        return "is missing" if sha256 is None else f"(SHA-256 {sha256}) is missing"
    except OSError as error:
        return f"cannot be read ({type(error).__name__})"
    if sha256 is not None and found != sha256.lower():
        return f"has the SHA-256 {found}, and {sha256} was recorded"
    return ""
