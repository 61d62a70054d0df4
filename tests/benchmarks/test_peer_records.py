"""What each tool recorded: how it is counted, and the table of it."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path
from typing import Any

from prov.model import ProvDocument

from benchmarks.arm import UNKNOWN, Records, in_every, prov_records
from benchmarks.disk_use import allocated
from benchmarks.peer_arms import ARMS
from benchmarks.peer_records import record_lines
from benchmarks.wandb_arm import BLOCK, FIRST, LAST, WHOLE, contents


def tool(title: str, state: str, records: Records, *, handed_over: bool) -> dict[str, Any]:
    """What the measurement leaves of a tool, as far as this table shows it."""
    return {
        "title": title,
        "version": f"{title.lower()} 1.2",
        "handed_over": handed_over,
        "state": state,
        "records": dataclasses.asdict(records),
        "bytes": 1_234_567,
    }


def test_each_tool_is_a_row_of_numbers_and_of_yes() -> None:
    """What is not recorded is a dash; what the script handed over is marked."""
    whole = Records(29, 2, 3, 12, 50, True, True, True, True, "file", 894, 3)
    little = Records(hyperparameters=4, metrics=2, python=True, model_file="copy")
    result = {
        "configuration": {"epochs": 3},
        "arms": [
            tool("Much", "FINISHED", whole, handed_over=False),
            tool("Little", UNKNOWN, little, handed_over=True),
        ],
        "missing": [{"title": "Absent", "version": "", "why": "not installed"}],
    }
    columns, _, much, few, absent = record_lines(result)
    assert much == (
        "| Much | much 1.2 | 29 | 2 | 3 of 3 | 12 | 50 | Python, machine | yes | yes | FINISHED "
        "| yes | 894 | 3 of 3 | 1,235 |"
    )
    assert few == (
        "| Little | little 1.2 | 4* | 2 | – | – | – | Python | – | – | – | own copy | – | – "
        "| 1,235 |"
    )
    assert absent.startswith("| Absent |  | not installed |")
    assert columns.count("|") == absent.count("|")


def test_every_tool_has_a_version_or_is_not_installed() -> None:
    """The distribution is named with it."""
    for arm in ARMS.values():
        version = arm.version()
        assert version.startswith(f"{arm.distribution} ") if arm.is_installed() else not version


def test_a_metric_counts_that_has_a_value_in_every_epoch() -> None:
    """One that comes later does not; without epochs there is none."""
    assert in_every([{"loss": 1, "late": None}, {"loss": 2}]) == {"loss"}
    assert in_every([]) == set()


def test_records_of_bundles_count_too() -> None:
    """As `prov` reads them from the document's JSON."""
    document = ProvDocument()
    document.set_default_namespace("http://example.org/")
    document.entity("data")
    document.bundle("run").activity("training")
    assert prov_records(document.serialize(format="json")) == 2


def test_what_is_on_the_disk_is_counted(tmp_path: Path) -> None:
    """In folders and in single files, and what has vanished is nothing."""
    (tmp_path / "folder").mkdir()
    for name in ("folder/a", "b"):
        (tmp_path / name).write_bytes(b"x" * 4096)
    whole = allocated([tmp_path])
    assert whole >= 2 * 4096
    assert allocated([tmp_path / "folder", tmp_path / "b", tmp_path / "gone"]) == whole


def chunk(kind: int, content: bytes) -> bytes:
    """A part of a W&B file."""
    return struct.pack("<IHB", 0, len(content), kind) + content


def test_the_file_of_a_wandb_run_is_read_as_far_as_it_is_whole() -> None:
    """Records may be split between blocks, and a killed process leaves half of one."""
    header, filler = b":W&B\0\0\0", b"x" * (BLOCK - 7 - 3 * 7 - 5 - 4)
    block = header + chunk(WHOLE, b"first") + chunk(WHOLE, filler) + chunk(FIRST, b"be")
    block = block.ljust(BLOCK, b"\0")  # less than a chunk's head is left
    rest = chunk(LAST, b"gun") + chunk(WHOLE, b"cut off")[:-3]
    assert list(contents(block + rest)) == [b"first", filler, b"begun"]
