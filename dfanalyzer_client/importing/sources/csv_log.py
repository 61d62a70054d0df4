"""Trainings that Keras' CSVLogger has recorded: a file, with a row for each epoch."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...declarations.names import storable_tag
from ...errors import ForeignDataError
from ..foreign_run import ForeignRun, Point
from .hyperparameters import number_or_text
from .source import Source

__all__ = ["csv_source"]

EPOCH = "epoch"
MISSING = ("", "NA")
"""What CSVLogger writes for a metric that an epoch lacks."""

DEFAULT_SEPARATOR = ","
NON_FINITE = ("nan", "inf", "-inf")


def csv_source(files: Sequence[str | Path], dataflow: str | None = None) -> Source:
    """The trainings in files of CSVLogger.

    Args:
        files: their paths.
        dataflow: the tag of their dataflow; by default, the name of each file's folder.
    """
    return _CsvLogs([Path(file) for file in files], dataflow)


class _CsvLogs:
    skipped = 0

    def __init__(self, files: Sequence[Path], dataflow: str | None) -> None:
        self._files, self._dataflow = files, dataflow

    def runs(self) -> Iterator[ForeignRun | ForeignDataError]:
        """A run for each file."""
        for file in self._files:
            try:
                yield _run(file, self._dataflow)
            except ForeignDataError as error:
                yield error
            except OSError as error:
                yield ForeignDataError(f"{file} cannot be read: {error.strerror}.")
            except UnicodeDecodeError:
                yield ForeignDataError(f"{file} is no text in UTF-8.")


def _run(file: Path, dataflow: str | None) -> ForeignRun:
    path = file.resolve()
    with path.open(encoding="utf-8", newline="") as lines:
        header, first = lines.readline(), lines.readline()
    if header.strip() != EPOCH and not header.startswith(EPOCH):
        raise ForeignDataError(
            f"{file} is no file of CSVLogger: its first line begins with {header[:20]!r}, "
            f"where {EPOCH!r} was expected."
        )
    if not first.endswith("\n"):
        raise ForeignDataError(f"{file} has no epoch yet.")
    found = path.stat()
    # a training that overwrites the file is another one
    identity = hashlib.sha256(f"{path}\n{header}{first}".encode(errors="surrogateescape"))
    left_out: list[str] = []
    return ForeignRun(
        tag=f"csv-{identity.hexdigest()[:32]}",
        dataflow=dataflow or storable_tag(path.parent.name or "csv"),
        title=str(file),
        points=lambda: _points(path, left_out),
        points_state=str(found.st_size),
        ended=found.st_mtime,
        facts=[("import", "tool", "CSVLogger"), ("import", "file", str(path))],
        left_out=left_out,
    )


def _points(path: Path, left_out: list[str]) -> Iterator[Point]:
    """The values of all epochs, without texts among the numbers of a metric.

    Otherwise, one damaged value would make all values of its metric texts.
    """
    numeric = {point.name for point in _cells(path) if not isinstance(point.value, str)}
    damaged: dict[str, list[Point]] = {}
    for point in _cells(path):
        if isinstance(point.value, str) and point.name in numeric:
            damaged.setdefault(point.name, []).append(point)
        else:
            yield point
    left_out += [_damage(path, points) for points in damaged.values()]


def _damage(path: Path, points: Sequence[Point]) -> str:
    first, count = points[0], len(points)
    values = "1 value" if count == 1 else f"{count} values"
    return (
        f"{path}: a number was expected for {first.name!r} in epoch {first.step}. "
        f"Received: {first.value!r:.80}. {values} of that metric left out."
    )


def _cells(path: Path) -> Iterator[Point]:
    """The values of all epochs. A training that was continued may begin with any epoch."""
    with path.open(encoding="utf-8", newline="") as lines:
        header = lines.readline()
        names = next(csv.reader([header], delimiter=_separator(header)))
        segment, last = 0, -1
        for row in csv.reader(_whole(lines), delimiter=_separator(header)):
            if row == names or not row:
                continue
            epoch = _epoch(row, names, path)
            if epoch <= last:
                segment += 1
            last = epoch
            for name, text in zip(names[1:], row[1:], strict=True):
                if text not in MISSING:
                    for part, value in _values(name, text):
                        yield Point(part, value, epoch, segment=segment)


def _separator(header: str) -> str:
    """What stands behind the name of the first column."""
    rest = header.rstrip("\r\n").removeprefix(EPOCH)
    return rest[0] if rest else DEFAULT_SEPARATOR


def _whole(lines: Iterator[str]) -> Iterator[str]:
    """The lines but the last one, where the training has only begun to write it."""
    return (line for line in lines if line.endswith("\n"))


def _epoch(row: Sequence[str], names: Sequence[str], path: Path) -> int:
    try:
        if len(row) == len(names):
            return int(float(row[0]))
    except (ValueError, OverflowError):
        pass
    raise ForeignDataError(
        f"{path}: a row of {len(names)} values was expected, the epoch's number first. "
        f"Received: {','.join(row)!r:.80}."
    )


def _values(name: str, text: str) -> Iterator[tuple[str, float | str]]:
    """The value of a metric; one of several numbers, as F1 by class, has several names."""
    if text.startswith("[") and text.endswith("]"):
        parts = text[1:-1].replace(",", " ").split()
        for number, part in enumerate(parts):
            yield f"{name}_{number}", _value(part)
    else:
        yield name, _value(text)


def _value(text: str) -> float | str:
    plain = text.strip()
    return float(plain) if plain.lower() in NON_FINITE else number_or_text(plain)
