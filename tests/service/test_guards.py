"""Who may ask: this machine alone, or who has the token."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dfanalyzer_client.delivery.journal_states import JournalState, journal_states
from service.running import COMMAND, Service, dataflow_message, service, task_message

TOKEN = "0123456789abcdef-secret"


def refused(*arguments: str, **environment: str) -> str:
    """What `keras-prov serve` says when it does not start: one line."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_nothing_listens_beyond_loopback_without_a_token(host: str) -> None:
    """The message says how to give one."""
    assert "--token-file" in refused("--host", host)


def test_a_service_beyond_loopback_asks_for_its_token(tmp_path: Path, tag: str) -> None:
    """For everything but its documentation; the token stands in no log and no process list."""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    with service("--host", "0.0.0.0", "--token-file", str(file)) as running:  # noqa: S104
        message = dataflow_message(tag)
        asked = [
            running.ask("/pde/dataflow/json", message),
            running.ask("/pde/dataflow/json", message, Authorization=f"Bearer {TOKEN}x"),
            running.ask("/api/dataflows/list"),
            running.ask("/nosuch"),
        ]
        assert [answer.status for answer in asked] == [401] * 4
        assert "Authorization: Bearer" in asked[0].detail
        allowed = running.ask("/pde/dataflow/json", message, Authorization=f"Bearer {TOKEN}")
        assert allowed.status == 200
        other = socket.gethostname()
        named = running.ask("/api/dataflows/list", Host=other, Authorization=f"Bearer {TOKEN}")
        assert named.status == 200
        assert running.ask("/docs").status == 200
        line = Path(f"/proc/{running.process.pid}/cmdline").read_text()
        assert TOKEN not in line
        assert TOKEN not in running.end()


def test_the_token_may_come_from_the_environment() -> None:
    """Also on loopback, where it is then asked for."""
    with service(KERAS_PROV_TOKEN=TOKEN) as running:
        assert running.ask("/api/dataflows/list").status == 401
        answer = running.ask("/api/dataflows/list", Authorization=f"Bearer {TOKEN}")
        assert answer.status == 200


@pytest.mark.thorough
def test_a_bad_token_is_an_error_that_does_not_show_it(tmp_path: Path) -> None:
    """Too short, or of characters that no header takes, or a file that is not there."""
    for text in ("short-s3", "with blanks in it, and more"):
        said = refused(KERAS_PROV_TOKEN=text)
        assert "16 or more" in said
        assert text not in said
    assert "cannot be read" in refused("--token-file", str(tmp_path / "nosuch"))


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_a_token_that_others_know_is_refused(tmp_path: Path) -> None:
    """As ssh refuses such a key; the message says how the file must be, and not the token."""
    file = tmp_path / "the token"
    file.write_text(TOKEN)
    for mode in (0o644, 0o640, 0o620, 0o602):
        file.chmod(mode)
        said = refused("--token-file", str(file))
        assert f"{mode:04o}" in said
        assert f"chmod 600 '{file}'" in said
        assert TOKEN not in said


def test_pages_of_other_sites_are_refused(running: Service, tag: str) -> None:
    """A browser says where a page comes from, and which host it believes to ask."""
    path, message = "/pde/dataflow/json", dataflow_message(tag)
    assert running.ask(path, message, Origin="http://evil.example").status == 403
    assert running.ask(path, message, Host=f"evil.example:{running.port}").status == 403
    own = f"http://127.0.0.1:{running.port}"
    assert running.ask(path, message, Origin=own).status == 200
    assert running.ask(path, message, Host=f"localhost:{running.port}").status == 200


@pytest.mark.thorough
def test_an_address_that_is_taken_or_not_ours_is_an_error_of_one_line(running: Service) -> None:
    """The message says what to do; no journal is left of it."""
    assert "Give another --port" in refused("--port", str(running.port))
    assert "cannot listen on" in refused("--host", "192.0.2.77", KERAS_PROV_TOKEN=TOKEN)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_told_to(own: Path, number: int) -> None:
    """Without a traceback, and without a journal where nobody said anything."""
    with service(KERAS_PROV_HOME=str(own)) as running:
        assert running.ask("/docs").status == 200
        running.process.send_signal(number)
        assert running.process.wait(30) in (0, -number)
        assert "Traceback" not in running.end()
    assert list((own / "journals").iterdir()) == []


@pytest.mark.thorough
def test_a_client_that_hangs_does_not_keep_it_from_ending(own: Path, tag: str) -> None:
    """A request whose body never comes is let go; what others said is stored."""
    with service(KERAS_PROV_HOME=str(own)) as running:
        assert running.dataflow(dataflow_message(tag)).status == 200
        with socket.create_connection(("127.0.0.1", running.port)) as hanging:
            hanging.sendall(
                b"POST /pde/task/json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
            )
            assert running.task(task_message(tag)).status == 200
            said = running.end()
        assert "Traceback" not in said
    (state,) = journal_states(own, None)
    assert isinstance(state, JournalState)
    assert (state.messages, state.stored) == (2, 2)


def test_without_its_extra_the_command_names_it() -> None:
    """And what else the command does goes on working."""
    script = (
        "import sys; sys.modules['fastapi'] = None; "
        "from dfanalyzer_client.cli import main; main(['serve'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'keras-prov[service]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
