"""A training on one core with one thread, while our exporter and the server have the others."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from dfanalyzer_client.private_server import PrivateServer

__all__ = ["environment", "hold", "release_others"]

ONE_THREAD = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)


def environment(backend: str, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process in which a backend trains with one thread, and `more` of it."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
    return {
        **os.environ,
        **dict.fromkeys(ONE_THREAD, "1"),
        "KERAS_BACKEND": backend,
        "PYTHONHASHSEED": "0",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "XLA_FLAGS": flags.strip(),
        **more,
    }


def hold(core: int) -> set[int]:
    """Keep this thread, and those that it starts, on a core; the result is the other cores.

    Raises:
        ValueError: this process may not use that core.
    """
    allowed = os.sched_getaffinity(0)
    if core not in allowed:
        raise ValueError(
            f"This process may not use core {core}. Received: {core}. Expected one "
            f"of {sorted(allowed)}."
        )
    os.sched_setaffinity(0, {core})
    return allowed - {core}


def release_others(home: Path, cores: set[int]) -> None:
    """Let our exporter and the private server of `home` use those cores, as they do for users."""
    if not cores:
        return
    main = threading.main_thread()
    threads = [each.native_id for each in threading.enumerate() if each is not main]
    server = PrivateServer(home).status().pid
    found = [int(each.name) for each in Path(f"/proc/{server}/task").glob("*")]
    for number in [*threads, *found]:
        if number is not None:
            with contextlib.suppress(OSError):  # it has ended meanwhile
                os.sched_setaffinity(number, cores)
