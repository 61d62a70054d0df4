"""A dataflow with one set of one number, and a stream of its rows."""

from __future__ import annotations

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Task,
    Transformation,
)
from dfanalyzer_client.delivery.row_stream import RowStream

__all__ = ["stream_of"]


def stream_of(tag: str) -> RowStream:
    """A stream of rows for the set `out` of a new execution of the dataflow `tag`."""
    output = Set("out", SetType.OUTPUT, [Attribute("n", AttributeType.NUMERIC)])
    flow = Dataflow(tag, [Transformation("step", [output])])
    task = Task(1, flow.tag, flow.exec_tag, "step")
    task.begin()
    return task.stream("out", ["n"])
