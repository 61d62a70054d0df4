"""The environment of a training: Python, packages, backend, devices, host, command, commit."""

from __future__ import annotations

import getpass
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import keras

from dfanalyzer_client.keras_schema.job_facts import JOB

from .._guard import guarded
from .._notebook.name import notebook_name, notebook_path
from .._notebook.shell import current_cell, main_namespace, run_script
from .._secrets import MASK, is_secret_name, masked, masked_arguments, quoted
from .container import container_image
from .devices import backend_devices
from .git import git_state
from .job import job_facts
from .packages import imported_packages
from .sources import source_files, source_folder

__all__ = ["environment"]

Row = tuple[str, str, str]

MAX_CHARACTERS = 4000
"""Of a command line, which may be a whole program after ``python -c``."""

VARIABLES = frozenset(
    {
        "CUBLAS_WORKSPACE_CONFIG",
        "CUDA_DEVICE_ORDER",
        "CUDA_VISIBLE_DEVICES",
        "HIP_VISIBLE_DEVICES",
        "JAX_ENABLE_X64",
        "JAX_PLATFORMS",
        "JOB_ID",
        "KERAS_BACKEND",
        "KERAS_HOME",
        "LOCAL_RANK",
        "LSB_JOBID",
        "LSB_JOBINDEX",
        "MKL_NUM_THREADS",
        "NVIDIA_TF32_OVERRIDE",
        "NVIDIA_VISIBLE_DEVICES",
        "OMP_NUM_THREADS",
        "OMPI_COMM_WORLD_RANK",
        "OPENBLAS_NUM_THREADS",
        "PBS_ARRAY_INDEX",
        "PBS_JOBID",
        "PYTHONHASHSEED",
        "RANK",
        "ROCR_VISIBLE_DEVICES",
        "SGE_TASK_ID",
        "SLURM_ARRAY_JOB_ID",
        "SLURM_ARRAY_TASK_ID",
        "SLURM_JOB_ID",
        "SLURM_JOB_NAME",
        "SLURM_JOB_NODELIST",
        "SLURM_NTASKS",
        "SLURM_PROCID",
        "TF_CONFIG",
        "TF_DETERMINISTIC_OPS",
        "WORLD_SIZE",
        "XLA_FLAGS",
        "XLA_PYTHON_CLIENT_MEM_FRACTION",
        "XLA_PYTHON_CLIENT_PREALLOCATE",
    }
)
PREFIXES = (
    "TF_AUTOTUNE",
    "TF_CPP_",
    "TF_CUBLAS_",
    "TF_CUDA_",
    "TF_CUDNN_",
    "TF_DISABLE_",
    "TF_ENABLE_",
    "TF_FORCE_",
    "TF_GPU_",
    "TF_NUM_",
    "TF_ONEDNN_",
    "TF_USE_",
    "TF_XLA_",
)
"""Variables of TensorFlow. Those of Terraform begin with TF_ as well, and hold tokens."""

_scripts: dict[Path, dict[str, str]] = {}
"""The commit of a script's folder at the first call, when its code was loaded."""


def environment() -> list[Row]:
    """The environment of this process, as rows of kind, name and value.

    Kinds are ``python``, ``platform``, ``process``, ``job``, ``keras``, ``device``, ``package``,
    ``git``, ``source`` and ``variable``. Passwords, tokens and keys are masked. What cannot be
    read has no row.
    """
    parts: dict[str, Callable[[], Iterable[tuple[str, str]]]] = {
        "python": _python,
        "platform": _platform,
        "process": _process,
        JOB: job_facts,
        "keras": _keras,
        "device": _devices,
        "package": _packages,
        "git": _git,
        "source": source_files,
        "variable": _variables,
    }
    rows: list[Row] = []
    for kind, part in parts.items():
        with guarded(f"reading the environment: {kind}", lost=f"{kind} of the environment"):
            rows += [(kind, name, value) for name, value in part()]
    return rows


def _readable(
    kind: str, readers: Mapping[str, Callable[[], str | None]]
) -> Iterator[tuple[str, str]]:
    """Names and values of what can be read; a reader that fails loses only its own value."""
    for name, read in readers.items():
        with guarded(f"reading the environment: {kind} {name}", lost=f"{name} of the {kind}"):
            value = read()
            if value is not None:
                yield name, str(value)


def _python() -> Iterable[tuple[str, str]]:
    return _readable(
        "python",
        {
            "version": platform.python_version,
            "implementation": platform.python_implementation,
            "executable": lambda: sys.executable or "",
        },
    )


def _platform() -> Iterable[tuple[str, str]]:
    return _readable(
        "platform",
        {
            "system": platform.system,
            "release": platform.release,
            "machine": platform.machine,
            "cpus": lambda: str(os.cpu_count()),
        },
    )


def _process() -> Iterable[tuple[str, str]]:
    return _readable(
        "process",
        {
            "host": platform.node,
            "user": _user,
            "command_line": _command_line,
            "working_directory": _working_directory,
            "process_id": lambda: str(os.getpid()),
            "notebook": lambda: None if run_script() else notebook_path(),
            "cell": _cell,
            "source_folder": _source_folder,
            "container_image": container_image,
        },
    )


def _keras() -> Iterable[tuple[str, str]]:
    return _readable(
        "keras",
        {
            "version": lambda: str(keras.__version__),
            "backend": keras.config.backend,
            "backend_version": _backend_version,
        },
    )


def _backend_version() -> str | None:
    version = getattr(sys.modules.get(keras.config.backend()), "__version__", None)
    return None if version is None or callable(version) else str(version)


def _working_directory() -> str | None:
    """The working directory; None if it has been removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return None


def _devices() -> Iterable[tuple[str, str]]:
    return backend_devices(keras.config.backend())


def _packages() -> Iterable[tuple[str, str]]:
    return imported_packages().items()


def _git() -> Iterable[tuple[str, str]]:
    script = main_namespace().get("__file__")
    if not isinstance(script, str) or not Path(script).is_file():
        folder = _working_directory()  # a notebook or a prompt, whose code changes as it runs
        return () if folder is None else git_state(Path(folder)).items()
    folder_of_script = Path(script).resolve().parent
    if folder_of_script not in _scripts:
        _scripts[folder_of_script] = git_state(folder_of_script)
    return _scripts[folder_of_script].items()


def _variables() -> Iterator[tuple[str, str]]:
    for name, value in sorted(os.environ.items()):
        if name in VARIABLES or name.startswith(PREFIXES):
            yield name, MASK if is_secret_name(name) else masked(value)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name, as in containers
        return str(os.getuid())


def _command_line() -> str:
    """What was run: by Python, by ``%run``, or the cell of a notebook."""
    script = run_script()
    if script is None and notebook_name() is not None and current_cell() is not None:
        return f"{quoted(notebook_name() or '')}, {current_cell()}"
    arguments = sys.orig_argv if script is None else ["ipython", *script]
    line = " ".join(map(quoted, masked_arguments(arguments)))
    return line if len(line) <= MAX_CHARACTERS else line[:MAX_CHARACTERS] + MASK


def _source_folder() -> str | None:
    folder = source_folder()
    return None if folder is None else str(folder)


def _cell() -> str | None:
    """The cell that is running, with its notebook if it is one's."""
    cell, notebook = current_cell(), notebook_name()
    return cell if cell is None or notebook is None else f"{notebook}, {cell}"
