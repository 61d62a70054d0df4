"""A process that says numbered rows: python says.py <tag> <first> <last> [<how>].

Each row is its own task message. After each it prints the number, so that who reads knows what was
said. `how`: `wait` for a line on stdin before each; `flush` at the end, and print whether that did;
`forever`: go on until killed.
"""

from __future__ import annotations

import itertools
import os
import sys

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    DataSet,
    Element,
    Set,
    SetType,
    Task,
    Transformation,
    flush,
)


def main() -> None:
    tag, first, last, *how = sys.argv[1:]
    output = Set(
        "out",
        SetType.OUTPUT,
        [Attribute("n", AttributeType.NUMERIC), Attribute("s", AttributeType.TEXT)],
    )
    flow = Dataflow(tag, [Transformation("step", [output])])
    numbers = itertools.count(int(first)) if "forever" in how else range(int(first), int(last) + 1)
    task = Task(int(first), flow.tag, flow.exec_tag, "step")
    task.begin()
    os.write(1, b"ready\n")
    for number in numbers:
        if "wait" in how:
            sys.stdin.readline()
        task.add_dataset(DataSet("out", [Element([number, text_of(number)])]))
        task.save()
        os.write(1, b"%d\n" % number)
    task.end()
    if "flush" in how:
        os.write(1, f"{flush(60)}\n".encode())


def text_of(number: int) -> str:
    """The text that goes with a number; tests know it, too."""
    return f'row {number}: it\'s "{"é" * (number % 7)}"\n'


if __name__ == "__main__":
    main()
