"""The MonetDB kernel's shared libraries, taken at build time from the PyPI wheel monetdbe."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

SETTING = "KERAS_PROV_KERNEL"
LICENSES = Path(__file__).parent / "licenses"
_REQUIREMENT = "monetdbe==0.11"
_LIBRARIES = "monetdbe.libs/"
_DOWNLOAD_TIMEOUT = 600.0


class KernelUnavailableError(Exception):
    """The kernel's libraries are not available; the message says why."""


@dataclass(frozen=True)
class Kernel:
    """The build of the kernel for one platform."""

    platform: str
    """As `sysconfig.get_platform` names it."""
    tags: tuple[str, ...]
    """Platform tags of the wheel it comes from, and so of the wheel it goes into."""
    sha256: str
    """Of the wheel it comes from."""


@dataclass(frozen=True)
class Choice:
    """Which kernel a build includes, if any, and whether the build may go on without it."""

    kernel: Kernel | None
    required: bool


KERNELS = {
    kernel.platform: kernel
    for kernel in (
        Kernel(
            platform="linux-x86_64",
            tags=("manylinux_2_17_x86_64", "manylinux2014_x86_64"),
            sha256="4f42d6328ac2ffddc6de07271671431c90c40c5560ce4790e789a24ef6dfa55d",
        ),
        Kernel(
            platform="linux-aarch64",
            tags=("manylinux_2_17_aarch64", "manylinux2014_aarch64"),
            sha256="af768cba3d5fd408988a071bc8d99b9d4414d0741b37392fe8f4e3fde1f232cb",
        ),
    )
}


def choose(setting: str, platform: str | None = None) -> Choice:
    """Read a value of `KERAS_PROV_KERNEL`: auto, require, none or the name of a platform.

    Args:
        setting: The value; empty means auto.
        platform: The platform built for; by default the running one.

    Raises:
        ValueError: The value is none of these.
        KernelUnavailableError: A kernel is required, but there is none for the platform.
    """
    if setting in KERNELS:
        return Choice(KERNELS[setting], required=True)
    if setting == "none":
        return Choice(None, required=False)
    if setting not in ("", "auto", "require"):
        known = ", ".join(("auto", "require", "none", *KERNELS))
        raise ValueError(f"{SETTING}={setting!r} is unknown; it may be one of {known}")
    platform = platform or running_platform()
    required = setting == "require"
    if required and platform not in KERNELS:
        raise KernelUnavailableError(
            f"{SETTING}=require, but there is no MonetDB kernel for {platform}, "
            f"only for {' and '.join(KERNELS)} with glibc"
        )
    return Choice(KERNELS.get(platform), required)


def running_platform() -> str:
    """The platform's name as in `KERNELS`; other C libraries and word sizes have other names."""
    platform = sysconfig.get_platform()
    if sys.maxsize < 2**32:
        return f"{platform}-32bit"
    if platform.startswith("linux") and not _is_glibc():
        return f"{platform}-without-glibc"
    return platform


def _is_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (OSError, ValueError):
        return False


def install_kernel(kernel: Kernel, directory: Path) -> None:
    """Create `directory` again, with the libraries and their licences.

    Raises:
        KernelUnavailableError: The wheel cannot be downloaded, or is not the pinned one.
    """
    with tempfile.TemporaryDirectory() as scratch:
        wheel = _download(kernel, Path(scratch))
        _verify(wheel, kernel.sha256)
        clear(directory)
        directory.mkdir(parents=True)
        _unpack_libraries(wheel, directory)
    for text in sorted(LICENSES.iterdir()):
        shutil.copyfile(text, directory / text.name)


def clear(directory: Path) -> None:
    """Remove what an earlier build left there, perhaps for another platform."""
    if directory.exists():
        shutil.rmtree(directory)


def _download(kernel: Kernel, directory: Path) -> Path:
    # The wheel is tagged for CPython 3.10, but its libraries are plain C: pip has to be told.
    platforms = [option for tag in kernel.tags for option in ("--platform", tag)]
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
        *("--python-version", "3.10", "--implementation", "cp", *platforms),
        *("--disable-pip-version-check", "--no-input", "--dest", str(directory), _REQUIREMENT),
    ]
    try:
        subprocess.run(  # noqa: S603  # fixed arguments, our own interpreter
            command, check=True, capture_output=True, text=True, timeout=_DOWNLOAD_TIMEOUT
        )
        (wheel,) = directory.glob("*.whl")
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise _unavailable(kernel, f"pip download failed: {error}") from error
    except subprocess.CalledProcessError as error:
        raise _unavailable(kernel, f"pip download failed: {_last_line(error.stderr)}") from error
    return wheel


def _verify(wheel: Path, sha256: str) -> None:
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != sha256:
        raise KernelUnavailableError(
            f"{wheel.name} is not the pinned file: its SHA-256 is {found}, not {sha256}"
        )


def _unpack_libraries(wheel: Path, directory: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(_LIBRARIES) and not name.endswith("/"):
                (directory / Path(name).name).write_bytes(archive.read(name))


def _unavailable(kernel: Kernel, reason: str) -> KernelUnavailableError:
    return KernelUnavailableError(
        f"{_REQUIREMENT} for {kernel.platform} is not available: {reason}"
    )


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.startswith("ERROR:")] or text.splitlines()
    return lines[-1] if lines else "no message"
