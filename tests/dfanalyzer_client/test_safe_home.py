"""The data folder is its user's alone, or it is refused with the reason and the cure."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dfanalyzer_client.errors import DfAnalyzerError, UnsafeHomeError
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.support import accounts
from dfanalyzer_client.support.accounts import TRUST
from dfanalyzer_client.support.safe_home import check_home, create_home

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A data folder as we make it, with a file in each folder."""
    home = tmp_path / "way" / "home"
    create_home(home)
    for name in ("server", "journals", "artifacts"):
        (home / name).mkdir(mode=0o700)
        (home / name / "file").touch(mode=0o600)
    (home / "server" / "user.password").touch(mode=0o600)
    return home


def check(home: Path) -> None:
    check_home(home, "server", "journals", "artifacts", deep=True)


def test_what_we_make_passes_whatever_the_umask(tmp_path: Path, kept: Path) -> None:
    """Folders that we make are 0700, those on the way to it, too, and links on the way are fine."""
    before = os.umask(0)
    try:
        create_home(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    link = tmp_path / "link"
    link.symlink_to("way/../way")
    check(link / "home")
    kept.chmod(0o755)  # to be read is not to be written
    (kept / "journals" / "file").chmod(0o644)
    check(kept)


def writable(path: Path) -> None:
    path.chmod(0o777)


def group_writable(path: Path) -> None:
    os.chown(path, -1, NOBODY)
    path.chmod(0o770)


def given_away(path: Path) -> None:
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def linked(path: Path) -> None:
    path.rename(path.with_name("real"))
    path.symlink_to("real")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def readable(path: Path) -> None:
    path.chmod(0o640)


@as_root
@pytest.mark.parametrize(
    ("spoil", "where", "words"),
    [
        *(
            (writable, each, "may be written by everybody")
            for each in (
                "..",
                ".",
                "server",
                "server/file",
                "journals",
                "journals/file",
                "artifacts/file",
            )
        ),
        *((group_writable, each, f"{TRUST}=@") for each in ("..", ".", "journals")),
        *(
            (given_away, each, "belongs to nobody")
            for each in ("..", ".", "server", "server/file", "journals/file", "artifacts")
        ),
        *(
            (linked, each, "symbolic link")
            for each in ("server/file", "journals/file", "artifacts/file")
        ),
        *((pipe, each, "neither a file nor a folder") for each in ("server/file", "journals/file")),
        (readable, "server/user.password", "may be read by others"),
    ],
)
def test_what_others_have_a_hand_in_is_refused(
    kept: Path, spoil: Callable[[Path], None], where: str, words: str
) -> None:
    """Owner, mode and links of home, its folders, all files, and the way; the place is named."""
    check(kept)
    place = kept.parent if where == ".." else kept / where
    spoil(place)
    with pytest.raises(UnsafeHomeError, match=words) as caught:
        check(kept)
    assert f"{place} " in str(caught.value)


@as_root
def test_a_folder_may_be_on_another_disk(tmp_path: Path, kept: Path) -> None:
    """Behind a link of one's own; the way there, and what lies there, is checked as at home."""
    disk = tmp_path / "disk"
    disk.mkdir(mode=0o700)
    (kept / "server").rename(disk / "server")
    (kept / "server").symlink_to(disk / "server")
    check(kept)
    for spoil, path, cure in (
        (given_away, kept / "server", lambda path: os.chown(path, 0, 0, follow_symlinks=False)),
        (writable, disk, lambda path: path.chmod(0o700)),
        (writable, disk / "server" / "file", lambda path: path.chmod(0o600)),
    ):
        spoil(path)
        with pytest.raises(UnsafeHomeError, match=f"{path} "):
            check(kept)
        cure(path)
        check(kept)


@as_root
def test_a_link_of_somebody_else_on_the_way_is_refused(tmp_path: Path, kept: Path) -> None:
    """In a sticky folder others cannot rename what is ours, but a link may be theirs."""
    tmp_path.chmod(0o1777)
    check(kept)
    link = tmp_path / "link"
    link.symlink_to(kept)
    check(link)
    given_away(link)
    with pytest.raises(UnsafeHomeError, match="link belongs to nobody"):
        check(link)


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    """It ends, and says so."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(UnsafeHomeError, match="circle"):
        check(tmp_path / "a")


@as_root
def test_accounts_may_be_trusted(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KERAS_PROV_TRUST names users, groups after @, or everybody; an unknown name is said."""
    given_away(kept)
    group_writable(kept / "journals")
    for names in ("", "nobody", f"@{accounts.group_name(NOBODY)}"):
        monkeypatch.setenv(TRUST, names)
        with pytest.raises(UnsafeHomeError):
            check(kept)
    for names in (f"nobody, @{NOBODY}", f"{NOBODY},@{accounts.group_name(NOBODY)}", "*"):
        monkeypatch.setenv(TRUST, names)
        check(kept)
    monkeypatch.setenv(TRUST, "no-such-user")
    with pytest.raises(DfAnalyzerError, match="no-such-user"):
        check(kept)


@as_root
def test_the_users_own_group_is_nobody_else(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a umask of 002 and a group of one's own folders are 0775; a second member changes it."""
    import grp

    kept.chmod(0o775)
    check(kept)
    root = grp.getgrgid(0)
    shared = grp.struct_group((root.gr_name, "x", 0, ["root", "guest"]))
    monkeypatch.setattr(grp, "getgrgid", lambda _: shared)
    with pytest.raises(UnsafeHomeError, match="written by the group root"):
        check(kept)


@pytest.fixture
def prepared() -> Iterator[Path]:
    """A folder that somebody else prepared in a shared place, with a password known to them."""
    shared = Path(tempfile.mkdtemp())  # not under pytest's own, which is closed to others
    shared.chmod(0o1777)
    script = (
        "import os, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534); os.umask(0)\n"
        "home = sys.argv[1]; os.makedirs(home + '/server'); os.makedirs(home + '/journals')\n"
        "open(home + '/server/monetdb.password', 'w').write('known')\n"
        "os.symlink(sys.argv[2], home + '/server/server.log')"
    )
    home = shared / "home"
    subprocess.run([sys.executable, "-c", script, home, shared / "victim"], check=True)
    yield home
    assert not (shared / "victim").exists()
    shutil.rmtree(shared)


@as_root
def test_a_prepared_folder_is_refused_by_every_command(prepared: Path) -> None:
    """Each says so in one line, with an exit code that is not 0, and touches nothing there."""
    script = (
        "import json, os, sys\n"
        "from click.testing import CliRunner; from dfanalyzer_client.cli import main\n"
        "for line in ('db init', 'server start', 'server stop', 'server status', 'server log',\n"
        "             'sync', 'journal', 'runs', 'run x.py', 'db rebuild --yes'):\n"
        "    done = CliRunner().invoke(main, line.split())\n"
        "    print(json.dumps([line, done.exit_code, done.stdout, done.stderr.splitlines()[-1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "KERAS_PROV_HOME": str(prepared)},
    )
    for line in done.stdout.splitlines():
        command, code, shown, error = json.loads(line)
        assert code == (2 if command.startswith("run ") else 1), command
        assert not shown, command
        assert error.startswith(f"Error: The data folder {prepared} is not used: "), command
        assert "belongs to nobody" in error, command
    assert sorted(path.name for path in prepared.rglob("*")) == [
        "journals",
        "monetdb.password",
        "server",
        "server.log",
    ]


@as_root
def test_a_state_that_somebody_else_wrote_signals_nobody(prepared: Path) -> None:
    """A process number in a prepared folder is not sent a signal."""
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    state = {"pid": bystander.pid, "port": 1, "started": 0, "idle": 0}
    (prepared / "server" / "server.json").write_text(json.dumps(state))
    with pytest.raises(UnsafeHomeError):
        PrivateServer(prepared).stop()
    assert bystander.poll() is None
    bystander.communicate(b"\n")
