"""CPU, memory and GPU during a training, sampled by a background thread.

psutil and NVIDIA's NVML read them; the extra ``system`` installs both. GPUs are sampled if NVML is
available, and have its numbers.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

from dfanalyzer_client.support.distribution import install_command
from dfanalyzer_client.support.forks import fork_lock

from .._guard import guarded

__all__ = ["SAMPLE_KEYS", "Sample", "SystemSampler", "checked"]

Sample = Mapping[str, float | str | None]

SAMPLE_KEYS = (
    "ELAPSED_TIME",
    "DEVICE",
    "CPU_PERCENT",
    "MEMORY_BYTES",
    "SYSTEM_CPU_PERCENT",
    "SYSTEM_MEMORY_PERCENT",
    "GPU_PERCENT",
    "GPU_MEMORY_BYTES",
    "GPU_TEMPERATURE",
    "DEVICE_NAME",
)
"""The keys of every sample. A value is None if the device has none or it cannot be read."""

JOIN_SECONDS = 2.0


def checked() -> None:
    """Raise ImportError, which says how to fix it, if system metrics cannot be sampled."""
    if find_spec("psutil") is None:
        raise ImportError(
            "SYSTEM_METRICS needs the library psutil, which is not installed. "
            f"Install it with: {install_command('system')}"
        )


class SystemSampler:
    """Calls `emit` with samples: at once, at every interval and at the end.

    CPU percentages are those since the previous sample, so the first sample has none.

    Args:
        interval: seconds between samples.
        emit: takes a sample with all `SAMPLE_KEYS`; called in the sampler's thread.

    Raises:
        ImportError: psutil is not installed.
        ValueError: `interval` is not above 0.
    """

    def __init__(self, interval: float, emit: Callable[[Sample], None]) -> None:
        checked()
        if not 0 < interval < float("inf"):
            raise ValueError(
                "The interval of system metrics is a number of seconds above 0. "
                f"Received: interval={interval!r}."
            )
        self._interval, self._emit = interval, emit
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._process = 0

    def start(self) -> None:
        """Start sampling; harmless if it is running already."""
        if self._runs():
            return
        self._stopping = threading.Event()
        self._process = os.getpid()
        self._thread = threading.Thread(
            target=self._run, args=(self._stopping,), name="keras-prov-system", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Take a last sample and end the thread, waiting at most two seconds."""
        thread, self._thread = (self._thread if self._runs() else None), None
        if thread is not None:
            self._stopping.set()
            if thread is not threading.current_thread():
                thread.join(JOIN_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _runs(self) -> bool:
        """Whether the thread runs. A forked child has none, and must not touch its locks."""
        return self._process == os.getpid() and self._thread is not None and self._thread.is_alive()

    def _run(self, stopping: threading.Event) -> None:
        with guarded("sampling the system", lost="CPU, memory and GPU"), _Machine() as machine:
            began = time.perf_counter()
            while not stopping.is_set():
                self._sample(machine, time.perf_counter() - began)
                stopping.wait(self._interval)
            self._sample(machine, time.perf_counter() - began)

    def _sample(self, machine: _Machine, elapsed: float) -> None:
        with guarded("a sample of the system", lost="one sample of CPU, memory and GPU"):
            for device in machine.devices():
                self._emit({**dict.fromkeys(SAMPLE_KEYS), "ELAPSED_TIME": elapsed, **device})


class _Machine:
    """What psutil and NVML read; created and used in the sampling thread."""

    def __init__(self) -> None:
        with fork_lock():
            self._psutil = import_module("psutil")
        self._process = self._psutil.Process()
        self._times: Any = None
        self._primed = False
        self._nvml: Any = None

    def __enter__(self) -> Self:
        with suppress(Exception):  # no library or no driver
            with fork_lock():  # importing it takes a lock
                nvml = import_module("pynvml")
                nvml.nvmlInit()
            self._nvml = nvml
        return self

    def __exit__(self, *ending: object) -> None:
        if self._nvml is not None:
            with suppress(Exception):
                self._nvml.nvmlShutdown()

    def devices(self) -> Iterator[dict[str, float | str | None]]:
        """The CPU, then the GPUs."""
        yield self._cpu()
        if self._nvml is not None:
            yield from self._gpus()

    def _cpu(self) -> dict[str, float | str | None]:
        of_process, of_all = _read(self._process.cpu_percent), _read(self._busy)
        sample: dict[str, float | str | None] = {
            "DEVICE": "cpu",
            "CPU_PERCENT": of_process
            if self._primed
            else None,  # nothing to compare the first with
            "MEMORY_BYTES": _read(lambda: self._process.memory_info().rss),
            "SYSTEM_CPU_PERCENT": of_all if self._primed else None,
            "SYSTEM_MEMORY_PERCENT": _read(lambda: self._psutil.virtual_memory().percent),
        }
        self._primed = True
        return sample

    def _busy(self) -> float | None:
        """Percentage of all CPUs since the last call.

        `psutil.cpu_percent` keeps its last call by thread number, and another thread of the program
        may get ours once it has ended.
        """
        before, self._times = self._times, self._psutil.cpu_times()
        return None if before is None else _busy_percent(before, self._times)

    def _gpus(self) -> Iterator[dict[str, float | str | None]]:
        nvml = self._nvml
        for index in range(_read(nvml.nvmlDeviceGetCount) or 0):
            gpu = _read(partial(nvml.nvmlDeviceGetHandleByIndex, index))
            if gpu is not None:
                yield {"DEVICE": f"gpu:{index}", **_gpu(nvml, gpu)}


def _busy_percent(before: Any, now: Any) -> float:
    """From two `cpu_times` of psutil. On Linux user time includes that of guests."""
    spent = {name: getattr(now, name) - getattr(before, name) for name in now._fields}
    total = sum(spent.values()) - spent.get("guest", 0.0) - spent.get("guest_nice", 0.0)
    busy = total - spent["idle"] - spent.get("iowait", 0.0)
    return round(min(100.0, max(0.0, 100.0 * busy / total)), 1) if total > 0 else 0.0


def _gpu(nvml: Any, gpu: Any) -> dict[str, float | str | None]:
    """What NVML reads of a GPU; None for what it does not support."""
    name = _read(lambda: nvml.nvmlDeviceGetName(gpu))
    return {
        "DEVICE_NAME": name.decode() if isinstance(name, bytes) else name,
        "GPU_PERCENT": _read(lambda: nvml.nvmlDeviceGetUtilizationRates(gpu).gpu),
        "GPU_MEMORY_BYTES": _read(lambda: nvml.nvmlDeviceGetMemoryInfo(gpu).used),
        "GPU_TEMPERATURE": _read(
            lambda: nvml.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU)
        ),
    }


def _read(quantity: Callable[[], Any]) -> Any:
    """A quantity; None if the machine does not report it."""
    try:
        return quantity()
    except Exception:  # of psutil, NVML or the files that they read
        return None
