"""Read `rerun.json` of a crate: what is needed to run its execution again.

A crate is somebody else's. So every path in it is checked before anything is read or written.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import RerunError

__all__ = ["Input", "Model", "Recipe", "Source", "inside", "opened_crate", "read_recipe"]

RECIPE = "rerun.json"
FORMAT = 1


@dataclass(frozen=True)
class Source:
    """A file of the program: its path below the program's folder, and in the crate."""

    name: str
    path: str
    sha256: str


@dataclass(frozen=True)
class Input:
    """A file that was read. `below` is its path where the program ran; None: it was elsewhere."""

    name: str
    path: str
    below: str | None
    sha256: str | None


@dataclass(frozen=True)
class Model:
    """A file that a task wrote; `path` is where the crate has it, if it does."""

    task: str
    name: str
    path: str | None
    sha256: str

    @property
    def label(self) -> str:
        """Its name, and the task that wrote it."""
        return f"{self.name} of {self.task}"


@dataclass(frozen=True)
class Recipe:
    """What a re-execution needs; see `dfanalyzer_client.export.crate` for where it comes from."""

    execution: str
    dataflow: str
    obstacles: tuple[str, ...]
    python: Mapping[str, str]
    backend: str | None
    options: tuple[str, ...]
    run_options: tuple[str, ...] | None
    module: str
    script: str
    arguments: tuple[str, ...]
    source_folder: str
    working_directory: str
    variables: Mapping[str, str]
    packages: Mapping[str, str]
    sources: tuple[Source, ...]
    inputs: tuple[Input, ...]
    models: tuple[Model, ...]


@contextmanager
def opened_crate(path: Path) -> Iterator[Path]:
    """The folder of a crate; that of a zip file is a temporary one.

    Raises:
        RerunError: there is no crate.
    """
    if path.is_dir():
        yield path
        return
    if not zipfile.is_zipfile(path):
        problem = "is no crate: neither a folder nor a zip file" if path.exists() else "is missing"
        raise RerunError(f"{path} {problem}. `keras-prov export --format ro-crate` writes one.")
    folder = Path(tempfile.mkdtemp(prefix="keras-prov-crate-"))
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)  # which drops `..` and the root from names
        yield folder
    except (OSError, zipfile.BadZipFile) as error:
        raise RerunError(f"{path} cannot be read: {error}.") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def read_recipe(crate: Path) -> Recipe:
    """The recipe of a crate.

    Raises:
        RerunError: it has none, or it is not as it should be.
    """
    try:
        content = json.loads((crate / RECIPE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RerunError(
            f"The crate has no {RECIPE}: the environment was not captured (key ENVIRONMENT), or an "
            "earlier version of Keras-Prov wrote it. Export the execution again."
        ) from None
    except (OSError, ValueError) as error:
        raise RerunError(f"{RECIPE} of the crate cannot be read: {error}.") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise RerunError(f"{RECIPE} must have the format {FORMAT}. Received: {found!r}.")
    try:
        return _recipe(content)
    except (AttributeError, KeyError, TypeError) as error:
        raise RerunError(f"{RECIPE} of the crate is damaged: {error!r}.") from None


def inside(root: Path, relative: str) -> Path:
    """A path below `root`; raises RerunError for one that leads out of it."""
    path = Path(os.path.normpath(root / relative))
    base = Path(os.path.normpath(root))
    if not (path == base or path.is_relative_to(base)) or not path.resolve().is_relative_to(
        base.resolve()
    ):
        raise RerunError(f"The crate names {relative!r}, which is outside of its folder.")
    return path


def _recipe(content: dict[str, Any]) -> Recipe:
    run_options = content["run_options"]
    missing = [each["name"] for each in content["sources"] if each["path"] is None]
    return Recipe(
        execution=str(content["execution"]),
        dataflow=str(content["dataflow"]),
        obstacles=_texts(content["obstacles"]),
        python=_named(content["python"]),
        backend=content["keras"].get("backend"),
        options=_texts(content["options"]),
        run_options=None if run_options is None else _texts(run_options),
        module=str(content["module"]),
        script=str(content["script"]),
        arguments=_texts(content["arguments"]),
        source_folder=str(content["source_folder"]),
        working_directory=str(content["working_directory"]),
        variables=_named(content["variables"]),
        packages=_named(content["packages"]),
        sources=tuple(
            Source(str(each["name"]), str(each["path"]), str(each["sha256"]))
            for each in content["sources"]
            if each["name"] not in missing
        ),
        inputs=tuple(
            Input(str(each["name"]), str(each["path"]), each["below"], each["sha256"])
            for each in content["inputs"]
        ),
        models=tuple(
            Model(str(each["task"]), str(each["name"]), each["path"], str(each["sha256"]))
            for each in content["models"]
        ),
    )


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(map(str, values))


def _named(values: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}
