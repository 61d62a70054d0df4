"""What a crate is put together from: the script that a command line names, commits, file names."""

from __future__ import annotations

import os
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
    flush,
)
from dfanalyzer_client.errors import CrateError
from dfanalyzer_client.executions.environment import Environment, environment_of
from dfanalyzer_client.executions.reader import read_execution
from dfanalyzer_client.executions.record import FileRecord, TaskRecord
from dfanalyzer_client.executions.summaries import find_execution
from dfanalyzer_client.export.crate._container import image_of
from dfanalyzer_client.export.crate._files import collect_files, safe_name, unused_name
from dfanalyzer_client.export.crate._lock import Locked, lock, requirements_text
from dfanalyzer_client.export.crate._script import find_script
from dfanalyzer_client.export.crate._sources import changes, collect_sources
from dfanalyzer_client.export.crate._tables import _line
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.store import Connection
from dfanalyzer_client.support.digest import file_digest

PYTHON = "/usr/bin/python3"
NOW = datetime.now(UTC).replace(tzinfo=None)


def environment(command: str, folder: Path | str, **process: str) -> Environment:
    """An environment whose process was started so."""
    said = {"command_line": command, "working_directory": str(folder), **process}
    values = {name: [value] for name, value in said.items()}
    return Environment({"process": values, "python": {"executable": [PYTHON]}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with scripts of several kinds."""
    for name in ("train.py", "my train.py", "notes.ipynb", "pkg/__main__.py", "pkg/fit.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("train.py --epochs 3", "train.py"),
        ("'my train.py'", "my train.py"),
        ("-u -X importtime -Wignore -W error train.py -m other", "train.py"),
        ("--check-hash-based-pycs never train.py", "train.py"),
        ("pkg", "pkg/__main__.py"),
        ("-m pkg -c x", "pkg/__main__.py"),
        ("-m pkg.fit", "pkg/fit.py"),
        ("-Bmpkg.fit", "pkg/fit.py"),
        ("/usr/bin/keras-prov run --capture all,MODEL --tag=x train.py run", "train.py"),
        ("/usr/bin/keras-prov run --no-adaptation --store … -m pkg.fit", "pkg/fit.py"),
        ("-m keras_prov run train.py", "train.py"),
        ("-m dfanalyzer_client.cli run -m pkg", "pkg/__main__.py"),
        ("train.py --password …", "train.py"),
    ],
)
def test_the_script_that_a_command_line_names(folder: Path, words: str, name: str) -> None:
    """Of Python, with its options, and of `keras-prov run`."""
    found = find_script(environment(f"{PYTHON} {words}", folder), NOW + timedelta(hours=1))
    assert (found.path, found.reason, found.changed) == (folder / name, "", None)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("-c 'print(1)'", "the program was given on the command line (python -c)"),
        ("-Ic pass train.py", "the program was given on the command line (python -c)"),
        ("-", "the program was read from standard input"),
        ("", "it was typed at a prompt"),
        ("-m pytest train.py", "module pytest is not in the folder that it was started in"),
        ("gone.py", "file gone.py is not where it was"),
        ("…/train.py", "its name is masked in the recorded command line"),
        ("/usr/bin/torchrun train.py", "it was run by the installed command torchrun"),
        ("/usr/bin/keras-prov run --tag", "the recorded command line names no script"),
        ("train.py 'cut o…", "the recorded command line is incomplete"),
    ],
)
def test_where_no_script_is_named_the_reason_is(folder: Path, words: str, reason: str) -> None:
    """Nothing is guessed, and what was masked is not looked for."""
    found = find_script(environment(f"{PYTHON} {words}", folder), NOW)
    assert (found.path, found.reason) == (None, reason)


def test_a_notebook_is_the_script_of_its_kernel(folder: Path) -> None:
    """Whatever the kernel was started with."""
    kernel = environment(f"{PYTHON} -m ipykernel_launcher -f x", folder, notebook="notes.ipynb")
    assert find_script(kernel, NOW + timedelta(hours=1)).path == folder / "notes.ipynb"


def test_a_notebook_without_a_name_is_no_script(folder: Path) -> None:
    """Its cell stands for the command line, and names no file."""
    unknown = environment("notebook, In [7]", folder)
    assert find_script(unknown, NOW).reason == "it was run in a notebook whose file is not known"


def test_a_script_that_was_changed_since_says_when(folder: Path) -> None:
    """By the time of its last change."""
    os.utime(folder / "train.py", (1_800_000_000, 1_800_000_000))
    changed = datetime.fromtimestamp(1_800_000_000, UTC).replace(tzinfo=None)
    command = environment(f"{PYTHON} train.py", folder)

    assert find_script(command, changed - timedelta(seconds=1)).changed == changed
    assert find_script(command, changed + timedelta(seconds=1)).changed is None
    assert find_script(command, None).changed is None


@pytest.mark.parametrize(
    ("remote", "url", "page"),
    [
        ("https://github.com/a/b.git", "https://github.com/a/b", "https://github.com/a/b/tree/f0"),
        ("git@github.com:a/b.git", "https://github.com/a/b", "https://github.com/a/b/tree/f0"),
        ("ssh://git@gitlab.com/a/b", "https://gitlab.com/a/b", "https://gitlab.com/a/b/-/tree/f0"),
        ("https://…@example.org/b/", "https://example.org/b", None),
        ("ssh://git@example.org:22/b", None, None),
        ("https://example.org/…", None, None),
        ("/srv/git/b.git", None, None),
        ("file:///srv/git/b.git", None, None),
    ],
)
def test_where_a_commit_can_be_seen(remote: str, url: str | None, page: str | None) -> None:
    """In a browser, where the remote says so; no login becomes part of it."""
    source = Environment({"git": {"commit": ["f0"], "remote": [remote]}}).source
    assert source is not None
    assert (source.url, source.commit_url) == (url, page)


def test_two_environments_keep_both_values() -> None:
    """In the order of the trainings; the requirements are the last one's."""
    values = {"package": {"numpy": ["1.0", "2.0"], "keras": ["3.0"], "odd": [""]}}
    found = Environment(values)
    assert found.as_json() == {"package": {"numpy": ["1.0", "2.0"], "keras": "3.0", "odd": ""}}
    assert found.requirements() == "numpy==2.0\nkeras==3.0\n"


def test_a_return_to_the_first_environment_is_the_last(home: Path, tag: str) -> None:
    """Of three trainings the last one's value; a row of no environment says nothing."""
    text = [Attribute(name, AttributeType.TEXT) for name in ("KIND", "NAME", "VALUE")]
    flow = Dataflow(tag, [Transformation("Step", [Set("iEnvironment", SetType.INPUT, text)])])
    for version in ("3.0", "3.1", "3.1", "3.0"):
        with flow.task("Step") as task:
            task.used(["keras", "version", version])
            task.used(["keras", "backend", None])
    assert flush(30)
    connection = Connection(PrivateServer(home).reader_url())
    summary = find_execution(connection, flow.exec_tag)
    found = environment_of(read_execution(connection, tag, summary.id))
    connection.close()
    assert found.as_json() == {"keras": {"version": ["3.0", "3.1", "3.0"]}}
    assert (found.first("keras", "version"), found.latest("keras", "version")) == ("3.0", "3.0")


def test_names_of_files_are_safe_and_unlike() -> None:
    """No folder above, nothing hidden, no difference of case alone."""
    given = ["../../etc/passwd", r"C:\x\a b.keras", ".hidden", "", "…", "m.weights.h5"]
    assert [safe_name(each) for each in given] == [
        "passwd",
        "a_b.keras",
        "hidden",
        "file",
        "_",
        "m.weights.h5",
    ]
    taken: set[str] = set()
    names = [unused_name(each, taken) for each in ("m.weights.h5", "M.weights.h5", "m.weights.h5")]
    assert names == ["m.weights.h5", "M-2.weights.h5", "m-3.weights.h5"]


def test_a_cell_says_what_is_null_and_what_is_empty() -> None:
    """NULL is nothing, an empty text a pair of quotes; numbers stay exact."""
    row = [None, "", "a", 'b "c", d', "x\ny", 0.1, float("nan"), float("-inf"), 2**60]
    assert _line(row) == (',"",a,"b ""c"", d","x\ny",0.1,NaN,-Infinity,1152921504606846976\r\n')


def test_a_file_of_which_little_is_known_is_named(tmp_path: Path) -> None:
    """The predecessor knows neither mode nor SHA-256; a URL is shown without its login."""
    writer, reader = (TaskRecord(id_, "step", id_, str(id_), "", None, None) for id_ in (1, 2))
    files = [
        FileRecord(1, writer, "a", "/data/a"),
        FileRecord(2, writer, "b", "s3://key:secret@bucket/b?x=1", "written", 7, "0" * 64),
        FileRecord(3, reader, "b", "s3://key:secret@bucket/b?x=1", "read", 7, "0" * 64),
    ]
    first, second = collect_files(files, tmp_path)

    assert (first.path, first.writers, first.readers) == (None, {1}, frozenset())
    assert second.origins == ("s3://bucket/b",)
    assert (second.path, second.writers, second.readers) == (None, {1}, {2})
    assert second.note == "it is at a URL, and not in the artifact store"
    assert not list(tmp_path.iterdir())


def test_requirements_have_hashes_where_an_index_has_them() -> None:
    """Ours have none; what was not imported but is required is told apart."""
    packages = {"keras-prov": ["0.1.0"], "alpha": ["1.0"]}
    captured = Environment({"python": {"version": ["3.11.7"]}, "package": packages})
    plain = requirements_text(captured).splitlines()
    found = [Locked("alpha", "1.0", "a" * 64), Locked("beta", "2.0", "b" * 64)]
    locked = requirements_text(captured, found).splitlines()

    assert plain[0].startswith("# Python 3.11.7.")
    assert plain[2:] == ["keras-prov==0.1.0", "alpha==1.0"]
    place = locked.index("# Not imported, but required by what was; their versions are today's.")
    assert locked[place - 3 : place] == [
        "# keras-prov==0.1.0",
        "alpha==1.0 \\",
        f"    --hash=sha256:{'a' * 64}",
    ]
    assert locked[place + 1 :] == ["beta==2.0 \\", f"    --hash=sha256:{'b' * 64}"]
    assert requirements_text(Environment()) == ""


@pytest.mark.thorough
def test_hashes_come_from_the_index_of_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are those of its archives; where it has none, the cure is named."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    wheels = [wheel(tmp_path, "alpha", "Requires-Dist: beta"), wheel(tmp_path, "beta")]
    found = lock(Environment({"package": {"alpha": ["1.0"], "keras-prov": ["0.1.0"]}}))

    assert [(each.name, each.version) for each in found] == [("alpha", "1.0"), ("beta", "1.0")]
    assert [each.sha256 for each in found] == [file_digest(each)[1] for each in wheels]
    with pytest.raises(CrateError, match=r"gamma==1\.0.*PIP_FIND_LINKS.*leave out --lock"):
        lock(Environment({"package": {"gamma": ["1.0"]}}))


def wheel(folder: Path, name: str, *lines: str) -> Path:
    """A wheel with nothing in it."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        about = [f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0", *lines]
        archive.writestr(f"{name}-1.0.dist-info/METADATA", "\n".join(about) + "\n")
        kind = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", kind)
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("keras:3", ("DockerImage", "docker.io", "keras", "3")),
        ("ghcr.io/ada/train", ("DockerImage", "ghcr.io", "ada/train", None)),
        (f"docker://a/b:1@sha256:{'c' * 64}", ("DockerImage", "docker.io", "a/b", "1")),
        ("/images/keras.sif", ("SIFImage", None, "keras.sif", None)),
    ],
)
def test_the_image_is_described_by_its_parts(named: str, expected: tuple[Any, ...]) -> None:
    """Its kind, registry, name and tag, as the run profiles ask."""
    image = image_of(Environment({"process": {"container_image": [named]}}))

    assert image is not None
    kind = image["additionalType"]["@id"].rpartition("#")[2]
    assert (kind, image.get("registry"), image["name"], image.get("tag")) == expected
    assert image.get("sha256") == ("c" * 64 if "sha256" in named else None)
    assert image_of(Environment()) is None


def test_changed_files_are_found_in_the_commit_and_compared_with_it(tmp_path: Path) -> None:
    """One changed since the run is taken from there; one changed before it has a diff."""
    folder, crate = tmp_path / "work", tmp_path / "crate"
    folder.mkdir()
    for name in ("later.py", "before.py", "lost.py"):
        (folder / name).write_text(f"# {name}\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
        subprocess.run(command, cwd=folder, check=True)
    (folder / "before.py").write_text("# another\n")
    recorded = {each.name: [file_digest(each)[1]] for each in folder.glob("*.py")}
    recorded["lost.py"] = ["0" * 64]
    (folder / "later.py").write_text("# changed later\n")
    commit = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder, text=True).strip()
    captured = Environment(
        {
            "process": {"source_folder": [str(folder)]},
            "git": {"commit": [commit], "repository": [str(folder)]},
            "source": {**recorded, "../outside.py": ["0" * 64]},
        }
    )
    sources = collect_sources(captured, crate)
    found = {each.name: (each.path, each.note) for each in sources}

    assert found == {
        "later.py": ("script/later.py", "in the recorded commit"),
        "before.py": ("script/before.py", "where it was"),
        "lost.py": (None, "it was changed since"),
    }
    assert (crate / "script" / "later.py").read_text() == "# later.py\n"
    lines = changes(sources, crate).splitlines()
    assert lines == [
        "--- a/before.py",
        "+++ b/before.py",
        "@@ -1 +1 @@",
        "-# before.py",
        "+# another",
    ]
