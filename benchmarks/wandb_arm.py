"""Weights & Biases offline, and the file of its run.

W&B 0.31 shows that file only in its terminal program, and has no reader in Python. It is a header
of seven bytes and a log in LevelDB's format: blocks of 32 KiB with chunks, each of which has a
checksum, a length, and whether it is a whole record or the first, a middle or the last part of one.
The records are W&B's own messages, which its own classes parse.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .arm import EXPERIMENT, Arm, Found, Records, handed_over, in_every
from .configurations import Configuration
from .stopwatch import Stopwatch

__all__ = ["WandB", "contents"]

HEADER = 7
BLOCK = 32 * 1024
CHUNK = struct.Struct("<IHB")
WHOLE, FIRST, LAST = 1, 2, 4


class WandB(Arm):
    """Weights & Biases offline, with its callback for Keras."""

    name = "wandb"
    title = "W&B offline"
    module = distribution = "wandb"
    handed_over = True

    def switch_on(self, watch: Stopwatch) -> Any:
        """Import it; everything that it writes goes into the training's folder."""
        import keras

        folders = ("WANDB_DIR", "WANDB_CACHE_DIR", "WANDB_CONFIG_DIR", "WANDB_DATA_DIR")
        os.environ.update(dict.fromkeys(folders, str(self.output)))
        os.environ.update(WANDB_MODE="offline", WANDB_SILENT="true", WANDB_ERROR_REPORTING="false")
        from wandb.integration.keras import WandbMetricsLogger

        watch.watch_callback(WandbMetricsLogger)
        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """Begin its run with the hyperparameters; its callback."""
        import wandb
        from wandb.integration.keras import WandbMetricsLogger

        wandb.init(project=EXPERIMENT, config=handed_over(configuration))
        return [WandbMetricsLogger()]

    def finish(self) -> None:
        """End its run."""
        import wandb

        wandb.finish()

    def found(self) -> Found:
        """Read the run's file; a run that has ended has an exit code."""
        exits = self._messages("exit")
        state = f"exit code {exits[0].exit_code}" if exits else "no exit code"
        return Found(len(self._epochs()), state)

    def records(self) -> Records:
        """Read the run's file, and the list of packages beside it."""
        epochs, environments = self._epochs(), self._messages("environment")
        settings = [each.key for run in self._messages("run") for each in run.config.update]
        return Records(
            hyperparameters=sum(not name.startswith("_") for name in settings),
            metrics=len(in_every(epochs) - {"epoch/epoch", "epoch/learning_rate"}),
            rates=sum("epoch/learning_rate" in epoch for epoch in epochs),
            packages=len((self._run / "files" / "requirements.txt").read_text().splitlines()),
            python=any(each.python for each in environments),
            machine=any(each.cpu_count or each.cpu.model for each in environments),
            commit=any(each.git.commit for each in environments),
        )

    @property
    def _run(self) -> Path:
        (folder,) = self.output.glob("wandb/offline-run-*")
        return folder

    def _epochs(self) -> list[dict[str, str]]:
        """The logged values of every epoch with a loss, without W&B's own."""
        rows = (
            {(item.key or item.nested_key[0]): item.value_json for item in row.item}
            for row in self._messages("history")
        )
        kept = [
            {name: value for name, value in row.items() if not name.startswith("_")} for row in rows
        ]
        return [row for row in kept if "epoch/loss" in row]

    def _messages(self, kind: str) -> list[Any]:
        """The messages of a kind in the run's file."""
        from wandb.proto.wandb_internal_pb2 import Record

        (path,) = self._run.glob("*.wandb")
        records = map(Record.FromString, contents(path.read_bytes()))
        return [
            getattr(record, kind) for record in records if record.WhichOneof("record_type") == kind
        ]


def contents(log: bytes) -> Iterator[bytes]:
    """The records of such a file, as far as they are whole."""
    position, content = HEADER, b""
    while position + CHUNK.size <= len(log):
        left = BLOCK - position % BLOCK
        if left < CHUNK.size:  # what is left of a block is filled with zeros
            position += left
            continue
        _, length, kind = CHUNK.unpack_from(log, position)
        position += CHUNK.size
        if kind in (WHOLE, FIRST):
            content = b""
        content += log[position : position + length]
        position += length
        if kind in (WHOLE, LAST) and position <= len(log):
            yield content
