"""What `benchmarks.epochs` and `benchmarks.device` have in common: optimizer, cell and options."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from .alternation import Trainer
from .effects import Cell, cell_of

__all__ = ["RATES", "add_options", "measured", "optimizer"]

RATES = ("constant", "scheduled")

INSIDE_SHARE = 0.1
"""The share of a cell's seconds in which the time in our code is measured."""


def optimizer(keras: Any, rate: str) -> Any:
    """SGD with one of `RATES`."""
    schedule = keras.optimizers.schedules.InverseTimeDecay(1e-4, 1, 1e-4)
    return keras.optimizers.SGD(schedule if rate == "scheduled" else 1e-4, momentum=0.9)


def measured(
    trainer: Trainer, named: Mapping[str, Any], seconds: float, rounds: int, epochs: int
) -> Cell:
    """Alternate for most of the seconds, and measure our code in the rest of them.

    Args:
        trainer: calibrated.
        named: the cell's backend, rate and metrics.
        seconds: for both.
        rounds: at most.
        epochs: of a fit.
    """
    fits = trainer.alternate(seconds * (1 - INSIDE_SHARE), rounds, epochs)
    inside = trainer.inside(seconds * INSIDE_SHARE, epochs)
    how = {"is_stored": trainer.is_stored, "batches": trainer.batches, "epochs": epochs}
    return cell_of({**named, **how}, fits, inside)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--rounds`, `--without-store`, and `--here` for the process of one backend."""
    parser.add_argument("--rounds", type=int, default=10_000, help="at most: %(default)s")
    parser.add_argument(
        "--without-store",
        action="store_true",
        help="leave the rows in the journal: the rest is what storing takes beside a training",
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
