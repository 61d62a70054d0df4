"""Compare two files of a model by their content: weights one by one, without dates of saving.

Keras writes into a ``.keras`` file when it was saved, so two files of the same model differ.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..support.digest import file_digest
from ._configuration import compare_configurations
from ._findings import Difference, Part

__all__ = ["compare_models"]

WEIGHTS = "model.weights.h5"
CONFIGURATION = "config.json"
METADATA = "metadata.json"
"""Of a ``.keras`` file: Keras' version, and when it was saved."""

H5 = (".h5", ".hdf5")


def compare_models(name: str, recorded: Path, found: Path, tolerance: float) -> Part:
    """Compare a model's file with the recorded one.

    Args:
        name: what the file is called.
        recorded: the file of the crate.
        found: the one that was written now.
        tolerance: how far apart weights may be, relative to the larger one.
    """
    part = Part(name)
    if file_digest(recorded) == file_digest(found):
        part.compared, part.note = 1, "the same file"
    elif zipfile.is_zipfile(recorded) and zipfile.is_zipfile(found):
        _compare_archives(part, recorded, found, tolerance)
    elif recorded.suffix in H5 and found.suffix in H5:
        _compare_weights(part, recorded, found, tolerance)
    else:
        part.is_known = False
        part.note = "its bytes differ, and files of this kind are not compared in parts"
    return part


def _compare_archives(part: Part, recorded: Path, found: Path, tolerance: float) -> None:
    with zipfile.ZipFile(recorded) as ours, zipfile.ZipFile(found) as theirs:
        names = list(dict.fromkeys([*ours.namelist(), *theirs.namelist()]))
        for name in names:
            if name == METADATA:
                continue
            one, other = _member(ours, name), _member(theirs, name)
            if one is not None and other is not None and name == CONFIGURATION:
                compare_configurations(part, name, one, other)
            elif one is None or other is None or name != WEIGHTS:
                part.compared += 1
                if one != other:
                    sizes = [f"{len(each)} bytes" if each else "no file" for each in (one, other)]
                    part.differences.append(Difference(name, "content", sizes[0], sizes[1]))
            elif one != other:
                _compare_weights(part, io.BytesIO(one), io.BytesIO(other), tolerance)
            else:
                part.compared += 1
    part.note = "configuration and weights, without the date of saving"


def _member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    try:
        return archive.read(name)
    except KeyError:
        return None


def _compare_weights(part: Part, recorded: Any, found: Any, tolerance: float) -> None:
    try:
        import h5py  # type: ignore[import-untyped]
    except ImportError:
        part.is_known, part.note = False, "h5py, which reads weights, is not installed"
        return
    with h5py.File(recorded, "r") as ours, h5py.File(found, "r") as theirs:
        mine, others = _arrays(ours), _arrays(theirs)
        for name in dict.fromkeys([*mine, *others]):
            part.compared += 1
            _compare_arrays(part, name, mine.get(name), others.get(name), tolerance)
    part.note = part.note or "weights"


def _arrays(file: Any) -> Mapping[str, Any]:
    """All arrays of a file, by their paths."""
    import h5py

    found: dict[str, Any] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item[()]

    file.visititems(note)
    return found


def _compare_arrays(part: Part, name: str, recorded: Any, found: Any, tolerance: float) -> None:
    import numpy as np

    if recorded is None or found is None:
        states = ["missing" if each is None else "there" for each in (recorded, found)]
        part.differences.append(Difference(name, "array", states[0], states[1]))
        return
    one, other = np.asarray(recorded), np.asarray(found)
    if (one.shape, one.dtype) != (other.shape, other.dtype):
        kinds = [f"{each.dtype}{list(each.shape)}" for each in (one, other)]
        part.differences.append(Difference(name, "shape", kinds[0], kinds[1]))
    elif one.tobytes() != other.tobytes():
        for difference in _largest(name, one, other):
            part.add_number(difference, tolerance)


def _largest(name: str, one: Any, other: Any) -> Iterator[Difference]:
    """The element that differs most; nothing if only the bits of NaN or zeros do."""
    import numpy as np

    if one.dtype.kind not in "fiub":
        yield Difference(name, "content", "other bytes", "other bytes")
        return
    ours, theirs = one.astype("float64").ravel(), other.astype("float64").ravel()
    with np.errstate(invalid="ignore", divide="ignore"):
        apart = np.abs(ours - theirs) / np.maximum(np.abs(ours), np.abs(theirs))
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    apart = np.where(same, 0.0, np.where(np.isfinite(apart), apart, np.inf))
    place = int(apart.argmax())
    if apart[place] > 0:
        values = repr(float(ours[place])), repr(float(theirs[place]))
        yield Difference(f"{name}[{place}]", "weight", *values, float(apart[place]))
