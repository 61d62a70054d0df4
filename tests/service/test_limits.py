"""Clients that are slow, idle, many or endless hold nothing up: over raw sockets on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dfanalyzer_client.config.store_url import StoreURL
from dfanalyzer_client.service import guarded_app
from dfanalyzer_client.service._limits import Limits
from dfanalyzer_client.service._serve import server_of

AWAY = StoreURL.parse("monetdb://user:secret@127.0.0.1:9/nowhere")
LIMITS = Limits(
    idle_seconds=0.4, head_seconds=0.6, body_seconds=0.8, unread_seconds=0.4, connections=20
)
HOST = b"Host: localhost\r\n"
POST = b"POST /pde/task/json HTTP/1.1\r\n" + HOST
GET = b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"\r\n"
BUNDLE = GET.replace(b"/openapi.json", b"/static-offline-docs/swagger-ui-bundle.js")
LONG = 10.0
"""Far more than all limits: who is not let go within has failed."""


@contextlib.contextmanager
def serving(home: Path, limits: Limits, token: str | None = None) -> Iterator[int]:
    """The port of a service in this process that keeps to other limits."""
    server = server_of(guarded_app(AWAY, home, "127.0.0.1", token), limits)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(LONG)
        assert not thread.is_alive()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    with serving(tmp_path, LIMITS) as at:
        yield at


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), LONG)


def answer_of(client: socket.socket) -> bytes:
    """All that is sent until the service closes."""
    found = b""
    with contextlib.suppress(ConnectionError):
        while part := client.recv(1 << 16):
            found += part
    return found


def drip(client: socket.socket, part: bytes) -> bytes:
    """Send something over and over until the service has enough; its answer."""
    began = time.monotonic()
    client.settimeout(0.05)
    while time.monotonic() - began < LONG:
        try:
            client.sendall(part)
            found = client.recv(1 << 16)
        except TimeoutError:
            continue
        except ConnectionError:
            found = b""
        return found
    raise AssertionError("The service reads on for ever.")


@pytest.mark.parametrize(
    ("begin", "part", "status", "least"),
    [
        (POST + b"X-Slow: ", b"x", b"408", 0.6),
        (POST + b"Content-Length: 1000\r\n\r\n", b"x", b"408", 0.8),
        (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", b"408", 0.8),
        (b"", b"\r\n", b"", 0.6),
    ],
)
def test_who_sends_a_byte_now_and_then_is_answered_in_time(
    port: int, begin: bytes, part: bytes, status: bytes, least: float
) -> None:
    """Its head, its body, its chunks, or nothing but line ends; others are served meanwhile."""
    began = time.monotonic()
    with connected(port) as slow, connected(port) as other:
        slow.sendall(begin)
        other.sendall(GET)
        assert other.recv(100).startswith(b"HTTP/1.1 200")
        found = drip(slow, part)
        assert found[9:12] == status
        assert b"connection: close" in found or not status
        assert time.monotonic() - began > least


@pytest.mark.parametrize("first", [b"", GET])
def test_idle_connections_are_closed(port: int, first: bytes) -> None:
    """Before a request and after one, also where line ends come."""
    with connected(port) as idle, connected(port) as blank:
        for client in (idle, blank):
            client.sendall(first)
        assert answer_of(idle).startswith(first and b"HTTP/1.1 200")
        if first:
            blank.recv(1 << 20)
            drip(blank, b"\r\n")


def test_many_idle_connections_keep_nobody_out(tmp_path: Path) -> None:
    """A new one takes the place of the oldest that asks nothing; one that asks is kept."""
    limits = replace(LIMITS, head_seconds=LONG * 3, body_seconds=LONG * 3)
    with serving(tmp_path, limits) as port, contextlib.ExitStack() as stack:
        busy = stack.enter_context(connected(port))
        body = b'{"transformations": []}'
        head = b"POST /pde/dataflow/json HTTP/1.1\r\n" + HOST
        busy.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body[:5])
        idle = [stack.enter_context(connected(port)) for _ in range(60)]
        with connected(port) as client:
            client.sendall(GET)
            assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert answer_of(idle[0]) == b""
        busy.sendall(body[5:])
        assert busy.recv(100).startswith(b"HTTP/1.1 422")


def test_an_endless_head_or_body_is_cut_off(tmp_path: Path) -> None:
    """A head with 431; a body that is not wanted, for the token is missing, soon after the 401."""
    limits = replace(LIMITS, head_seconds=LONG * 3, body_seconds=LONG * 3)
    with serving(tmp_path, limits, "a-token-of-some-length") as port:
        with connected(port) as client:
            client.sendall(POST)
            found = drip(client, b"X-Long: " + b"x" * 8000 + b"\r\n")
            assert found[9:12] in (b"431", b"")  # it may be gone before that is read
        with connected(port) as client:
            client.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            assert client.recv(1 << 16)[9:12] == b"401"
            assert drip(client, b"1\r\nx\r\n") == b""


@pytest.mark.parametrize("requests", [BUNDLE * 3, GET * 5000])
def test_who_does_not_read_an_answer_is_cut_off(
    port: int, requests: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Be it of large answers, or of more requests than a connection may have waiting."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(LONG)
        client.connect(("127.0.0.1", port))
        with pytest.raises(ConnectionError):
            _send_and_wait(client, requests)
    assert "Traceback" not in caplog.text


def _send_and_wait(client: socket.socket, requests: bytes) -> None:
    client.sendall(requests)
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        client.sendall(b"\r\n")
        time.sleep(0.01)


def test_requests_that_come_together_are_all_answered(port: int) -> None:
    """Pipelined, in parts that end anywhere."""
    with connected(port) as client:
        requests = GET * 4 + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        for first in range(0, len(requests), 37):
            client.sendall(requests[first : first + 37])
        assert answer_of(client).count(b"HTTP/1.1 200") == 5
