"""How the viewer is started: by the command, and by view() in a notebook."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import dfanalyzer_client
from dfanalyzer_client import DfAnalyzerError
from dfanalyzer_client.viewer import notebook
from dfanalyzer_client.viewer.serving import PORT
from tools.vendor import PACKAGES, SERVED
from viewer.looking import running_viewer
from viewer.trainings import trained

MOST_BYTES = 2_000_000
"""Of all files that browsers may load."""


def test_what_browsers_load_is_small_and_has_its_licences() -> None:
    """All that is named by version and hash is there, with licences, and below 2 MB."""
    for package in PACKAGES:
        for name in package.files.values():
            assert (package.folder / name).is_file(), name
        assert any("licenses/" in name for name in package.files.values())
    static = SERVED.parent
    assert sum(path.stat().st_size for path in static.rglob("*") if path.is_file()) < MOST_BYTES


def test_view_shows_a_frame_that_answers(home: Path, tag: str) -> None:
    """view() runs one viewer in this process; its frame needs no cookie, its link a browser."""
    trained(tag, epochs=1)
    frame = dfanalyzer_client.view(f"./?dataflow={tag}", height=300)
    again = dfanalyzer_client.view("execution?run=last")
    try:
        assert again.link == frame.link
        assert f"The viewer is at {frame.link}" in repr(frame)
        html = frame._repr_html_()
        assert 'height="300"' in html
        source = html.partition('src="')[2].partition('"')[0].replace("&amp;", "&")
        with urllib.request.urlopen(source) as answer:  # noqa: S310 (our own http)
            assert tag in answer.read().decode()
    finally:
        for running in notebook._running.values():
            running.stop()
        notebook._running.clear()


@pytest.mark.parametrize("path", ["/execution", "http://elsewhere.example/"])
def test_view_shows_pages_of_the_viewer_only(path: str) -> None:
    """A path that would lead elsewhere is refused."""
    with pytest.raises(DfAnalyzerError, match="A page is a path"):
        dfanalyzer_client.view(path)


WITHOUT = """
import sys
sys.modules["fastapi"] = None
from dfanalyzer_client.cli import main
main(["view", "--no-browser"])
"""


def test_without_its_extra_the_command_says_what_to_install() -> None:
    """It is one line with the pip command, and exit code 1."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "[view]'" in done.stderr


@pytest.mark.thorough
def test_a_taken_port_is_no_problem_unless_it_was_asked_for() -> None:
    """Two viewers run beside each other; a port that was named is taken or refused in one line."""
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", PORT))
        except OSError:
            pass  # somebody else has it, which is as good
        else:
            taken.listen()
        command = [sys.executable, "-m", "dfanalyzer_client.cli", "view", "--no-browser"]
        viewer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert viewer.stderr is not None
        said = viewer.stderr.readline()
        viewer.terminate()
        viewer.communicate()
        assert "The viewer is at http://127.0.0.1:" in said
        assert f":{PORT}/" not in said
        refused = subprocess.run(
            [*command, "--port", str(PORT)], capture_output=True, text=True, check=False
        )
        assert refused.returncode == 1
        assert "another --port" in refused.stderr


@pytest.mark.thorough
def test_a_proxy_calls_it_by_a_name_that_was_allowed() -> None:
    """--allow-host lets a name in, and pages of that host may send what pages send."""
    with running_viewer("--allow-host", "prov.example.org") as viewer:
        name = "prov.example.org"
        assert viewer.ask("", host=name).status == 200
        assert viewer.ask("", host=name, origin=f"https://{name}").status == 200
        assert viewer.ask("", host="other.example.org").status == 403
        answer = viewer.ask(
            f"?token={viewer.token}",
            authorization="",
            host=name,
            x_forwarded_proto="https",
            x_forwarded_prefix="/prov",
        )
        assert "Path=/prov; Secure" in answer.headers["set-cookie"]


@pytest.mark.thorough
def test_a_training_in_the_same_process_goes_on(home: Path, tag: str) -> None:
    """What this process trains while its own view() runs is stored, and shown there."""
    frame = dfanalyzer_client.view()
    try:
        trained(tag)
        source = frame._repr_html_().partition('src="')[2].partition('"')[0]
        with urllib.request.urlopen(f"{source}?dataflow={tag}") as answer:  # noqa: S310
            assert "FINISHED" in answer.read().decode()
    finally:
        for running in notebook._running.values():
            running.stop()
        notebook._running.clear()
