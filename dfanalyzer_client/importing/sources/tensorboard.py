"""Runs in a folder of TensorBoard: those of Keras' callback, and those of any other writer.

Keras' callback writes into the folders ``train`` and ``validation`` of a run. Any other folder with
event files is a run of its own.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from ...declarations.names import storable_tag
from ...errors import ForeignDataError
from ..foreign_run import ForeignRun, Kind, Point
from .event_files import Scalar, beginning_of, check_library, scalars_of
from .source import Source

__all__ = ["tensorboard_source"]

PATTERN = "*tfevents*"
TRAIN, VALIDATION = "train", "validation"
VALIDATED = "val_"
KERAS = re.compile(r"(epoch|batch)_(.+)|evaluation_(.+)_vs_iterations")
"""Tags of Keras' callback."""


def tensorboard_source(folder: str | Path, dataflow: str | None = None) -> Source:
    """The runs in a folder, and in the folders below it.

    Args:
        folder: its path, as for ``tensorboard --logdir``.
        dataflow: the tag of their dataflow; by default, the name of the folder.

    Raises:
        ForeignDataError: there are no event files.
    """
    check_library()
    return _Runs(Path(folder), dataflow)


class _Runs:
    skipped = 0

    def __init__(self, folder: Path, dataflow: str | None) -> None:
        self._folder = folder.resolve()
        self._dataflow = dataflow or storable_tag(self._folder.name or "tensorboard")
        if not self._by_run():
            raise ForeignDataError(
                f"{folder} has no event files of TensorBoard (events.out.tfevents.…), nor has a "
                "folder below it."
            )

    def runs(self) -> Iterator[ForeignRun | ForeignDataError]:
        """The runs, in the order of their folders' names."""
        for folder, files in sorted(self._by_run().items()):
            try:
                yield self._run(folder, files)
            except ForeignDataError as error:
                yield error

    def _by_run(self) -> dict[Path, list[Path]]:
        """The event files of each run, oldest first: their names begin with the time."""
        found: dict[Path, list[Path]] = defaultdict(list)
        for file in sorted(self._folder.rglob(PATTERN), key=lambda path: path.name):
            if file.is_file():
                folder = file.parent
                is_part = folder.name in (TRAIN, VALIDATION) and folder != self._folder
                found[folder.parent if is_part else folder].append(file)
        return found

    def _run(self, folder: Path, files: list[Path]) -> ForeignRun:
        beginnings = [beginning_of(file) for file in files]
        identity = hashlib.sha256(files[0].name.encode(errors="surrogateescape"))
        within = folder.relative_to(self._folder).as_posix()
        name = self._folder.name if within == "." else within
        hyperparameters: dict[str, float | str] = {}
        for each in beginnings:
            hyperparameters |= each.hyperparameters
        return ForeignRun(
            tag=f"tensorboard-{identity.hexdigest()[:32]}",
            dataflow=self._dataflow,
            title=f"run {name}",
            points=lambda: _points(files),
            points_state=" ".join(str(file.stat().st_size) for file in files),
            began=min((each.began for each in beginnings if each.began is not None), default=None),
            hyperparameters=hyperparameters,
            facts=[
                ("import", "tool", "TensorBoard"),
                ("import", "run_name", name),
                ("import", "folder", str(folder)),
            ],
        )


def _points(files: list[Path]) -> Iterator[Point]:
    """The points of a run. A training that was started again has begun a file of its own."""
    last: dict[Path, int] = {}
    segments: dict[Path, int] = defaultdict(int)
    for file in files:
        is_first = True
        for point in _tests_of_their_own(_point(s, file.parent.name) for s in scalars_of(file)):
            if point.kind is Kind.EPOCH:
                if is_first and point.step <= last.get(file.parent, point.step - 1):
                    segments[file.parent] += 1
                is_first = False
                last[file.parent] = max(point.step, last.get(file.parent, point.step))
            yield point._replace(segment=segments[file.parent])


def _tests_of_their_own(points: Iterator[Point]) -> Iterator[Point]:
    """The points without the tests by which Keras validated an epoch: these are `val_` metrics.

    They stand before the epoch's metrics, with the same values.
    """
    tests: list[Point] = []
    for point in points:
        if point.kind is Kind.TEST:
            if tests and tests[0].step != point.step:
                yield from tests
                tests = []
            tests.append(point)
            continue
        if any(point[:2] == (f"{VALIDATED}{test.name}", test.value) for test in tests):
            tests = []
        yield point
    yield from tests


def _point(scalar: Scalar, folder: str) -> Point:
    """A scalar under the name that Keras has for it; that of another writer keeps its tag."""
    name, kind = scalar.tag, Kind.EPOCH
    if folder in (TRAIN, VALIDATION) and (found := KERAS.fullmatch(scalar.tag)):
        name = found[2] or found[3]
        kind = Kind.TEST if found[3] else Kind(found[1])
    if folder == VALIDATION and kind is Kind.EPOCH:
        name = f"{VALIDATED}{name}"
    return Point(name, scalar.value, scalar.step, scalar.time, kind=kind)
