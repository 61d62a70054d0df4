"""Who gets into the viewer, and what its answers allow a browser to do."""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dfanalyzer_client
from dfanalyzer_client.private_server import PrivateServer
from viewer.looking import Viewer, running_viewer
from viewer.trainings import trained

EVERYWHERE = "0.0.0.0"  # noqa: S104  # is refused without a token, and for a moment with one


@pytest.mark.parametrize(
    "path", ["", "execution?run=last", "executions/events", "static/viewer.js"]
)
def test_without_the_token_nobody_gets_in(viewer: Viewer, path: str) -> None:
    """Pages, events and files need the link's token, and the refusal says where it is."""
    for wrong in ("", "Bearer", "Bearer x", f"Bearer {viewer.token}x"):
        answer = viewer.ask(path, authorization=wrong)
        assert answer.status == 401
        assert "keras-prov view" in answer.text
        assert viewer.token not in answer.text


def test_the_link_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(viewer: Viewer) -> None:
    """The link's answer sets an HttpOnly, SameSite=Strict cookie, and goes on without the token."""
    answer = viewer.ask(f"?token={viewer.token}&where=id%3C9", authorization="")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "url=./?where=id%3C9" in answer.text
    assert viewer.token not in answer.text
    assert viewer.ask("", authorization="", cookie=cookie.partition(";")[0]).status == 200
    assert viewer.ask(f"?token={viewer.token}x", authorization="").status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "localhost:9999"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "no-cors"}, 403),
    ],
)
def test_other_hosts_and_origins_are_refused(
    viewer: Viewer, headers: dict[str, str], status: int
) -> None:
    """DNS rebinding and pages of other sites are refused; an SSH tunnel's other port is not."""
    assert viewer.ask("", **headers).status == status


def test_what_changes_something_needs_the_pages_token(viewer: Viewer, tag: str) -> None:
    """A POST without the header that only our pages know is refused, whoever has the cookie."""
    trained(tag, epochs=1)
    body = urllib.parse.urlencode({"run": "last", "tags": "seen"}).encode()
    assert viewer.ask("annotations", body).status == 403
    assert viewer.ask("annotations", body, x_csrf_token="0" * 64).status == 403
    assert viewer.ask("execution?run=last", body).status == 403


@pytest.mark.thorough
def test_who_may_not_tag_is_told_so(home: Path, tmp_path: Path, tag: str) -> None:
    """A viewer with a reader's account changes nothing, and its form says which rights it lacks."""
    trained(tag, epochs=1)
    assert dfanalyzer_client.flush(30)
    reader = PrivateServer(home).reader_url().reveal()
    other = tmp_path / "other"
    with running_viewer(KERAS_PROV_STORE=reader, KERAS_PROV_HOME=str(other)) as viewer:
        token = viewer.ask("sql").text.partition('"X-CSRF-Token": "')[2].partition('"')[0]
        body = urllib.parse.urlencode({"run": "last", "tags": "seen"}).encode()
        answer = viewer.ask("annotations", body, x_csrf_token=token)
    assert "GRANT INSERT on execution_tag" in answer.text
    assert not list(other.glob("journals/*.journal"))


def test_browsers_are_told_to_run_nothing_else(viewer: Viewer) -> None:
    """Each answer forbids inline scripts, other hosts, frames, and guesses of types."""
    for path in ("", "static/viewer.js", "no-such-page"):
        headers = viewer.ask(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_files_beside_the_viewers_are_not_served(viewer: Viewer) -> None:
    """No path leads out of the folder of static files."""
    for path in ("static/../app.py", "static/%2e%2e/app.py", "static/..%2fapp.py"):
        assert viewer.ask(path).status in (400, 404)


@pytest.mark.thorough
def test_a_proxys_prefix_is_taken_off_and_stays_in_links(tag: str, browser: Any) -> None:
    """Below a path that a proxy does not remove, the pages work, with their scripts and events."""
    trained(tag)
    with running_viewer("--root-path", "proxied/viewer/") as viewer:
        assert viewer.root.endswith("/proxied/viewer/")
        page = browser.new_page()
        page.goto(viewer.link)
        page.wait_for_selector("tbody tr")
        page.click(f"tbody a[href*='{tag}']")
        page.wait_for_selector(".chart canvas")
        assert "/proxied/viewer/execution?run=" in page.url
        page.close()


@pytest.mark.thorough
def test_a_frame_needs_no_cookie(
    look: Callable[..., Any], browser: Any, viewer: Viewer, tag: str
) -> None:
    """Below /frame/TOKEN/, all works without a cookie, as in a notebook of another site."""
    trained(tag)
    page = browser.new_context().new_page()
    page.goto(f"{viewer.root}frame/{viewer.token}/execution?run=last")
    page.wait_for_selector(".chart canvas")
    assert page.context.cookies() == []
    assert viewer.ask(f"frame/{viewer.token}x/", authorization="").status == 401
    policy = viewer.ask(f"frame/{viewer.token}/").headers["content-security-policy"]
    assert "frame-ancestors 'self' http://localhost:*" in policy
    page.context.close()


@pytest.mark.thorough
def test_beyond_loopback_a_token_of_ones_own_is_needed(tmp_path: Any) -> None:
    """Other machines are served only with a token that was given, and by any name."""
    refused = pytest.raises(AssertionError, match="requires a token of yours")
    with refused, running_viewer("--host", EVERYWHERE):
        pass
    token = tmp_path / "token"
    token.write_text("a" * 32)
    token.chmod(0o600)
    with running_viewer("--host", EVERYWHERE, "--token-file", str(token)) as viewer:
        assert viewer.token == "a" * 32
        assert viewer.ask("", host="viewer.example").status == 200
