"""`dfanalyzer-client`, installed alone: no Keras, no TensorFlow, and nothing that misses them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import pytest

from build_support import distributions
from dfanalyzer_client.private_server import PrivateServer
from installation import InstalledPython, copied_sources, output
from keras_prov._version import __version__

# An environment is created, and a wheel is built.
pytestmark = pytest.mark.thorough

SERVICE = ["fastapi", "fastapi-offline", "httptools", "uvicorn", "uvloop"]

RECORD = """
import sys
import dfanalyzer_client
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation

columns = [Attribute("RATE", AttributeType.NUMERIC), Attribute("NAME", AttributeType.TEXT)]
flow = Dataflow("alone", [Transformation("Step", [Set("iStep", SetType.INPUT, columns)])])
flow.save()
with flow.task("Step") as task:
    task.used(rate=0.1, name="x")
assert dfanalyzer_client.flush(60)
heavy = {"keras", "tensorflow", "torch", "jax", "numpy", "keras_prov"} & sys.modules.keys()
print(flow.exec_tag)
print(sorted(heavy))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network, and so without a kernel."""
    folder = tmp_path_factory.mktemp("client")
    settings = {distributions.SETTING: distributions.CLIENT, "KERAS_PROV_KERNEL": "none"}
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    command += ["--outdir", str(folder / "dist")]
    output(command, copied_sources(folder / "tree"), {**os.environ, **settings})
    (built,) = (folder / "dist").glob("*.whl")
    return built


def requirements(wheel: Path) -> list[str]:
    """What the wheel requires, without its extras."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    return [each for each in metadata.get_all("Requires-Dist", []) if "extra ==" not in each]


@pytest.fixture(scope="module")
def alone(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> InstalledPython:
    """An environment that has the client and what it requires, installed without a network."""
    python = InstalledPython.created(tmp_path_factory.mktemp("alone"))
    python.command("python", "-m", "pip", "install", "-q", "--no-index", "--no-deps", str(wheel))
    python.link(requirements(wheel))
    return python


@pytest.fixture
def environment(home: Path, tmp_path: Path) -> dict[str, str]:
    """This worker's database, and a data folder of the test's own."""
    store = PrivateServer(home).ensure().reveal()
    return {"KERAS_PROV_STORE": store, "KERAS_PROV_HOME": str(tmp_path / "data")}


def test_the_wheel_holds_the_client_alone(wheel: Path) -> None:
    """No module of Keras-Prov, no stubs, and the same files as beside it."""
    with zipfile.ZipFile(wheel) as archive:
        packages = {name.partition("/")[0] for name in archive.namelist()}
    assert packages == {"dfanalyzer_client", f"dfanalyzer_client-{__version__}.dist-info"}
    needed = {re.split(r"[^\w-]", each)[0] for each in requirements(wheel)}
    assert not needed & {"keras", "tensorflow", "numpy", "wrapt"}


def test_a_task_is_recorded_and_asked_for_without_keras(
    alone: InstalledPython, environment: dict[str, str]
) -> None:
    """pip misses nothing, nothing heavy is loaded, and the command shows and exports the rows."""
    assert "No broken requirements" in alone.command("python", "-m", "pip", "check")
    exec_tag, heavy = alone.run(RECORD, **environment).splitlines()
    assert heavy == "[]"

    def told(*arguments: str) -> str:
        return alone.command("keras-prov", *arguments, **environment)

    assert json.loads(told("sql", "--json", 'SELECT rate, name FROM "alone".istep')) == [
        {"rate": 0.1, "name": "x"}
    ]
    assert "alone" in told("runs")
    assert "rate" in told("show", exec_tag)
    for format_ in ("provn", "json"):
        assert "istep" in told("export", exec_tag, "--format", format_)
    module = ("python", "-m", "dfanalyzer_client.cli", "--version")
    assert alone.command(*module) == f"keras-prov, version {__version__}\n"


def test_what_needs_more_says_what_to_install(
    alone: InstalledPython, environment: dict[str, str], tmp_path: Path
) -> None:
    """Of this distribution where it is an extra of it; `run` needs another one."""
    served = alone.try_command("keras-prov", "serve", **environment)
    assert "pip install 'dfanalyzer-client[service]'" in served.stderr
    script = tmp_path / "train.py"
    script.write_text("import keras")
    run = alone.try_command("keras-prov", "run", str(script), **environment)
    assert run.returncode == 2
    assert "pip install keras-prov" in run.stderr


@pytest.fixture
def service(alone: InstalledPython, environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """The address of a service of the environment, to which its extra is added."""
    extra = tmp_path / "extra"
    extra.mkdir()
    alone.link(SERVICE, extra)
    process = subprocess.Popen(
        [str(alone.bin / "keras-prov"), "serve", "--port", "0"],
        cwd=alone.directory,
        env={**os.environ, **environment, "PYTHONPATH": str(extra)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        yield re.findall(r"Serving on (\S+);", process.stderr.readline())[0]
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_the_service_runs_without_keras(service: str) -> None:
    """It takes a message and answers a query."""
    body = b"dataflow(served)\ndataset(istep,{a},{NUMERIC})\ntransformation(step,{istep},{},{})"
    request = urllib.request.Request(f"{service}/pde/dataflow", body)  # noqa: S310 (our own http)
    with urllib.request.urlopen(request) as answer:  # noqa: S310 (our own http)
        assert json.loads(answer.read()) == {"message": 1}
    with urllib.request.urlopen(f"{service}/api/dataflows/list") as answer:  # noqa: S310
        assert answer.status == 200
