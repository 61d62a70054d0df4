"""What is left of a training that was killed half-way, tool by tool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import track

from .configurations import Configuration
from .fresh_process import killed_run, read_back

__all__ = ["Remains", "kill_epoch", "killed"]


@dataclass(frozen=True)
class Remains:
    """What a tool could read back after the kill.

    Attributes:
        ended: epochs that had ended, including all callbacks.
        found: how many of them have a loss.
        state: the run's state according to the tool.
    """

    ended: int
    found: int
    state: str


def killed(
    arms: Sequence[str], configuration: Configuration, folder: Path, home: Path
) -> dict[str, Remains]:
    """Kill a training of every arm, and read back what is left."""
    remains = {}
    epoch = kill_epoch(configuration)
    for name in track(arms, "Killing trainings", console=Console(stderr=True)):
        output, ended = killed_run(name, configuration, folder, home, epoch)
        found = read_back(name, output)
        remains[name] = Remains(ended, found.epochs, found.state)
    return remains


def kill_epoch(configuration: Configuration) -> int:
    """The epoch in which a training is killed: in the second half, and before the last one."""
    return (configuration.epochs + 1) // 2
