"""What capture adds to fits that alternated with plain ones, with intervals and verdicts."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .alternation import Fit
from .paired import Comparison, added, blocks, compared, spread
from .verdicts import EPOCH_TARGETS, FIT_TARGET, Verdict, number, verdict

__all__ = ["MEASURES", "Cell", "Effect", "Measure", "cell_of", "effects", "from_json", "lines"]

LONG = 0.02
"""Seconds of an epoch from which the target of a `fit()` holds: it is for epochs of 30 ms."""

MOST_VALUES = 1_000
"""The epochs that the interval of our code's time is computed from; there may be many more."""


@dataclass(frozen=True)
class Measure:
    """One kind of time of a fit: its attribute of `Fit`, and how it is shown."""

    name: str
    title: str
    factor: float
    unit: str


MEASURES = (
    Measure("whole", "fit(), by the clock", 1e3, " ms"),
    Measure("epoch", "an epoch, by the clock", 1e6, " µs"),
    Measure("epoch_thread", "an epoch, CPU of its thread", 1e6, " µs"),
    Measure("epoch_process", "an epoch, CPU of all threads", 1e6, " µs"),
    Measure("once", "once in a fit(), CPU of its thread", 1e3, " ms"),
)


@dataclass(frozen=True)
class Effect:
    """What capture adds to a time, over blocks.

    Attributes:
        added: seconds.
        share: the same as a share of the plain time; None where that may be nothing.
    """

    added: Comparison
    share: Comparison | None


@dataclass(frozen=True)
class Cell:
    """What was measured of one kind of training.

    Attributes:
        backend: of Keras.
        rate: `constant` or `scheduled`.
        metrics: values that an epoch records beside its number and its time.
        is_stored: whether a server stored the rows; else they stayed in the journal.
        batches: in an epoch.
        epochs: in a fit.
        fits: of each arm.
        plain_epoch: seconds of a plain epoch, the median.
        inside: seconds in our code on the training thread for an epoch, their median.
        late: the 99th percentile of all epochs' seconds in our code.
        effects: by arm and measure.
        verdicts: by what a target is for.
    """

    backend: str
    rate: str
    metrics: int
    is_stored: bool
    batches: int
    epochs: int
    fits: int
    plain_epoch: float
    inside: Comparison
    late: float
    effects: dict[str, dict[str, Effect]]
    verdicts: dict[str, Verdict]


def effects(base: Sequence[Fit], other: Sequence[Fit]) -> dict[str, Effect]:
    """What each measure of `other` has more than `base`, over blocks A B B A."""
    found = {}
    for measure in MEASURES:
        plain, theirs = (
            blocks([getattr(fit, measure.name) for fit in fits]) for fits in (base, other)
        )
        share = None if measure.name == "once" else _share(compared(plain, theirs))
        found[measure.name] = Effect(added(plain, theirs), share)
    return found


def cell_of(
    named: Mapping[str, Any], fits: Mapping[str, Sequence[Fit]], inside: Sequence[Sequence[float]]
) -> Cell:
    """A cell of fits by arm, of which the first is the base, and of our code's seconds.

    Args:
        named: the other fields of the cell, from `backend` to `epochs`.
        fits: by arm.
        inside: seconds in our code, by fit and epoch.
    """
    base, *others = fits
    by_arm = {arm: effects(fits[base], fits[arm]) for arm in others}
    plain_epoch = statistics.median(fit.epoch for fit in fits[base])
    all_epochs = [each for epochs in inside for each in epochs]
    ours = spread(all_epochs[:: 1 + len(all_epochs) // MOST_VALUES])
    return Cell(
        **named,
        fits=len(fits[base]),
        plain_epoch=plain_epoch,
        inside=ours,
        late=float(np.percentile(all_epochs, 99)),
        effects=by_arm,
        verdicts=_verdicts(by_arm["captured"], ours, EPOCH_TARGETS[named["rate"]], plain_epoch),
    )


def _share(ratio: Comparison) -> Comparison:
    """How much longer, if something takes so many times as long."""
    low, median, high = (value - 1 for value in (ratio.low, ratio.median, ratio.high))
    return dataclasses.replace(ratio, low=low, median=median, high=high)


def _read(content: Mapping[str, Any] | None) -> Comparison | None:
    return None if content is None else Comparison(**content)


def _verdicts(
    captured: Mapping[str, Effect], inside: Comparison, target: float, plain_epoch: float
) -> dict[str, Verdict]:
    found = {
        "inside": verdict(inside, target, 1e6, " µs"),
        "epoch_thread": verdict(captured["epoch_thread"].added, target, 1e6, " µs"),
    }
    if plain_epoch >= LONG:
        for name in ("whole", "epoch"):
            share = captured[name].share
            if share is not None:
                found[name] = verdict(share, FIT_TARGET, 100, " %")
    return found


def lines(cell: Cell) -> list[str]:
    """The cell as text."""
    inside, count = cell.inside, "1 metric" if cell.metrics == 1 else f"{cell.metrics} metrics"
    head = (
        f"{cell.backend}, {cell.rate} rate, {count}{'' if cell.is_stored else ', journal alone'}: "
        f"{cell.fits} fits of each arm, {cell.epochs} epochs of "
        f"{cell.batches} batches; a plain epoch {cell.plain_epoch * 1e3:.2f} ms"
    )
    ours = (
        f"  our code on the training thread: median {inside.median * 1e6:.0f} µs per epoch "
        f"({inside.low * 1e6:.0f} … {inside.high * 1e6:.0f}), p99 {cell.late * 1e6:.0f} µs; "
        f"{_aim(cell, 'inside')}"
    )
    found = [head, ours]
    for arm, by_measure in cell.effects.items():
        found.append(f"  {arm}, beside plain (median and 95 % interval of blocks A B B A)")
        found += [_line(cell, arm, measure, by_measure[measure.name]) for measure in MEASURES]
    return found


def _line(cell: Cell, arm: str, measure: Measure, effect: Effect) -> str:
    more = effect.added
    low, median, high = (value * measure.factor for value in (more.low, more.median, more.high))
    interval = f"({number(low, '+')} … {number(high, '+')})"
    text = f"    {measure.title:<34} {number(median, '+')}{measure.unit} {interval}"
    if effect.share is not None:
        share = effect.share
        text += f", {share.median:+.2%} ({share.low:+.2%} … {share.high:+.2%})"
    has_verdict = arm == "captured" and measure.name in cell.verdicts
    return f"{text}; {_aim(cell, measure.name)}" if has_verdict else text


def _aim(cell: Cell, name: str) -> str:
    """The target and what the figures show about it."""
    is_share = name in ("whole", "epoch")
    aim = f"{FIT_TARGET:.0%}" if is_share else f"{EPOCH_TARGETS[cell.rate] * 1e6:.0f} µs"
    return f"aim {aim}: {cell.verdicts[name]}"


def from_json(content: Mapping[str, Any]) -> Cell:
    """The cell that `dataclasses.asdict` and JSON made this of."""
    by_arm = {
        arm: {
            name: Effect(Comparison(**effect["added"]), _read(effect["share"]))
            for name, effect in by_measure.items()
        }
        for arm, by_measure in content["effects"].items()
    }
    verdicts = {name: Verdict(**found) for name, found in content["verdicts"].items()}
    inside = Comparison(**content["inside"])
    return Cell(**{**content, "inside": inside, "effects": by_arm, "verdicts": verdicts})
