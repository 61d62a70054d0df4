"""CPU, memory and GPU while a training runs, sampled by a thread of its own.

Reads through psutil and NVIDIA's NVML, which the extra ``system`` brings; GPUs are sampled when
NVML answers, and numbered as it does.
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

from dfanalyzer_client.support.forks import fork_lock

from .._guard import guarded

__all__ = ["SAMPLE_KEYS", "Sample", "SystemSampler", "checked"]

Sample = Mapping[str, float | str | None]

SAMPLE_KEYS = (
    "ELAPSED_TIME", "DEVICE", "CPU_PERCENT", "MEMORY_BYTES", "SYSTEM_CPU_PERCENT",
    "SYSTEM_MEMORY_PERCENT", "GPU_PERCENT", "GPU_MEMORY_BYTES", "GPU_TEMPERATURE", "DEVICE_NAME",
)  # fmt: skip
"""What each sample has; None where it is not of that device, or could not be read."""

JOIN_SECONDS = 2.0


def checked() -> None:
    """Raise ImportError, with the cure, when system metrics cannot be sampled here."""
    if find_spec("psutil") is None:
        raise ImportError(
            "SYSTEM_METRICS needs the library psutil, which is not installed. "
            "Install it with: pip install 'keras-prov[system]'"
        )


class SystemSampler:
    """Calls `emit` with samples, at once, at each interval and at the end.

    The first sample has no percentages of the CPU, which are those since the sample before.

    Args:
        interval: seconds between samples.
        emit: takes a sample with all of `SAMPLE_KEYS`; called in the sampler's thread.

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
        """Start sampling; harmless when it runs already."""
        if self._runs():
            return
        self._stopping = threading.Event()
        self._process = os.getpid()
        self._thread = threading.Thread(
            target=self._run, args=(self._stopping,), name="keras-prov-system", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Take the last sample and end the thread, waiting two seconds at most."""
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
        """Whether there is a thread; a forked child has none, and must not touch its locks."""
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
    """What psutil and NVML say; made and used in the one thread that samples."""

    def __init__(self) -> None:
        with fork_lock():
            self._psutil = import_module("psutil")
        self._process = self._psutil.Process()
        self._times: Any = None
        self._primed = False
        self._nvml: Any = None

    def __enter__(self) -> Self:
        with suppress(Exception):  # no library, no driver: this machine has no NVIDIA GPU for us
            with fork_lock():  # it holds a lock of its own
                nvml = import_module("pynvml")
                nvml.nvmlInit()
            self._nvml = nvml
        return self

    def __exit__(self, *ending: object) -> None:
        if self._nvml is not None:
            with suppress(Exception):
                self._nvml.nvmlShutdown()

    def devices(self) -> Iterator[dict[str, float | str | None]]:
        """The CPU, and then each GPU."""
        yield self._cpu()
        if self._nvml is not None:
            yield from self._gpus()

    def _cpu(self) -> dict[str, float | str | None]:
        own, of_all = _read(self._process.cpu_percent), _read(self._busy)
        sample: dict[str, float | str | None] = {
            "DEVICE": "cpu",
            "CPU_PERCENT": own if self._primed else None,  # the first one compares with nothing
            "MEMORY_BYTES": _read(lambda: self._process.memory_info().rss),
            "SYSTEM_CPU_PERCENT": of_all if self._primed else None,
            "SYSTEM_MEMORY_PERCENT": _read(lambda: self._psutil.virtual_memory().percent),
        }
        self._primed = True
        return sample

    def _busy(self) -> float | None:
        """Percentage of all CPUs since the last call.

        `psutil.cpu_percent` remembers its last call for all who call it in a thread of the same
        number, which may be one of the program's when ours has ended.
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
    """From two of psutil's `cpu_times`; on Linux those of guests are in those of the user."""
    spent = {name: getattr(now, name) - getattr(before, name) for name in now._fields}
    total = sum(spent.values()) - spent.get("guest", 0.0) - spent.get("guest_nice", 0.0)
    busy = total - spent["idle"] - spent.get("iowait", 0.0)
    return round(min(100.0, max(0.0, 100.0 * busy / total)), 1) if total > 0 else 0.0


def _gpu(nvml: Any, gpu: Any) -> dict[str, float | str | None]:
    """What NVML says of one GPU; parts that it does not support are None."""
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
    """A quantity, or None where the machine does not tell."""
    try:
        return quantity()
    except Exception:  # psutil's and NVML's own, and of the files behind them
        return None
