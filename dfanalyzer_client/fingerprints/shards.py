"""The files that a map of sharded weights names: Keras' ``model.weights.json``.

Such a file may come from anybody. Keras reads shards that are beside it. Anything else that it
names is ignored: other folders, links that lead elsewhere, pipes, devices, and unlikely amounts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from ..support.regular_file import open_regular

__all__ = ["SHARDED", "shards_of"]

SHARDED = ".weights.json"
MAX_MAP_BYTES = 64 << 20
MAX_SHARDS = 10_000
MAX_BYTES = 1 << 42
"""For all shards together: 4 TiB."""


def shards_of(path: Path) -> list[Path]:
    """The shards beside the map at `path` that it names, by name, each file once."""
    found: dict[tuple[int, int], Path] = {}
    total = 0
    for name in sorted(set(_names_in(path)))[:MAX_SHARDS]:
        shard = path.parent / name
        if not _is_beside(shard, path):
            continue
        status = shard.stat()
        total += status.st_size
        if total > MAX_BYTES:
            break
        found.setdefault((status.st_dev, status.st_ino), shard)
    return list(found.values())


def _names_in(path: Path) -> Iterator[str]:
    """The file names in a map, without those that are paths; none if it is not a map."""
    try:
        with open_regular(path) as file:
            text = file.read(MAX_MAP_BYTES + 1)
        entries = (
            list(json.loads(text)["weight_map"].values()) if len(text) <= MAX_MAP_BYTES else []
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return
    for entry in entries:
        for name in entry if isinstance(entry, list) else [entry]:
            if isinstance(name, str) and name == Path(name).name:
                yield name


def _is_beside(shard: Path, path: Path) -> bool:
    """Whether it is a file in the folder of the map, or of the file that the map links to."""
    try:
        folders = {path.parent.resolve(), path.resolve().parent}
        return shard.is_file() and shard.resolve().parent in folders
    except (OSError, RuntimeError, ValueError):  # unreadable, a circle of links, no file name
        return False
