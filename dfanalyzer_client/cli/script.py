"""Run a script or a module in this process as ``python`` would run it.

As in cProfile and coverage.py, it runs as a new ``__main__`` module, so that pickling and
multiprocessing find what the script defines, and with its own ``sys.argv`` and ``sys.path``.
"""

from __future__ import annotations

import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

__all__ = ["Program", "load_module", "load_script"]


@dataclass(frozen=True)
class Program:
    """A script or module to run.

    Attributes:
        name: its ``sys.argv[0]``.
        path: its file, absolute.
        code: its compiled code.
        folder: the first entry of its ``sys.path``.
        spec: how its module was found; None for a script.
    """

    name: str
    path: str
    code: CodeType
    folder: str
    spec: importlib.machinery.ModuleSpec | None = None

    def run(self, arguments: Sequence[str]) -> None:
        """Run it to its end; an uncaught error ends the process as in Python.

        Raises:
            SystemExit: the program's own, or with code 1 after printing the traceback.
        """
        main = ModuleType("__main__")
        spec, script_loader = self.spec, importlib.machinery.SourceFileLoader("__main__", self.path)
        main.__dict__.update(
            __file__=self.path,
            __builtins__=builtins,
            __annotations__={},
            __cached__=None if spec is None else spec.cached,
            __spec__=spec,
            __package__=None if spec is None else spec.parent,
            __loader__=script_loader if spec is None else spec.loader,
        )
        sys.modules["__main__"] = main
        sys.argv[:] = [self.name, *arguments]
        if not sys.flags.safe_path:
            sys.path[0] = self.folder
        try:
            exec(self.code, main.__dict__)  # noqa: S102  # running it is what the user asked for
        except SystemExit:
            raise
        except BaseException as error:
            traceback = error.__traceback__.tb_next if error.__traceback__ else None
            sys.excepthook(type(error), error.with_traceback(traceback), traceback)
            raise SystemExit(130 if isinstance(error, KeyboardInterrupt) else 1) from None


def load_script(path: str) -> Program:
    """The script at `path`, or the ``__main__.py`` of a folder.

    Raises:
        FileNotFoundError: there is no such file.
        SyntaxError: it is not valid Python.
    """
    given = Path(path).absolute()
    file = given / "__main__.py" if given.is_dir() else given
    with io.open_code(str(file)) as stream:
        code = compile(stream.read(), str(file), "exec", dont_inherit=True)
    return Program(path, str(file), code, str(given if given.is_dir() else given.parent))


def load_module(name: str) -> Program:
    """The module that ``python -m name`` would run; for a package, its ``__main__``.

    Raises:
        ImportError: there is no such module, or one of its packages cannot be imported.
        SyntaxError: it is not valid Python.
    """
    folder = str(Path.cwd())
    if not sys.flags.safe_path:
        sys.path[0] = folder
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        name = f"{name}.__main__"
        spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    loader = spec.loader
    code = loader.get_code(name) if isinstance(loader, importlib.abc.InspectLoader) else None
    if code is None or spec.origin is None:
        raise ImportError(f"{name} has no Python code to run", name=name)
    return Program(spec.origin, spec.origin, code, folder, spec)
