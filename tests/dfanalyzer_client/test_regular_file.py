"""Whatever is named as a file: what is none is not opened, and reading always ends."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
from pathlib import Path

import pytest

from dfanalyzer_client.export.crate._files import _copied_from
from dfanalyzer_client.support import digest
from dfanalyzer_client.support.digest import file_digest
from dfanalyzer_client.support.regular_file import blocks_of, open_regular


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """Things that are no files, or none that can be read to an end."""
    made = {name: tmp_path / name for name in ("pipe", "socket", "circle", "hole", "link")}
    os.mkfifo(made["pipe"])
    socket.socket(socket.AF_UNIX).bind(str(made["socket"]))
    made["circle"].symlink_to("circle")
    made["link"].symlink_to("/dev/zero")
    with made["hole"].open("wb") as file:
        file.truncate(1 << 42)
    for name in ("/dev/zero", "/dev/tty", "/proc/self/status", "/proc/kcore"):
        made[name] = Path(name)
    return {name: path for name, path in made.items() if os.path.lexists(path)}


def test_what_is_no_file_has_no_digest_and_no_copy(places: dict[str, Path], tmp_path: Path) -> None:
    """Pipes, devices, sockets, circles of links, the system's files and holes: at once an error."""
    for name, path in places.items():
        with pytest.raises(OSError, match=r"regular|hole|no size|symbolic|No such|unavailable"):
            file_digest(path)
        assert _copied_from(path, "0" * 64, tmp_path / "copy"), name
        assert not (tmp_path / "copy").exists(), name


@pytest.mark.skipif(not os.path.lexists("/proc/kmsg"), reason="the kernel's log is not there")
def test_the_log_of_the_kernel_is_not_waited_for() -> None:
    """It blocks a reader until there is a message; until then it is refused, or as if empty."""
    with contextlib.suppress(OSError):
        assert file_digest(Path("/proc/kmsg"))[0] == 0


def test_a_file_is_read_to_the_size_that_it_had(tmp_path: Path) -> None:
    """Of one that is written to meanwhile the end is where it was; links to files are followed."""
    (tmp_path / "file").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("file")
    with open_regular(tmp_path / "link") as file:
        found = []
        for block in blocks_of(file):
            found.append(block)
            with (tmp_path / "file").open("ab") as more:
                more.write(b"d")
    assert found == [b"abc"]
    assert file_digest(tmp_path / "file") == (4, hashlib.sha256(b"abcd").hexdigest())
    (tmp_path / "file").write_bytes(b"")
    assert file_digest(tmp_path / "file") == (0, hashlib.sha256().hexdigest())


def test_a_folder_is_read_without_what_leads_out_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Links to folders, circles, pipes: neither in its digest nor in its copy; it is bounded."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").write_bytes(b"abc")
    plain = file_digest(folder)
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "key").write_bytes(b"secret")
    (folder / "out").symlink_to("../private")
    (folder / "self").symlink_to(".")
    (folder / "again").symlink_to(".")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    assert file_digest(folder) == plain
    assert not _copied_from(folder, plain[1], tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").rglob("*")] == ["file"]
    (folder / "second").touch()
    monkeypatch.setattr(digest, "MAX_FILES", 1)
    with pytest.raises(OSError, match="more than 1 files"):
        file_digest(folder)
