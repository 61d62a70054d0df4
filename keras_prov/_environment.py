"""What a training ran in: Python, packages, backend and devices, host, command, commit."""

from __future__ import annotations

import getpass
import os
import platform
import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras

from ._devices import backend_devices
from ._git import git_state
from ._guard import guarded
from ._masking import MASK, is_secret_name, masked, masked_arguments
from ._packages import imported_packages

__all__ = ["environment"]

Row = tuple[str, str, str]

MOST_CHARACTERS = 4000
"""Of a command line: ``python -c`` may have a program in it."""

VARIABLES = frozenset({
    "CUBLAS_WORKSPACE_CONFIG", "CUDA_DEVICE_ORDER", "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES",
    "JAX_ENABLE_X64", "JAX_PLATFORMS", "JOB_ID", "KERAS_BACKEND", "KERAS_HOME", "LOCAL_RANK",
    "LSB_JOBID", "LSB_JOBINDEX", "MKL_NUM_THREADS", "NVIDIA_TF32_OVERRIDE",
    "NVIDIA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "OMPI_COMM_WORLD_RANK", "OPENBLAS_NUM_THREADS",
    "PBS_ARRAY_INDEX", "PBS_JOBID", "PYTHONHASHSEED", "RANK", "ROCR_VISIBLE_DEVICES",
    "SGE_TASK_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_JOB_ID", "SLURM_JOB_NAME",
    "SLURM_JOB_NODELIST", "SLURM_NTASKS", "SLURM_PROCID", "TF_CONFIG", "TF_DETERMINISTIC_OPS",
    "WORLD_SIZE", "XLA_FLAGS", "XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_PREALLOCATE",
})  # fmt: skip
PREFIXES = (
    "TF_AUTOTUNE", "TF_CPP_", "TF_CUBLAS_", "TF_CUDA_", "TF_CUDNN_", "TF_DISABLE_", "TF_ENABLE_",
    "TF_FORCE_", "TF_GPU_", "TF_NUM_", "TF_ONEDNN_", "TF_USE_", "TF_XLA_",
)  # fmt: skip
"""TensorFlow's own: Terraform's variables begin with TF_ as well, and hold tokens."""

_scripts: dict[Path, dict[str, str]] = {}
"""The commit of a script's folder when this process first asked: the code it runs is of then."""


def environment() -> list[Row]:
    """What this process runs in, as rows of kind, name and value.

    Kinds are ``python``, ``platform``, ``process``, ``keras``, ``device``, ``package``, ``git`` and
    ``variable``. Passwords, tokens and keys are masked. A part that cannot be found out has no row.
    """
    parts = {
        "python": _python,
        "platform": _platform,
        "process": _process,
        "keras": _keras,
        "device": _devices,
        "package": _packages,
        "git": _git,
        "variable": _variables,
    }
    rows: list[Row] = []
    for kind, part in parts.items():
        with guarded(f"reading the environment: {kind}", lost=f"{kind} of the environment"):
            rows += [(kind, name, value) for name, value in part()]
    return rows


def _python() -> Iterator[tuple[str, str]]:
    yield "version", platform.python_version()
    yield "implementation", platform.python_implementation()
    yield "executable", sys.executable or ""


def _platform() -> Iterator[tuple[str, str]]:
    yield "system", platform.system()
    yield "release", platform.release()
    yield "machine", platform.machine()
    yield "cpus", str(os.cpu_count())


def _process() -> Iterator[tuple[str, str]]:
    yield "host", platform.node()
    yield "user", _user()
    yield "command_line", _command_line(sys.orig_argv)
    yield "working_directory", str(Path.cwd())
    yield "process_id", str(os.getpid())
    if notebook := _notebook():
        yield "notebook", notebook


def _keras() -> Iterator[tuple[str, str]]:
    backend = keras.config.backend()
    yield "version", keras.__version__
    yield "backend", backend
    version = getattr(sys.modules.get(backend), "__version__", None)
    if version is not None:
        yield "backend_version", str(version)


def _devices() -> Iterable[tuple[str, str]]:
    return backend_devices(keras.config.backend())


def _packages() -> Iterable[tuple[str, str]]:
    return imported_packages().items()


def _git() -> Iterable[tuple[str, str]]:
    script = _main().get("__file__")
    if not isinstance(script, str) or not Path(script).is_file():
        return git_state(Path.cwd()).items()  # a notebook or a prompt: its code changes as it runs
    folder = Path(script).resolve().parent
    if folder not in _scripts:
        _scripts[folder] = git_state(folder)
    return _scripts[folder].items()


def _variables() -> Iterator[tuple[str, str]]:
    for name, value in sorted(os.environ.items()):
        if name in VARIABLES or name.startswith(PREFIXES):
            yield name, MASK if is_secret_name(name) else masked(value)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user without a name
        return str(os.getuid())


def _command_line(arguments: list[str]) -> str:
    line = " ".join(_quoted(each) for each in masked_arguments(arguments))
    return line if len(line) <= MOST_CHARACTERS else line[:MOST_CHARACTERS] + MASK


def _quoted(argument: str) -> str:
    plain = argument.replace(MASK, "x")  # the mask itself is no reason to quote
    return argument if shlex.quote(plain) == plain else shlex.quote(argument)


def _notebook() -> str | None:
    """The notebook that this process is the kernel of, where its front end says so."""
    main = _main()
    if isinstance(main.get("__file__"), str):
        return None  # a script, though it may have been started from a notebook
    for name in ("__session__", "__vsc_ipynb_file__"):
        if isinstance(main.get(name), str):
            return str(main[name])
    return os.environ.get("JPY_SESSION_NAME")


def _main() -> dict[str, Any]:
    return vars(sys.modules["__main__"]) if "__main__" in sys.modules else {}
