"""`containers/`: what the services run, done here without containers, which these tests lack."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client.private_server import PrivateServer
from tools.examples import ROOT

yaml = pytest.importorskip("yaml")

FOLDER = ROOT / "containers"
SECRETS = "/run/secrets/"
IN_CONTAINER = "@monetdb:50000/"


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    """The services, as Compose reads them."""
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
    return found


def test_ports_are_of_this_machine_and_secrets_in_files(composed: dict[str, Any]) -> None:
    """Nothing listens to others, no password is in the file, and git ignores those of users."""
    services = composed["services"]
    ports = [port for each in services.values() for port in each.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)
    used = {name for each in services.values() for name in each.get("secrets", ())}
    assert used == set(composed["secrets"])
    assert {each["file"] for each in composed["secrets"].values()} == {
        f"./secrets/{name}" for name in used
    }
    for text in re.findall(SECRETS + r"(\w+)", (FOLDER / "compose.yaml").read_text("utf-8")):
        assert text in used
    ignored = ROOT / ".gitignore"  # which the source archive lacks
    assert not ignored.exists() or "containers/secrets/" in ignored.read_text("utf-8").split()


def test_what_the_image_copies_is_there(composed: dict[str, Any]) -> None:
    """The image is built from these paths of a checkout."""
    build = composed["services"]["service"]["build"]
    assert (FOLDER / build["context"]).resolve() == ROOT
    lines = (ROOT / build["dockerfile"]).read_text("utf-8").splitlines()
    copied = [path for line in lines if line.startswith("COPY ") for path in line.split()[1:-1]]
    assert "dfanalyzer_client" in copied
    assert all((ROOT / path).exists() for path in copied)


def test_the_services_run_what_they_say(composed: dict[str, Any], tmp_path: Path) -> None:
    """The accounts are created, and the service answers who has its token, over a real server."""
    home, secrets = tmp_path / "farm", tmp_path / "secrets"
    url = PrivateServer(home).ensure()
    secrets.mkdir()
    for name, text in (
        ("monetdb_password", str(url.password)),
        ("lab_password", "0123abc"),
        ("service_token", "token-of-the-service"),
    ):
        (secrets / name).write_text(f"{text}\n")
        (secrets / name).chmod(0o600)
    environment = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "KERAS_PROV_HOME": str(tmp_path / "data"),
    }
    ours = tmp_path / "keras-prov"
    ours.write_text(f'#!/bin/sh\nexec {sys.executable} -m dfanalyzer_client.cli "$@"\n')
    ours.chmod(0o700)

    def command(name: str, *changes: tuple[str, str]) -> list[str]:
        *shell, line = composed["services"][name]["command"]
        here = (("$$", "$"), (SECRETS, f"{secrets}/"), (IN_CONTAINER, f"@127.0.0.1:{url.port}/"))
        for old, new in (*here, *changes):
            assert old in line
            line = line.replace(old, new)
        return [*shell, line]

    try:
        done = subprocess.run(
            command("accounts"), env=environment, capture_output=True, text=True, check=False
        )
        assert "The account lab was created: it may write." in done.stdout, done.stderr
        everywhere = "0.0.0.0"  # noqa: S104 (within the container)
        serving = command("service", (everywhere, "127.0.0.1"), ("--port 22000", "--port 0"))
        with subprocess.Popen(serving, env=environment, stderr=subprocess.PIPE, text=True) as run:
            assert run.stderr is not None
            try:
                (address,) = re.findall(r"Serving on (http://\S+);", run.stderr.readline())
                request = urllib.request.Request(  # noqa: S310 (http, as the pattern says)
                    f"{address}/api/dataflows/list",
                    headers={"Authorization": "Bearer token-of-the-service"},
                )
                with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                    assert answer.read() == b"[]"
            finally:
                run.terminate()
    finally:
        PrivateServer(home).stop()
