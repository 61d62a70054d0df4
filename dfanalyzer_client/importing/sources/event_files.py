"""TensorBoard's event files: scalars and hyperparameters, up to where a file is whole.

A file is a series of records in TensorFlow's TFRecord format: the length and its checksum, the data
and its checksum. The data is an ``Event`` in protocol buffers, which TensorBoard's library parses.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from ...errors import DfAnalyzerError, ForeignDataError
from ...support.distribution import install_command

__all__ = ["Beginning", "Scalar", "beginning_of", "check_library", "scalars_of"]

HEADER, CHECKSUM = struct.Struct("<QI"), struct.Struct("<I")
LENGTH_BYTES = 8
MAX_RECORD_BYTES = 1 << 30
CHECKED_BYTES = 1 << 14
"""Scalars are shorter. Graphs and pictures are not read, and their checksums take long."""

FIRST_EVENTS = 50
"""Hyperparameters are among them: they are written when a training begins."""

HYPERPARAMETERS = "hparams"
"""The name of TensorBoard's plugin."""


class Scalar(NamedTuple):
    """A value of a tag, with its step and its time in seconds since 1970."""

    tag: str
    step: int
    time: float
    value: float


class Beginning(NamedTuple):
    """When a file was begun, None if it is empty, and the hyperparameters that it names."""

    began: float | None
    hyperparameters: dict[str, float | str]


def check_library() -> None:
    """Raise DfAnalyzerError if TensorBoard is not installed."""
    try:
        import tensorboard.compat.proto.event_pb2  # noqa: F401
    except ImportError:
        raise DfAnalyzerError(
            f"Event files are read with TensorBoard: {install_command('tensorboard')}"
        ) from None


def scalars_of(path: Path) -> Iterator[Scalar]:
    """The scalars of a file; raises ForeignDataError if it is no event file."""
    for event in _events(path):
        for value in event.summary.value:
            number = _number(value)
            if number is not None:
                yield Scalar(value.tag, event.step, event.wall_time, number)


def beginning_of(path: Path) -> Beginning:
    """What the first events of a file say; raises ForeignDataError if it is no event file."""
    began: float | None = None
    found: dict[str, float | str] = {}
    for event in islice(_events(path), FIRST_EVENTS):
        began = event.wall_time if began is None else began
        for value in event.summary.value:
            if value.metadata.plugin_data.plugin_name == HYPERPARAMETERS:
                found |= _hyperparameters(value.metadata.plugin_data.content)
    return Beginning(began, found)


def _events(path: Path) -> Iterator[Any]:
    from google.protobuf.message import DecodeError
    from tensorboard.compat.proto.event_pb2 import Event

    try:
        with path.open("rb") as file:
            for record in _records(file, path):
                try:
                    yield Event.FromString(record)
                except DecodeError:
                    return
    except OSError as error:
        raise ForeignDataError(f"{path} cannot be read: {error.strerror}.") from None


def _records(file: IO[bytes], path: Path) -> Iterator[bytes]:
    """The records up to the first one that is cut off or damaged."""
    is_first = True
    while len(header := file.read(HEADER.size)) == HEADER.size:
        length, checksum = HEADER.unpack(header)
        if checksum != _masked_checksum(header[:LENGTH_BYTES]) or length > MAX_RECORD_BYTES:
            if is_first:
                raise ForeignDataError(f"{path} is no event file of TensorBoard, or is damaged.")
            return
        data, footer = file.read(length), file.read(CHECKSUM.size)
        if len(data) < length or len(footer) < CHECKSUM.size:
            return
        if length <= CHECKED_BYTES and CHECKSUM.unpack(footer)[0] != _masked_checksum(data):
            return
        yield data
        is_first = False


def _masked_checksum(data: bytes) -> int:
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    return int(masked_crc32c(data))


def _number(value: Any) -> float | None:
    """The number of a summary's value; None if it is a picture, a text, a histogram, …."""
    if value.WhichOneof("value") == "simple_value":
        return float(value.simple_value)
    if value.WhichOneof("value") != "tensor" or value.tensor.tensor_shape.dim:
        return None
    from tensorboard.util.tensor_util import make_ndarray

    try:
        found = make_ndarray(value.tensor)
    except (TypeError, ValueError):  # a type that TensorBoard does not know
        return None
    return float(found) if found.shape == () and found.dtype.kind in "fiu" else None


def _hyperparameters(content: bytes) -> dict[str, float | str]:
    from google.protobuf.message import DecodeError
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    try:
        said = HParamsPluginData.FromString(content).session_start_info.hparams
    except DecodeError:
        return {}
    found: dict[str, float | str] = {}
    for name, value in said.items():
        kind = value.WhichOneof("kind")
        if kind == "number_value":
            found[name] = value.number_value
        elif kind in ("string_value", "bool_value"):
            found[name] = str(getattr(value, kind))
    return found
