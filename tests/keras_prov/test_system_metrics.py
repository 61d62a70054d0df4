"""CPU, memory and GPU are sampled by a thread that harms nobody."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import types

import psutil
import pytest

from dfanalyzer_client.keras_schema import SETS
from dfanalyzer_client.keras_schema import names as tags
from keras_prov._environment.system_sampler import SAMPLE_KEYS, SystemSampler, _gpu, checked

FOREVER = 3600.0


class Samples(list):
    """Takes samples, and says when a number of them is there."""

    def __init__(self, wanted: int = 1) -> None:
        super().__init__()
        self._wanted, self.there = wanted, threading.Event()

    def __call__(self, sample) -> None:
        self.append(sample)
        if len(self) >= self._wanted:
            self.there.set()


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch):
    """Samples of the CPU alone, but where a test brings a GPU."""
    monkeypatch.setitem(sys.modules, "pynvml", None)


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "keras-prov-system"]


def test_one_sample_at_once_and_one_at_the_end():
    """However long the interval, a training has two, and stop() has waited for the last."""
    samples = Samples()
    sampler = SystemSampler(FOREVER, samples)

    sampler.start()
    assert samples.there.wait(30)
    sampler.stop()

    first, last = samples
    assert 0 <= first["ELAPSED_TIME"] <= last["ELAPSED_TIME"]
    assert not threads()


def test_what_a_sample_says():
    """Every key, and quantities of this process and this machine."""
    samples = Samples()

    with SystemSampler(FOREVER, samples):
        assert samples.there.wait(30)

    first, last = samples
    assert tuple(first) == tuple(last) == SAMPLE_KEYS
    assert first["DEVICE"] == "cpu"
    assert first["CPU_PERCENT"] is first["SYSTEM_CPU_PERCENT"] is None
    assert last["CPU_PERCENT"] >= 0
    assert 0 <= last["SYSTEM_CPU_PERCENT"] <= 100
    assert 0 < last["SYSTEM_MEMORY_PERCENT"] < 100
    assert 1 << 20 < last["MEMORY_BYTES"] < psutil.virtual_memory().total
    assert last["GPU_PERCENT"] is last["GPU_MEMORY_BYTES"] is last["DEVICE_NAME"] is None


def test_each_value_of_a_sample_has_its_column():
    """Nothing is sampled that is stored nowhere."""
    assert {"SYSTEM_TIMESTAMP", *SAMPLE_KEYS} == set(SETS[tags.SYSTEM_METRICS].names)
    assert set(_gpu(None, None)) <= set(SAMPLE_KEYS)


def test_psutil_remembers_nothing_of_ours():
    """A program's own `cpu_percent` compares with the program's last call, and never with ours."""
    remembered = dict(psutil._last_cpu_times)
    samples = Samples(wanted=2)
    with SystemSampler(0.01, samples):
        assert samples.there.wait(30)
    assert psutil._last_cpu_times == remembered


def test_samples_come_at_the_interval():
    """Again and again, without anybody asking."""
    samples = Samples(wanted=5)

    with SystemSampler(0.01, samples):
        assert samples.there.wait(30)

    assert len(samples) >= 6


def test_starting_and_stopping_twice_is_harmless():
    """One thread runs, and a sampler may be started again."""
    samples = Samples()
    sampler = SystemSampler(FOREVER, samples)
    sampler.stop()
    sampler.start()
    sampler.start()

    assert len(threads()) == 1
    sampler.stop()
    sampler.stop()
    assert not threads()
    count = len(samples)
    with sampler:
        pass
    assert len(samples) > count


def test_the_thread_does_not_keep_the_process_alive():
    """It is a daemon."""
    with SystemSampler(FOREVER, Samples()):
        assert [each.daemon for each in threads()] == [True]


def test_an_error_of_the_receiver_does_not_end_the_samples(monkeypatch, caplog):
    """It is logged once, and the next sample comes."""
    monkeypatch.delenv("KERAS_PROV_STRICT", raising=False)
    samples = Samples(wanted=3)

    def emit(sample):
        samples(sample)
        raise ValueError("full")

    with SystemSampler(0.01, emit):
        assert samples.there.wait(30)

    assert len([each for each in caplog.records if "sample of the system" in each.message]) <= 1
    assert len(samples) >= 4


def test_stop_from_within_the_receiver():
    """The thread does not wait for itself."""
    samples, done = Samples(), threading.Event()

    def emit(sample):
        samples(sample)
        sampler.stop()
        done.set()

    sampler = SystemSampler(FOREVER, emit)
    sampler.start()

    assert done.wait(30)


def test_a_quantity_that_cannot_be_read_is_none(monkeypatch):
    """The others are there."""

    def refuse():
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "virtual_memory", refuse)
    samples = Samples()

    with SystemSampler(FOREVER, samples):
        assert samples.there.wait(30)

    assert samples[0]["SYSTEM_MEMORY_PERCENT"] is None
    assert samples[0]["MEMORY_BYTES"] > 0


FORKING = """
import os, threading, warnings
from keras_prov._environment.system_sampler import SystemSampler

FOREVER = 3600.0

class Samples(list):
    def __init__(self):
        self.there = threading.Event()

    def __call__(self, sample):
        self.append(sample)
        self.there.set()

def threads():
    return [each for each in threading.enumerate() if each.name == "keras-prov-system"]

samples = Samples()
sampler = SystemSampler(FOREVER, samples)
sampler.start()
assert samples.there.wait(30)
warnings.simplefilter("ignore")  # Python 3.12 and JAX warn of a fork with threads
child = os.fork()
if child == 0:
    sampler.stop()
    alone, own = len(samples) == 1 and not threads(), Samples()
    with SystemSampler(FOREVER, own):
        came = own.there.wait(30)
    os._exit(0 if alone and came and len(own) == 2 else 2)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
sampler.stop()
assert len(samples) == 2
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_has_no_thread_and_may_stop_or_start_its_own():
    """Stopping in the child waits for nothing, and starting there samples the child."""
    subprocess.run([sys.executable, "-c", FORKING], check=True, timeout=200)


def test_a_gpu_is_a_sample_of_its_own(monkeypatch):
    """NVML's quantities by GPU; what one of them does not support is None."""
    closed = []

    def temperature(gpu, kind):
        raise RuntimeError("Not Supported")

    nvml = types.SimpleNamespace(
        NVML_TEMPERATURE_GPU=0,
        nvmlInit=lambda: None,
        nvmlShutdown=lambda: closed.append(True),
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda gpu: b"NVIDIA H200",
        nvmlDeviceGetUtilizationRates=lambda gpu: types.SimpleNamespace(gpu=10 * gpu + 5),
        nvmlDeviceGetMemoryInfo=lambda gpu: types.SimpleNamespace(used=1 << 30),
        nvmlDeviceGetTemperature=temperature,
    )
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    samples = Samples(wanted=3)

    with SystemSampler(FOREVER, samples):
        assert samples.there.wait(30)

    assert [each["DEVICE"] for each in samples] == ["cpu", "gpu:0", "gpu:1"] * 2
    gpu = samples[2]
    assert (gpu["GPU_PERCENT"], gpu["GPU_MEMORY_BYTES"]) == (15, 1 << 30)
    assert gpu["DEVICE_NAME"] == "NVIDIA H200"
    assert gpu["GPU_TEMPERATURE"] is gpu["MEMORY_BYTES"] is gpu["CPU_PERCENT"] is None
    assert closed == [True]


def test_a_machine_without_nvml_has_samples_of_the_cpu(monkeypatch):
    """The library may be there, and no driver."""
    monkeypatch.delitem(sys.modules, "pynvml")
    samples = Samples()

    with SystemSampler(FOREVER, samples):
        assert samples.there.wait(30)

    assert samples[0]["DEVICE"] == "cpu"


def test_without_psutil_the_error_says_how_to_fix_it(monkeypatch):
    """At the call that asks for system metrics."""
    checked()
    monkeypatch.setitem(sys.modules, "psutil", None)

    with pytest.raises(ImportError, match=r"pip install 'keras-prov\[system\]'"):
        checked()
    with pytest.raises(ImportError, match="psutil"):
        SystemSampler(1.0, Samples())


@pytest.mark.parametrize("interval", [0, -1, float("inf"), float("nan")])
def test_an_interval_that_cannot_be(interval):
    """The error says what was received."""
    with pytest.raises(ValueError, match=r"above 0\. Received: interval="):
        SystemSampler(interval, Samples())
