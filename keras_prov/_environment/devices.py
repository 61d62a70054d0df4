"""The devices of Keras' backend, if the program has initialized it.

Asking a backend for its devices may initialize it. That takes GPU memory, freezes settings that can
only be changed before, or breaks a later fork. So only a backend that is initialized is asked.
Building a model initializes TensorFlow and JAX; PyTorch's GPUs count once CUDA has been used. The
backend is looked up among the imported modules and never imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["backend_devices"]


def backend_devices(backend: str) -> list[tuple[str, str]]:
    """Names (``cpu:0``, ``gpu:1``) and descriptions of a backend's devices.

    GPUs are numbered as the backend sees them, after CUDA_VISIBLE_DEVICES. Empty while the backend
    is not initialized, and for an unknown backend.
    """
    devices = _DEVICES.get(backend)
    return [] if devices is None else devices()


def _tensorflow() -> list[tuple[str, str]]:
    context = _context()
    if context is None or not getattr(context, "_initialized", False):
        return []
    config = sys.modules["tensorflow"].config
    found = []
    for device in config.list_physical_devices():  # those the context was initialized with
        number = device.name.rpartition(":")[2]
        details = config.experimental.get_device_details(device) if _is_gpu(device) else {}
        found.append((f"{device.device_type.lower()}:{number}", _described(device, details)))
    return found


def _context() -> Any:
    module = sys.modules.get("tensorflow.python.eager.context")
    safe = getattr(module, "context_safe", None)
    return None if safe is None else safe()


def _is_gpu(device: Any) -> bool:
    return bool(device.device_type == "GPU")


def _described(device: Any, details: dict[str, Any]) -> str:
    name = str(details.get("device_name", device.device_type))
    if "compute_capability" in details:
        name += " (compute capability {}.{})".format(*details["compute_capability"])
    return name


def _jax() -> list[tuple[str, str]]:
    bridge = sys.modules.get("jax._src.xla_bridge")
    if not getattr(bridge, "_backends", None):
        return []
    return [(f"{device.platform}:{device.id}", device.device_kind) for device in _local_devices()]


def _local_devices() -> list[Any]:
    return list(sys.modules["jax"].local_devices())


def _torch() -> list[tuple[str, str]]:
    torch = sys.modules.get("torch")
    if torch is None:
        return []
    found = [("cpu:0", "CPU")]
    if torch.cuda.is_initialized():
        count = torch.cuda.device_count()
        found += [(f"gpu:{i}", torch.cuda.get_device_name(i)) for i in range(count)]
    if torch.backends.mps.is_available():
        found.append(("mps:0", "Apple Metal"))
    return found


def _cpu_alone() -> list[tuple[str, str]]:
    return [("cpu:0", "CPU")]


_DEVICES: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "tensorflow": _tensorflow,
    "jax": _jax,
    "torch": _torch,
    "numpy": _cpu_alone,
}
