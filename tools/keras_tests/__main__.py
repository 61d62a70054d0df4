"""`python -m tools.keras_tests check` and `record`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .baseline import Baseline, NoBaselineError, baseline_path
from .report import judged, text
from .running import run
from .selection import keras_tests, selected
from .variables import ALL, CLASSIC

__all__ = ["check", "main", "record"]


def check(*, full: bool, only: Sequence[str], workers: int, capture: str = ALL) -> int:
    """Run the tests captured and compare them with the baseline; returns the exit code."""
    baseline = Baseline.load(baseline_path())
    expected = selected(baseline.files, full=full, only=only)
    files = selected(keras_tests(), full=full, only=only)
    if unrecorded := [file for file in files if file not in baseline.files]:
        raise NoBaselineError(
            f"The baseline lacks {len(unrecorded)} of the {len(files)} files, such as "
            f"{unrecorded[0]}. `python -m tools.keras_tests record"
            f"{' --full' if full else ''}` records them."
        )
    if not files:
        raise NoBaselineError(f"Keras has no such tests. Received: --only {' '.join(only)}.")
    seen = run(files, captured=capture, workers=workers)
    verdict = judged(baseline, seen, expected, must_record=not only)
    sys.stdout.write(text(verdict, seen, baseline))
    return 1 if verdict.failed else 0


def record(*, full: bool, only: Sequence[str], workers: int, runs: int) -> int:
    """Run the tests with plain Keras and add the outcomes to the recorded ones."""
    path = baseline_path()
    before = Baseline.load(path) if path.exists() else Baseline()
    files = selected(keras_tests(), full=full, only=only)
    seen = [run(files, workers=workers) for _ in range(runs)]
    newer = Baseline.of(seen, before.unstable)
    before.updated(newer).save(path)
    sys.stdout.write(
        f"{path.name}: {len(files)} files recorded in {runs} runs of "
        f"{seen[0].seconds:.0f} s; unstable: {', '.join(newer.unstable) or 'none'}\n"
    )
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse, call, and print an expected error in one line."""
    given = _parser().parse_args(arguments)
    selection = {"full": given.full, "only": given.only, "workers": given.workers}
    try:
        if given.command == "check":
            return check(**selection, capture=given.capture)
        return record(**selection, runs=given.runs)
    except (NoBaselineError, RuntimeError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.keras_tests", description="Keras' own tests, with capture on."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    checking = commands.add_parser("check", help="run them captured, compare with the baseline")
    checking.add_argument(
        "--capture", choices=(ALL, CLASSIC), default=ALL, help="what to capture (default: all)"
    )
    recording = commands.add_parser("record", help="record the baseline of the installed Keras")
    recording.add_argument(
        "--runs", type=int, default=2, help="to find unstable tests (default: 2)"
    )
    for command in (checking, recording):
        command.add_argument(
            "--full", action="store_true", help="all tests, not the lean selection"
        )
        command.add_argument(
            "--only",
            metavar="PATH",
            action="append",
            default=[],
            help="only files whose path below keras/src begins with PATH; may be repeated",
        )
        command.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
