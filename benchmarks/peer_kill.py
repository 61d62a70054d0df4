"""What is still there of a training that was killed in its midst, tool by tool."""

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
        ended: epochs that had ended, with all callbacks.
        found: of these, how many have their loss.
        state: what the tool says of the run.
    """

    ended: int
    found: int
    state: str


def killed(
    arms: Sequence[str], configuration: Configuration, folder: Path, home: Path
) -> dict[str, Remains]:
    """Kill a training of each arm, and read back what there is."""
    remains = {}
    epoch = kill_epoch(configuration)
    for name in track(arms, "Killing trainings", console=Console(stderr=True)):
        output, ended = killed_run(name, configuration, folder, home, epoch)
        found = read_back(name, output)
        remains[name] = Remains(ended, found.epochs, found.state)
    return remains


def kill_epoch(configuration: Configuration) -> int:
    """In the middle of this epoch a training is killed: past the half, and before the last."""
    return (configuration.epochs + 1) // 2
