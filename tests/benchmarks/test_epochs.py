"""Epochs of several lengths, plain and captured: the arithmetic, the verdicts, and a real run."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import alternation, epoch_table, one_core
from benchmarks.alternation import Fit, Trainer, batches_for, epochs_for, fit_of
from benchmarks.effects import Cell, cell_of, from_json, lines
from benchmarks.epoch_calls import EPOCH_CALLS, epochs_of, timed_for_now
from benchmarks.paired import Comparison, added, blocks, spread
from benchmarks.verdicts import verdict

ROOT = Path(__file__).parents[2]


def fit(seconds: float) -> Fit:
    """A fit of ten epochs of so many seconds, in which nothing else happens."""
    whole = 10 * seconds
    return Fit(whole, whole, whole, seconds, seconds, seconds, once=0.001)


def fits(epoch: float, captured: float, rounds: int = 40) -> dict[str, list[Fit]]:
    """Fits on a machine that becomes slower all the time; `captured` is added to an epoch."""
    order = [arm for _, arm in alternation.alternating(("plain", "captured"), rounds)]
    found: dict[str, list[Fit]] = {"plain": [], "captured": []}
    for place, arm in enumerate(order):
        seconds = epoch + place * 1e-4 + (captured if arm == "captured" else 0)
        found[arm].append(fit(seconds))
    return found


def cell(epoch: float = 0.03, captured: float = 5e-5, rounds: int = 40) -> Cell:
    """What these fits come to, with 40 µs in our own code."""
    named = {
        "backend": "jax",
        "rate": "constant",
        "metrics": 10,
        "is_stored": True,
        "batches": 3,
        "epochs": 10,
    }
    return cell_of(named, fits(epoch, captured, rounds), [[40e-6] * 9] * 3)


def test_blocks_cancel_a_drift() -> None:
    """A B B A on a machine that slows down by 100 µs each fit: 50 µs are found exactly."""
    found = fits(0.03, 5e-5)
    plain, captured = ([each.epoch for each in found[arm]] for arm in ("plain", "captured"))
    single, whole = added(plain, captured), added(blocks(plain), blocks(captured))
    assert single.high - single.low > 1e-4
    assert whole.median == pytest.approx(5e-5)
    assert whole.high - whole.low == pytest.approx(0, abs=1e-9)
    assert whole.pairs == 20


def test_half_a_block_raises() -> None:
    """With the number of rounds that were given."""
    with pytest.raises(ValueError, match="Received: 3 rounds"):
        blocks([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("found", "word", "why", "times"),
    [
        (Comparison(30, 20, 40, 1, 50), "met", "", None),
        (Comparison(90, 70, 110, 1, 50), "missed", "", None),
        (Comparison(500, 70, 900, 1, 50), "missed", "", None),
        (Comparison(100, -20, 220, 1, 50), "open", "wider than the target", 4),
        (Comparison(-500, -900, 0, 1, 50), "open", "wider than the target", 57),
        (Comparison(50, 30, 70, 1, 50), "open", "within the interval", 4),
        (Comparison(60, 50, 70, 1, 50), "open", "more than 1,000 times", None),
        (Comparison(30, 20, 40, 1, 2), "open", "2 values are too few", 3),
    ],
)
def test_a_verdict_needs_an_interval_that_can_tell(
    found: Comparison, word: str, why: str, times: int | None
) -> None:
    """Of a target of 60: all below, all above, too wide, or not on one side of it."""
    given = verdict(found, 60)
    assert (given.word, given.times) == (word, times)
    assert why in given.why
    assert str(given).startswith(word)


def test_an_epoch_is_timed_from_the_second_on() -> None:
    """What a fit does once, before the first epoch or in it, is no part of an epoch."""
    begins = [(1.0, 0.5), (3.0, 2.0), (3.1, 2.1), (3.3, 2.2)]
    found = fit_of([(0.0, 0.0), *begins, (4.0, 2.4)], process=8.0)
    assert found.whole == 4.0
    assert found.epoch == pytest.approx(0.15)
    assert found.epoch_thread == pytest.approx(0.1)
    assert found.epoch_process == 2.0
    assert found.once == pytest.approx(2.4 - 4 * 0.1)


def test_an_epoch_gets_as_many_batches_as_its_length_needs() -> None:
    """One at least, and no more than there are; a fit has three epochs at least."""
    assert batches_for(0.030, 10, 0.010, 4000) == 30
    assert batches_for(0.001, 1, 0.002, 4000) == 1
    assert batches_for(9.0, 80, 0.002, 100) == 100
    assert batches_for(9.0, 2, 0.002, 4000) == 16
    assert [epochs_for(each, 0.3, 100) for each in (0.001, 0.03, 1.0)] == [100, 10, 3]


def test_a_length_is_approached_and_one_wrong_time_is_corrected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of epochs of 1 ms and 0.5 ms for each batch, of which the second seems to take no time."""
    tries: list[int] = []

    def measured(trainer: Trainer, _: str, __: int) -> Fit:
        tries.append(trainer.batches)
        return fit(1e-6 if len(tries) == 2 else 0.001 + 0.0005 * trainer.batches)

    monkeypatch.setattr(Trainer, "fit", measured)
    clock: Any = None
    trainer = Trainer(None, None, ([0] * 4000, []), 1, clock, ("A", "B"))
    trainer.calibrate(0.030)
    assert trainer.batches == pytest.approx(58, rel=0.2)
    assert tries[-2:] == [trainer.batches] * 2


def test_fits_end_with_a_whole_block(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the time is over at once, or the number of rounds is odd."""
    order: list[str] = []
    monkeypatch.setattr(Trainer, "fit", lambda _, arm, __: order.append(arm) or fit(0.1))
    trainer = Trainer(None, None, ([], []), 1, Any, ("A", "B"))  # type: ignore[arg-type]
    assert [len(each) for each in trainer.alternate(0, 100, 3).values()] == [2, 2]
    assert order == ["A", "B", "B", "A"]
    assert [len(each) for each in trainer.alternate(60, 3, 3).values()] == [4, 4]


def test_our_code_is_timed_for_a_while_only() -> None:
    """The calls of an epoch together; afterwards the class is as before, also what it inherits."""

    class Base:
        def epoch_begins(self) -> str:
            return "began"

    class Training(Base):
        rate_is_set = epoch_is_done = epoch_ends = Base.epoch_begins

    before = dict(vars(Training))
    with timed_for_now(Training, *EPOCH_CALLS) as calls:
        assert [getattr(Training(), name)() for name in EPOCH_CALLS] == ["began"] * 4
    assert len(calls) == 4
    assert dict(vars(Training)) == before
    assert epochs_of([1, 2, 3, 4, 1, 1, 1, 1, 9]) == [10, 4]


def test_a_cell_tells_what_it_shows() -> None:
    """Its text, its JSON and its row in the report: what is met, and what fit() adds."""
    found = cell()
    assert {name: each.word for name, each in found.verdicts.items()} == {
        "inside": "met",
        "epoch_thread": "met",
        "whole": "met",
        "epoch": "met",
    }
    text = "\n".join(lines(found))
    assert "jax, constant rate, 10 metrics: 40 fits of each arm, 10 epochs of 3 batches" in text
    assert "median 40 µs per epoch (40 … 40), p99 40 µs; aim 60 µs: met" in text
    assert re.search(
        r"an epoch, CPU of its thread +\+50 µs \(\+50 … \+50\), .*aim 60 µs: met", text
    )
    content = json.loads(json.dumps(dataclasses.asdict(found)))
    assert from_json(content) == found
    (_, _, row) = epoch_table.short({"cells": [content]})
    assert row.startswith("| jax, constant, 10 | ")
    assert "| 40 (40 … 40) | +50 (+50 … +50) | 60: met |" in row
    assert "no interval" not in "\n".join(epoch_table.lines({"cells": [content]}))


def test_a_fit_of_short_epochs_has_no_target_and_few_blocks_show_nothing() -> None:
    """The report names what is missing."""
    content = dataclasses.asdict(cell(0.001, 5e-5, 4))
    assert set(content["verdicts"]) == {"inside", "epoch_thread"}
    text = "\n".join(epoch_table.lines({"cells": [content]}))
    assert "CPU of the thread: 2 values are too few for an interval" in text
    assert "| no aim |" in text


def test_more_values_than_needed_are_thinned() -> None:
    """The interval of a hundred thousand epochs would take gigabytes to compute."""
    named = {
        "backend": "jax",
        "rate": "constant",
        "metrics": 1,
        "is_stored": False,
        "batches": 3,
        "epochs": 10,
    }
    found = cell_of(named, fits(0.03, 0, 4), [[1e-5] * 100] * 1000)
    assert found.inside.pairs <= 1_000
    assert "1 metric, journal alone: 4 fits" in lines(found)[0]
    assert spread([1.0, 2.0, 3.0]).median == 2


def test_a_core_is_held_for_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are left for our exporter; a core that is not there is an error."""
    kept: list[set[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2})
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, cores: kept.append(cores))
    assert one_core.hold(2) == {0, 1}
    assert kept == [{2}]
    with pytest.raises(ValueError, match=r"Received: 7\. Expected one of \[0, 1, 2\]"):
        one_core.hold(7)


def test_the_environment_has_one_thread_and_one_seed() -> None:
    """Of Python's hashes and of all libraries that compute."""
    found = one_core.environment("torch", {"KERAS_PROV_STORE": "x"})
    assert (found["KERAS_BACKEND"], found["KERAS_PROV_STORE"]) == ("torch", "x")
    assert found["PYTHONHASHSEED"] == "0"
    assert {found[name] for name in one_core.ONE_THREAD} == {"1"}


def test_rows_that_nobody_stores_are_not_waited_for() -> None:
    """A fit whose rows stay in the journal ends at once; one of stored rows ends when they are."""
    asked: list[float] = []

    class Fitted:
        def __init__(self, clock: Any) -> None:
            self.clock = clock

        def fit(self, *_: Any, **given: Any) -> None:
            self.clock.moments += [(float(each), 0.0) for each in range(given["epochs"])]

    class Keras:
        instrument = uninstrument = staticmethod(lambda: None)
        flush = staticmethod(asked.append)

    clock = type("Clock", (), {"moments": []})()
    trainer = Trainer(Keras, Fitted(clock), ([], []), 1, clock, ("plain", "captured"))
    assert trainer.fit("captured", 4).epoch == 1
    assert asked == [alternation.FLUSH_SECONDS]
    trainer.is_stored = False
    trainer.fit("captured", 4)
    assert len(asked) == 1


@pytest.mark.thorough
def test_a_real_training_is_measured(tmp_path: Path) -> None:
    """Two lengths of one model: the private server stores, and all figures are in the file."""
    result = tmp_path / "epochs.json"
    command = [sys.executable, "-m", "benchmarks.epochs", "--result", str(result)]
    small = ["--milliseconds", "1", "60", "--metrics", "3", "--rates", "constant"]
    process = subprocess.run(
        [*command, *small, "--backends", "tensorflow", "--seconds", "1", "--rounds", "2"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    written = json.loads(result.read_text())
    assert written["machine"]["cores"] >= 1
    short, long = (from_json(content) for content in written["cells"])
    assert short.plain_epoch < long.plain_epoch
    assert short.batches <= long.batches
    for found in (short, long):
        assert found.fits == 2
        assert 0 < found.inside.median < found.plain_epoch
        assert found.verdicts["epoch_thread"].word == "open"
        assert lines(found)[0] in process.stdout
