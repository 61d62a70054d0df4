"""Write `keras_prov-stubs/`, from which editors and type checkers know the drop-in.

``keras_prov`` gets Keras' names when it is imported, which no static tool can follow. A stub-only
package (PEP 561, https://peps.python.org/pep-0561/#stub-only-packages) lists them, with one stub
for every public module of Keras, which re-exports Keras' names (PEP 484's ``import X as X``).
They are read from the source of the installed Keras, which is not imported and needs no backend.

Run after Keras' minor version or our own public names have changed::

    python tools/generate_stubs.py
"""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

LINE_LENGTH = 100  # as in pyproject.toml, so that the stubs are formatted too
STUBS = Path(__file__).resolve().parent.parent / "keras_prov-stubs"

# Ours, with the types that a user's checker should see; a test compares them with the code.
OUR_STUBS = """\
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from dfanalyzer_client import Dataflow, Transformation
from dfanalyzer_client.analysis.named import Named
from dfanalyzer_client.analysis.comparison import Comparison
from dfanalyzer_client.analysis.curve_table import Curves
from dfanalyzer_client.analysis.difference import Difference
from dfanalyzer_client.analysis.epoch import Epoch
from dfanalyzer_client.analysis.one_run import Run
from dfanalyzer_client.analysis.run_list import Runs
from dfanalyzer_client.analysis.table import Table
from dfanalyzer_client.annotations import HasExecution
from dfanalyzer_client.config.author import Author
from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.lineage import FileOrigin
from dfanalyzer_client.viewer.notebook import Frame
from keras import Model as _KerasModel
from keras import Sequential as _KerasSequential
from keras.callbacks import Callback
from prov.model import ProvDocument

class _Captured:
    dataflow_tag: str
    exec_tag: str
    def provenance(
        self,
        dataflow_tag: str,
        adaptation: bool | None = None,
        hyps: Mapping[Any, bool | float] | Iterable[Any] | str | None = None,
        hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        transformations: Mapping[str, Transformation] | Sequence[Transformation] = (),
        *,
        values: Mapping[str, Any] | None = None,
        store: str | StoreURL | None = None,
        progress: bool | None = None,
        steering: bool | Collection[str] | None = None,
    ) -> None: ...
    def get_dataflow(self) -> Dataflow: ...

class Model(_Captured, _KerasModel):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self: ...
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class Sequential(_KerasSequential, Model):
    def __init__(
        self, layers: Any = None, trainable: bool = True, name: str | None = None
    ) -> None: ...

class Capture:
    def stop(self) -> None: ...
    def __enter__(self) -> Capture: ...
    def __exit__(self, *_: object) -> None: ...

def capture(
    hyps: Mapping[Any, bool | float] | Iterable[Any] | str | None = None,
    dataflow_tag: str | None = None,
    *,
    adaptation: bool | None = None,
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    values: Mapping[str, Any] | None = None,
    store: str | StoreURL | None = None,
    progress: bool | None = None,
    steering: bool | Collection[str] | None = None,
) -> Capture: ...

class Key:
    @property
    def key(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def meaning(self) -> str: ...
    @property
    def unit(self) -> str: ...
    @property
    def set(self) -> str: ...
    @property
    def cost(self) -> str: ...

class Continuation:
    @property
    def execution(self) -> str: ...
    @property
    def epoch(self) -> int: ...
    @property
    def source(self) -> str | None: ...
    @property
    def taken(self) -> tuple[str, ...]: ...
    @property
    def left_out(self) -> Mapping[str, str]: ...
    @property
    def new(self) -> tuple[str, ...]: ...

class TrainingRun:
    @property
    def exec_tag(self) -> str | None: ...
    def epoch(
        self,
        logs: Mapping[str, Any] | None = None,
        /,
        *,
        optimizer_variables: Any = None,
        **metrics: Any,
    ) -> None: ...
    def batch(self, logs: Mapping[str, Any] | None = None, /, **metrics: Any) -> None: ...
    def __enter__(self) -> TrainingRun: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

class Trial:
    def end(self, state: str, values: Mapping[str, float | None] | None = None) -> None: ...
    def report(self, values: Mapping[str, float | None]) -> None: ...
    @property
    def study(self) -> str: ...
    @property
    def number(self) -> str: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...
    @property
    def framework(self) -> str: ...

def compare(
    *runs: Runs | Named | Sequence[Named],
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Comparison: ...
def continue_from(
    run: Named | Model,
    model: Model,
    *,
    weights: bool = False,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Continuation: ...
def curves(
    runs: Runs | Named | Sequence[Named],
    metrics: str | Sequence[str] | None = None,
    *,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Curves: ...
def diff(
    a: Named,
    b: Named,
    *,
    same: bool = False,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Difference: ...
def flush(timeout: float | None = 5.0) -> bool: ...
def follow(
    run: Named = "last",
    *,
    interval: float = 1.0,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Iterator[Epoch]: ...
def instrument() -> None: ...
def known_hyperparameters() -> list[Key]: ...
def log(values: Mapping[str, Any]) -> None: ...
def note(
    run: str | int | HasExecution,
    text: str | None,
    *,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> None: ...
def origin(
    path: str | os.PathLike[str],
    *,
    depth: int = 2,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> FileOrigin: ...
def prov_document(
    execution: str | int | Model,
    *,
    epochs: bool = True,
    prospective: bool = False,
    author: Author | str | None = None,
    base: str | None = None,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> ProvDocument: ...
def replay(
    run: Named = "last",
    *,
    training: int | None = None,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Callback: ...
def run(
    name: str | int = "last",
    *,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Run: ...
def runs(
    where: str = "",
    *,
    order_by: str | Sequence[str] = (),
    limit: int | None = None,
    dataflow: str | None = None,
    status: str | None = None,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Runs: ...
def sql(
    statement: str,
    parameters: Sequence[Any] | Mapping[str, Any] = (),
    *,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Table: ...
def steer(
    run: str | int | HasExecution,
    *,
    set: Mapping[str, Any] | None = None,
    stop: bool = False,
    stop_now: bool = False,
    pause: bool = False,
    resume: bool = False,
    checkpoint: bool | str | os.PathLike[str] = False,
    at_epoch: int | None = None,
    when: str | None = None,
    reason: str | None = None,
    person: str | None = None,
    wait: float | None = None,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> Table: ...
def tag(
    run: str | int | HasExecution,
    name: str,
    value: str = "",
    *,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> None: ...
def training(
    models: Any,
    optimizer: Any = None,
    *,
    dataflow_tag: str | None = None,
    hyps: Mapping[Any, bool | float] | Iterable[Any] | str | None = None,
    adaptation: bool | None = None,
    hyperparameters: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    values: Mapping[str, Any] | None = None,
    store: str | StoreURL | None = None,
    every: int | None = None,
    epochs: int | None = None,
    initial_epoch: int = 0,
    batch_size: int | None = None,
    x: Any = None,
    y: Any = None,
    validation_data: Any = None,
) -> TrainingRun: ...
def trial(
    study: str,
    number: int | str,
    parameters: Mapping[str, Any] | None = None,
    *,
    framework: str = "",
) -> AbstractContextManager[Trial]: ...
def uninstrument() -> None: ...
def untag(
    run: str | int | HasExecution,
    name: str,
    *,
    store: str | StoreURL | None = None,
    home: str | os.PathLike[str] | None = None,
) -> None: ...
def view(
    path: str = "./",
    *,
    height: int = 640,
    store: str | StoreURL | None = None,
    home: Path | None = None,
) -> Frame: ...
"""

# Keras has no type annotations. The star is for checkers that infer types (pyright), and covers the
# names of a newer Keras; the names are for checkers that treat untyped packages as Any (mypy).
CLASSES = frozenset({"Model", "Sequential"})
"""Classes that we add methods to: their stubs are in the top module, wherever they are exported."""

MAKERS = frozenset({"clone_model", "load_model", "model_from_json"})
"""Functions that return a model, besides those of `keras.applications`."""

HEADER = "# Generated by tools/generate_stubs.py from Keras {version}; do not edit.\n# ruff: noqa\n"


def keras_folder() -> Path:
    """The folder of the installed Keras."""
    spec = importlib.util.find_spec("keras")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("Keras is not installed.", name="keras")
    return Path(spec.origin).parent


def public_modules(folder: Path) -> Iterator[tuple[str, ...]]:
    """The dotted names, below ``keras``, of Keras' public modules; () is ``keras`` itself."""
    for init in sorted(folder.rglob("__init__.py")):
        parts = init.parent.relative_to(folder).parts
        if parts[:1] != ("src",) and not any(part.startswith("_") for part in parts):
            yield parts


def public_names(source: str) -> list[str]:
    """The public names that one of Keras' generated ``__init__.py`` re-exports."""
    statements = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
    names = {alias.asname or alias.name for node in statements for alias in node.names}
    return sorted(name for name in names if not name.startswith("_"))


def origins(source: str) -> dict[str, tuple[str, str]]:
    """The origin of the names in one of Keras' generated ``__init__.py``: module and name there."""
    statements = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom)]
    return {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in statements
        for alias in node.names
    }


def maker(folder: Path, module: str, name: str, as_name: str) -> str | None:
    """The stub of a function of Keras that returns a model; None for anything else."""
    path = folder.parent.joinpath(*module.split(".")).with_suffix(".py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body if path.exists() else ():
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return _declaration(as_name, _parameters(node.args))
    return None


def _declaration(name: str, parameters: list[str]) -> str:
    line = f"def {name}({', '.join(parameters)}) -> Model: ..."
    if len(line) > LINE_LENGTH:
        line = f"def {name}(\n    {', '.join(parameters)}\n) -> Model: ..."
    if max(map(len, line.splitlines())) > LINE_LENGTH:
        line = (
            f"def {name}(\n" + "".join(f"    {item},\n" for item in parameters) + ") -> Model: ..."
        )
    return line


def _parameters(given: ast.arguments) -> list[str]:
    """The parameters of a function, untyped; a default is written as ``...``."""
    plain = [*given.posonlyargs, *given.args]
    first = len(plain) - len(given.defaults)
    listed = [f"{item.arg}: Any{' = ...' * (n >= first)}" for n, item in enumerate(plain)]
    if given.vararg is not None:
        listed.append(f"*{given.vararg.arg}: Any")
    elif given.kwonlyargs:
        listed.append("*")
    for item, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        listed.append(f"{item.arg}: Any{' = ...' * (default is not None)}")
    if given.kwarg is not None:
        listed.append(f"**{given.kwarg.arg}: Any")
    return listed


def stub(folder: Path, module: tuple[str, ...], modules: set[tuple[str, ...]]) -> str:
    """The text of one stub: submodules and classes with our methods are ours, others Keras'."""
    source = folder.joinpath(*module, "__init__.py").read_text(encoding="utf-8")
    found, makers = origins(source), []
    ours, keras = (".".join([top, *module]) for top in ("keras_prov", "keras"))
    lines = []
    for name in public_names(source):
        if name in CLASSES:
            if module:
                lines.append(f"from keras_prov import {name} as {name}")
            continue
        is_module = (*module, name) in modules
        is_network = module[:1] == ("applications",) and name[0].isupper()
        if not is_module and (name in MAKERS or is_network):
            text = maker(folder, *found[name], name)
            if text is not None:
                makers.append(text)
                continue
        lines.append(_reexport(ours if is_module else keras, name))
    if makers:  # no star: it would import Keras' own functions of these names
        lines += ["from typing import Any", "from keras_prov import Model", "", *makers]
    else:
        lines.insert(0, f"from {keras} import *")
    return "\n".join(lines) + "\n"


def _reexport(source: str, name: str) -> str:
    line = f"from {source} import {name} as {name}"
    if len(line) > LINE_LENGTH:
        line = f"from {source} import (\n    {name} as {name},\n)"
    return line


def generate(folder: Path, version: str) -> dict[str, str]:
    """All files of the stub package, by their path in it."""
    modules = set(public_modules(folder))
    header = HEADER.format(version=".".join(version.split(".")[:2]))
    files = {}
    for module in sorted(modules):
        text = header + stub(folder, module, modules)
        if not module:
            text += f"from keras import __version__ as __version__\n{OUR_STUBS}"
        files["/".join([*module, "__init__.pyi"])] = text
    return files


def main() -> None:
    """Replace the stub package with one for the installed Keras."""
    files = generate(keras_folder(), importlib.metadata.version("keras"))
    shutil.rmtree(STUBS, ignore_errors=True)
    for name, text in files.items():
        path = STUBS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
