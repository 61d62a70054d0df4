"""The private server: one for each data folder, its user's alone, clear about what is wrong."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymonetdb
import pytest

from dfanalyzer_client.errors import KernelMissingError, PrivateServerError
from dfanalyzer_client.private_server import PrivateServer, ServerStatus, _launching, _process
from dfanalyzer_client.private_server._network import free_port
from dfanalyzer_client.store import Connection

AS_ROOT = os.geteuid() == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PrivateServer]:
    """A server of this test's own, not started yet."""
    result = PrivateServer(tmp_path / "home")
    yield result
    result.stop()


def asked(url: Any) -> Any:
    connection = Connection(url)
    try:
        return connection.query("SELECT current_user")[0][0]
    finally:
        connection.close()


def ended(pid: int) -> bool:
    """Wait for the end of a process that is not our child."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], 30)[0])
    finally:
        os.close(descriptor)


def test_it_is_started_once_and_found_again(server: PrivateServer) -> None:
    """The first use starts it, the second finds the same; both accounts can log in."""
    first, second = server.ensure(), server.ensure()
    assert first == second
    assert asked(first) == "monetdb"
    assert asked(server.reader_url()) == "keras_prov_reader"


@pytest.mark.thorough
def test_sixteen_processes_at_once_get_one_server(server: PrivateServer, tmp_path: Path) -> None:
    """However many start it at the same time, there is one port and one process."""
    script = (
        "import sys; from pathlib import Path\n"
        "from dfanalyzer_client.private_server import PrivateServer\n"
        "server = PrivateServer(Path(sys.argv[1])); server.ensure(); print(server.status().pid)"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "home")], stdout=subprocess.PIPE
        )
        for _ in range(16)
    ]
    assert len({starter.communicate()[0] for starter in starters}) == 1
    assert [starter.returncode for starter in starters] == [0] * 16


@pytest.mark.thorough
@pytest.mark.parametrize("victims", ["starter", "server", "both"])
def test_of_two_first_starters_the_survivor_gets_a_server(
    tmp_path: Path, pytestconfig: pytest.Config, victims: str
) -> None:
    """Whenever in a second one is killed, or the server that it starts, or both at once."""
    script = (
        "import sys; from pathlib import Path\n"
        "from dfanalyzer_client.private_server import PrivateServer\n"
        "server = PrivateServer(Path(sys.argv[1])); print(flush=True); input()\n"
        "server.ensure(); print(server.status().pid)"
    )
    kills = pytestconfig.getoption("--start-kills")
    for number in range(kills):
        home = tmp_path / str(number)
        first, second = (
            subprocess.Popen(
                [sys.executable, "-c", script, str(home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        )
        for starter in (first, second):
            assert starter.stdin is not None
            assert starter.stdout is not None
            starter.stdout.readline()
            starter.stdin.write("\n")
            starter.stdin.flush()
        with contextlib.suppress(subprocess.TimeoutExpired):
            first.wait(timeout=(number + random.random()) / kills)  # that moment, or its end
        if victims != "server":
            first.kill()
        if victims != "starter":
            kill_servers(home)
        answer, _ = second.communicate()
        assert second.returncode == 0
        server = PrivateServer(home)
        assert victims != "starter" or f"{server.status().pid}\n" == answer
        assert asked(server.ensure()) == "monetdb"
        assert server.stop()
        first.communicate()


def kill_servers(home: Path) -> None:
    """Kill each server process of a data folder, one that is not there yet, too."""
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = each.read_bytes().split(b"\0")
            if os.fsencode(home) in words and b"--ready" in words:
                os.kill(int(each.parent.name), signal.SIGKILL)
                assert ended(int(each.parent.name))


def test_half_a_database_is_made_anew_and_a_whole_one_kept(
    server: PrivateServer, tmp_path: Path
) -> None:
    """What a killed first start left goes, with its mark; a whole database has none."""
    mark = tmp_path / "home" / "server" / "provenance.making"
    database = server.start().database
    assert not mark.exists()
    server.stop()
    damage(database)
    mark.touch(mode=0o600)
    assert asked(server.ensure()) == "monetdb"
    assert not mark.exists()


def test_it_does_not_import_from_its_folder(server: PrivateServer, tmp_path: Path) -> None:
    """The server's working directory is no place for Python's modules."""
    (tmp_path / "home" / "server").mkdir(parents=True, mode=0o700)
    (tmp_path / "home").chmod(0o700)
    (tmp_path / "home" / "server" / "pymonetdb.py").write_text("raise SystemExit('planted')")
    assert asked(server.ensure()) == "monetdb"


def test_it_outlives_the_process_that_started_it(server: PrivateServer, tmp_path: Path) -> None:
    """A server started by a process that is then killed with all its group goes on answering."""
    script = (
        "import sys, os; from pathlib import Path\n"
        "from dfanalyzer_client.private_server import PrivateServer\n"
        "PrivateServer(Path(sys.argv[1])).ensure(); print('ready', flush=True); sys.stdin.read()"
    )
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "home")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "ready\n"
    os.killpg(starter.pid, signal.SIGKILL)
    starter.communicate()
    assert server.status().running
    assert asked(server.reader_url()) == "keras_prov_reader"


@pytest.mark.thorough
def test_connections_that_never_log_in_keep_nobody_out(server: PrivateServer) -> None:
    """Of 1,100 that say nothing, or half a login, most are closed; who logged in is not."""
    url = server.ensure()
    inside = Connection(url)
    assert inside.query("SELECT 1") == [(1,)]
    inside.rollback()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, before[1]), before[1]))
    crowd, watch = [], select.poll()
    try:
        for number in range(1100):
            each = socket.create_connection(("127.0.0.1", url.port))
            crowd.append(each)
            with contextlib.suppress(OSError):  # the kernel's own limit was reached
                each.recv(2)  # it was taken: more at once than that wait for a second
                each.sendall(b"\xff\x3f" + b"x" * 200 if number % 2 else b"")
            watch.register(each, select.POLLRDHUP)
        closed = 0
        while closed < len(crowd) - 64:  # so few are let be
            for number, _ in watch.poll(60_000):
                watch.unregister(number)
                closed += 1
        assert asked(url) == "monetdb"
        assert inside.query("SELECT 1") == [(1,)]
    finally:
        for each in crowd:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        inside.close()


def test_it_listens_on_loopback_alone(server: PrivateServer) -> None:
    """Every socket that listens on its port is bound to 127.0.0.1 or ::1."""
    port = f"{server.ensure().port:04X}"
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            address, _, listening = line.split()[1].partition(":")
            if listening == port and line.split()[3] == "0A":
                addresses.add(address)
    assert addresses <= {"0100007F", "00000000000000000000000001000000"}
    assert addresses


def test_its_files_are_the_users_alone(server: PrivateServer, tmp_path: Path) -> None:
    """Whatever the umask, folders are 0700 and files 0600, the kernel's own, too."""
    before = os.umask(0)
    try:
        server.ensure()
    finally:
        os.umask(before)
    for path in [
        tmp_path / "home",
        tmp_path / "home" / "server",
        *(tmp_path / "home" / "server").rglob("*"),
    ]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


def test_no_password_shows(server: PrivateServer) -> None:
    """The passwords stand in no command line, environment, log or status; mclient's in a file."""
    url, reader = server.ensure(), server.reader_url()
    status = server.status()
    process = Path("/proc") / str(status.pid)
    shown = (
        (process / "cmdline").read_bytes()
        + (process / "environ").read_bytes()
        + server.log_path.read_bytes()
        + f"{status} {url!r} {url}".encode()
    )
    for secret in (url.password, reader.password):
        assert secret
        assert secret.encode() not in shown
    assert status.mclient is not None
    login = Path(status.mclient.split()[0].partition("=")[2])
    assert login.read_text() == f"user=keras_prov_reader\npassword={reader.password}\n"
    assert f"-p {url.port} " in status.mclient


@pytest.mark.parametrize(("user", "password"), [("monetdb", "monetdb"), ("monetdb", "wrong")])
def test_other_passwords_are_refused(server: PrivateServer, user: str, password: str) -> None:
    """Neither MonetDB's well-known default nor a guess gets in."""
    url = server.ensure()
    with pytest.raises(pymonetdb.Error):
        pymonetdb.connect(
            url.database, hostname=url.host, port=url.port, username=user, password=password
        )


def test_the_port_is_kept(server: PrivateServer) -> None:
    """A stopped server comes back on the port it had, with its data."""
    url = server.ensure()
    connection = Connection(url)
    with connection.transaction():
        connection.execute("CREATE TABLE kept (a INT)")
    connection.close()
    assert server.stop()
    assert not server.stop()
    assert server.ensure() == url
    assert Connection(url).query("SELECT count(*) FROM kept") == [(0,)]


@pytest.mark.thorough
@pytest.mark.parametrize("families", [("127.0.0.1",), ("::1",), ("127.0.0.1", "::1")])
def test_a_taken_port_is_gone_round_and_come_back_to(
    server: PrivateServer, families: tuple[str, ...]
) -> None:
    """While somebody else listens on the port there is another; later it is the old one again."""
    port = server.ensure().port
    server.stop()
    others = []
    for address in families:
        other = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((address, port))
        other.listen()
        others.append(other)
    elsewhere = server.ensure()
    assert elsewhere.port != port
    assert asked(elsewhere) == "monetdb"
    server.stop()
    for other in others:
        other.close()
    assert server.ensure().port == port


def test_a_killed_server_is_started_again(server: PrivateServer, tmp_path: Path) -> None:
    """After kill -9 the state that it left is seen to be stale, and the next use starts it."""
    url = server.ensure()
    connection = Connection(url)
    with connection.transaction():
        connection.execute("CREATE TABLE kept (a INT)")
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert ended(pid)
    assert not server.status().running
    assert (tmp_path / "home" / "server" / "server.json").exists()
    assert Connection(server.ensure()).query("SELECT count(*) FROM kept") == [(0,)]


def test_a_stale_process_id_harms_nobody(server: PrivateServer, tmp_path: Path) -> None:
    """When the id in a stale state file belongs to another process now, stop() leaves it alone."""
    server.ensure()
    server.stop()
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    state = tmp_path / "home" / "server" / "server.json"
    state.write_text(f'{{"pid": {bystander.pid}, "port": 1, "started": 0, "idle": 0}}')
    assert not server.status().running
    assert not server.stop()
    assert bystander.poll() is None
    assert asked(server.ensure()) == "monetdb"
    bystander.communicate(b"\n")


def test_it_stops_by_itself_when_nobody_comes(tmp_path: Path) -> None:
    """After the idle time without a client it is gone, and says so in its log."""
    server = PrivateServer(tmp_path, idle_minutes=0.02)
    status = server.start()
    assert status.pid is not None
    assert ended(status.pid)
    assert not server.status().running
    assert "idle" in server.log_path.read_text()


@pytest.mark.thorough
def test_it_stays_while_somebody_is_connected(tmp_path: Path) -> None:
    """A connection that says nothing keeps it; the idle time begins when it is closed."""
    server = PrivateServer(tmp_path, idle_minutes=0.02)
    connection = Connection(server.ensure())
    pid = server.status().pid
    assert pid is not None
    descriptor = os.pidfd_open(pid)
    assert not select.select([descriptor], [], [], 3.6)[0]  # three times the idle time
    os.close(descriptor)
    connection.close()
    assert ended(pid)


def test_a_short_visit_between_two_looks_counts(server: PrivateServer) -> None:
    """A client that came and went is seen once, whenever the next look is."""
    url = server.ensure()
    connections = _process.ConnectionWatch(url.port)
    while connections.poll():  # the server's own logins at its start may still be closing
        pass
    asked(url)
    assert connections.poll()
    while connections.poll():  # at last the connection is only remembered, and was counted
        pass
    assert not connections.poll()


def test_a_server_that_does_not_stop_is_killed(server: PrivateServer) -> None:
    """A process that no longer answers is ended by force, and what it had committed is there."""
    url = server.ensure()
    connection = Connection(url)
    with connection.transaction():
        connection.execute("CREATE TABLE kept (a INT)")
    pid = server.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert server.stop(timeout=0.5)
    assert ended(pid)
    assert Connection(server.ensure()).query("SELECT count(*) FROM kept") == [(0,)]


def test_the_log_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that has grown too long keeps its newest half, also while it is written."""
    monkeypatch.setattr(_process, "LOG_BYTES", 1000)
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old " * 500)
        writer.write(b"new " * 125)
        _process._truncate_log(log)
        assert log.read_bytes() == b"new " * 125
        writer.write(b"end")
    assert log.read_bytes() == b"new " * 125 + b"end"


def test_missing_libraries_are_said_with_the_cure(
    server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation without the kernel says how to get one, or to name a server."""
    monkeypatch.setattr(_launching, "kernel_available", lambda: False)
    with pytest.raises(KernelMissingError, match="KERAS_PROV_STORE"):
        server.ensure()


def test_a_file_in_the_folders_place_is_said(tmp_path: Path) -> None:
    """A home that cannot be a folder is an error that names it and the cure."""
    (tmp_path / "home").write_text("")
    with pytest.raises(PrivateServerError, match="KERAS_PROV_HOME"):
        PrivateServer(tmp_path / "home").ensure()


@pytest.mark.skipif(not AS_ROOT, reason="only root can become somebody else")
def test_an_unwritable_folder_is_said() -> None:
    """A folder of somebody else's is an error that names it and the cure."""
    folder = Path(tempfile.mkdtemp())  # not under pytest's own, which is closed to others
    folder.chmod(0o755)
    script = (
        "import os, sys, tomllib; from pathlib import Path\n"  # nobody may not see this Python
        "from dfanalyzer_client.private_server import PrivateServer\n"
        "os.setuid(65534)\n"
        "try: PrivateServer(Path(sys.argv[1])).ensure()\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder / "home")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("PrivateServerError")
    assert "KERAS_PROV_HOME" in done.stdout
    folder.rmdir()


def test_a_full_disk_is_said_and_leaves_no_half_database(small_disk: Path) -> None:
    """With no room left the error says so; once there is room the same call succeeds."""
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 4096):
            pass
    server = PrivateServer(small_disk / "home")
    with pytest.raises(PrivateServerError, match=r"full|No space left"):
        server.ensure()
    ballast.unlink()
    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    assert asked(server.ensure()) == "monetdb"
    server.stop()


def damage(folder: Path) -> None:
    """Overwrite the write-ahead log and the catalogue of a database."""
    for path in folder.rglob("*"):
        if path.is_file() and (path.parent.name == "sql" or path.name == "BBP.dir"):
            path.write_bytes(b"\0" * path.stat().st_size)


def test_a_damaged_database_is_said_with_the_cure(server: PrivateServer) -> None:
    """A database that does not open is left as it is, and the error names `db rebuild`."""
    status: ServerStatus = server.start()
    server.stop()
    damage(status.database)
    before = sorted(path.name for path in status.database.iterdir())
    with pytest.raises(PrivateServerError, match="keras-prov db rebuild"):
        server.ensure()
    assert set(before) & {path.name for path in status.database.iterdir()}
    aside = server.set_database_aside()
    assert aside is not None
    assert aside.is_dir()
    assert asked(server.ensure()) == "monetdb"


@pytest.mark.parametrize("name", ["two words", 'it\'s "quoted"', "höme-家", "x" * 150])
def test_any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    """Spaces, quotes, other scripts and long names are folders like any other."""
    server = PrivateServer(tmp_path / name)
    assert asked(server.ensure()) == "monetdb"
    server.stop()
    shutil.rmtree(tmp_path / name)


@pytest.mark.parametrize("refuse", ["127.0.0.1", "::1"])
def test_a_port_counts_as_free_on_both_addresses_only(
    refuse: str, request: pytest.FixtureRequest
) -> None:
    """A port that is taken on one of the two loopback addresses is not chosen."""
    other = socket.socket(socket.AF_INET6 if ":" in refuse else socket.AF_INET)
    request.addfinalizer(other.close)
    other.bind((refuse, 0))
    other.listen()
    assert free_port(other.getsockname()[1]) != other.getsockname()[1]
