"""Run a program that reads a file and prints CSV; in limits of time and size, without a shell."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from typing import IO, cast

from ..errors import RawDataError
from ._access import Command, OpenedFile
from ._limits import Limits

__all__ = ["printed_by"]

BLOCK = 1 << 16
IN_MEMORY = 1 << 20


def printed_by(command: Command, opened: OpenedFile, limits: Limits) -> IO[bytes]:
    """What a program prints about a file, to be read from its beginning.

    The program gets the file's path as its only argument and no input. What it writes to stderr
    goes to our stderr. If it takes too long or prints too much, it and its children are killed.

    Raises:
        RawDataError: it cannot be run, fails, takes too long or prints too much.
    """
    output: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # the caller's
    try:
        process = subprocess.Popen(  # noqa: S603  # a path and an argument, checked by `Access`
            [command.program, command.argument],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=command.environment,
            pass_fds=(opened.file.fileno(),),
            start_new_session=True,
        )
    except OSError as error:
        output.close()
        raise RawDataError(f"{command.program} cannot be run: {error.strerror}.") from error
    try:
        with process:
            _collect(process, output, command.program, limits)
    except BaseException:
        output.close()
        raise
    output.seek(0)
    return output


def _collect(
    process: subprocess.Popen[bytes], output: IO[bytes], program: str, limits: Limits
) -> None:
    try:
        _copy(process, output, program, limits)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its session, which it leads
        raise
    if process.returncode:
        raise RawDataError(
            f"{program} has failed with exit code {process.returncode}. What it wrote to "
            "stderr says why."
        )


def _copy(
    process: subprocess.Popen[bytes], output: IO[bytes], program: str, limits: Limits
) -> None:
    """Copy what a process prints until it ends."""
    printed = cast("IO[bytes]", process.stdout)  # as it was asked for
    deadline = time.monotonic() + limits.seconds
    size = 0
    with selectors.DefaultSelector() as selector:  # select() takes no descriptor over 1,023
        selector.register(printed, selectors.EVENT_READ)
        block = b"-"
        while block:
            if not selector.select(_left(deadline)) or not _left(deadline):
                raise _too_slow(program, limits)  # it, or a child that it has left
            block = os.read(printed.fileno(), BLOCK)
            size += len(block)
            if size > limits.size:
                raise RawDataError(f"{program} has printed more than {limits.size} bytes.")
            output.write(block)
    try:
        process.wait(_left(deadline))
    except subprocess.TimeoutExpired:
        raise _too_slow(program, limits) from None


def _too_slow(program: str, limits: Limits) -> RawDataError:
    return RawDataError(f"{program} has not ended after {limits.seconds:g} seconds.")


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())
