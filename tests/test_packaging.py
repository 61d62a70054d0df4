"""The distributions: what is in them, and that they install and run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Callable, Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from build_support.distributions import CLIENT, CORE, DEFAULT, DISTRIBUTIONS, distribution_name
from build_support.kernel import (
    KERNELS,
    LICENSES,
    Choice,
    KernelUnavailableError,
    choose,
    install_kernel,
    running_platform,
)
from dfanalyzer_client.support.distribution import NAMES
from dfanalyzer_client.support.sql_text import split_statements
from installation import ROOT, InstalledPython, copied_sources, output, ran
from keras_prov._version import __version__
from tools.examples import DOCS, PAGES, needed_modules, normalized, with_real_output

# TensorFlow is downloaded and unpacked into a new environment.
pytestmark = [pytest.mark.thorough, pytest.mark.timeout(1800)]

KERNEL_DIRECTORY = "dfanalyzer_client/private_server/_kernel"
LIBRARY_NAMES = {"bat", "mapi", "monetdb5", "monetdbe", "monetdbsql", "pcre", "stream"}
ELF_MACHINES = {"linux-x86_64": 62, "linux-aarch64": 183}

on_a_kernel_platform = pytest.mark.skipif(
    running_platform() not in KERNELS, reason="there is no MonetDB kernel for this platform"
)


def _tag(platform: str) -> str:
    machine = platform.removeprefix("linux-")
    return f"manylinux_2_17_{machine}.manylinux2014_{machine}"


@pytest.fixture(scope="session")
def copy_sources(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Copies of the source tree, each as a fresh clone has it."""

    def copy() -> Path:
        return copied_sources(tmp_path_factory.mktemp("clone") / "tree")

    return copy


@pytest.fixture(scope="session")
def build_distributions(
    copy_sources: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """What `make dist` builds, from a tree in which other builds have left libraries."""

    def build(*names: str) -> Path:
        directory = tmp_path_factory.mktemp("distributions") / "dist"
        tree = copy_sources()
        _plant_stale_libraries(tree)
        output([sys.executable, "-m", "build_support", str(directory), *names], tree)
        return directory

    return build


@pytest.fixture(scope="session")
def distributions(build_distributions: Callable[..., Path]) -> Path:
    """The source archive of keras-prov, and its wheels."""
    return build_distributions(DEFAULT)


@pytest.fixture(scope="session")
def all_distributions(build_distributions: Callable[..., Path]) -> Path:
    """Source archives and wheels of all names."""
    return build_distributions()


@pytest.fixture(scope="session")
def installed_python(
    distributions: Path, tmp_path_factory: pytest.TempPathFactory
) -> InstalledPython:
    """An interpreter that has this platform's wheel, installed by pip, and all it depends on.

    What it depends on is ours, linked: TensorFlow alone takes minutes to unpack. pip still checks
    that nothing is missing, and would fetch it.
    """
    python = InstalledPython.created(tmp_path_factory.mktemp("installed"))
    tag = _tag(running_platform()) if running_platform() in KERNELS else "any"
    wheel = _wheel(distributions, tag)
    python.link(_needed(_metadata(wheel)))
    python.command("python", "-m", "pip", "install", "-q", str(wheel))
    return python


@pytest.fixture
def tampered_sources(copy_sources: Callable[[], Path]) -> Path:
    """A source tree that pins other hashes than the downloaded wheels have."""
    tree = copy_sources()
    module = tree / "build_support" / "kernel.py"
    text = module.read_text(encoding="utf-8")
    for kernel in KERNELS.values():
        text = text.replace(kernel.sha256, "0" * 64)
    module.write_text(text, encoding="utf-8")
    return tree


@pytest.mark.exhaustive
def test_make_dist_builds_a_wheel_for_each_kernel_and_one_without_and_the_sources(
    all_distributions: Path,
) -> None:
    """All distributions come out of one command, with tags that say where each may go."""
    version = _metadata(_wheel(all_distributions, "any"))["Version"]
    assert {path.name for path in all_distributions.iterdir()} == {
        f"{name}-{version}{ending}"
        for name in ("keras_prov", "keras_prov_core", "dfanalyzer_client")
        for ending in (
            ".tar.gz",
            "-py3-none-any.whl",
            f"-py3-none-{_tag('linux-x86_64')}.whl",
            f"-py3-none-{_tag('linux-aarch64')}.whl",
        )
    }


@pytest.mark.parametrize("platform", KERNELS)
def test_a_platform_wheel_carries_that_platforms_libraries(
    distributions: Path, platform: str
) -> None:
    """All seven libraries are there, and each is machine code for the platform of the tag."""
    with zipfile.ZipFile(_wheel(distributions, _tag(platform))) as wheel:
        libraries = [name for name in _kernel_files(wheel) if ".so" in name]
        heads = [wheel.read(name)[:20] for name in libraries]

    names = {Path(name).name.split("-")[0].removeprefix("lib") for name in libraries}
    assert names == LIBRARY_NAMES
    assert {head[:4] for head in heads} == {b"\x7fELF"}
    assert {int.from_bytes(head[18:20], "little") for head in heads} == {ELF_MACHINES[platform]}


@pytest.mark.parametrize("platform", KERNELS)
def test_the_licences_stand_beside_the_libraries(distributions: Path, platform: str) -> None:
    """Whoever finds the libraries finds the texts under which they may be used."""
    with zipfile.ZipFile(_wheel(distributions, _tag(platform))) as wheel:
        texts = {
            Path(name).name: wheel.read(name).decode()
            for name in _kernel_files(wheel)
            if name.endswith(".txt")
        }

    assert "Mozilla Public License Version 2.0" in texts["LICENSE.MPL-2.0.txt"]
    assert "Release 8 of PCRE" in texts["LICENSE.PCRE.txt"]
    assert "Source code: https://www.monetdb.org/" in texts["NOTICE.txt"]


def test_the_pure_wheel_carries_no_libraries(distributions: Path) -> None:
    """What is tagged for any platform holds nothing that only one can load."""
    with zipfile.ZipFile(_wheel(distributions, "any")) as wheel:
        assert [name for name in wheel.namelist() if ".so" in name] == []
        assert _kernel_files(wheel) == []


def test_a_wheel_installs_our_packages_and_nothing_else(distributions: Path) -> None:
    """Tests, benchmarks and build support stay in the source archive."""
    for path in distributions.glob("*.whl"):
        with zipfile.ZipFile(path) as wheel:
            top = {name.split("/")[0] for name in wheel.namelist()}
        top = {name for name in top if not name.endswith(".dist-info")}
        if path.name.startswith("dfanalyzer_client-"):
            assert top == {"dfanalyzer_client"}
            continue
        assert {"keras_prov", "dfanalyzer_client"} <= top
        assert top <= {"keras_prov", "dfanalyzer_client", "keras_prov-stubs"}


def test_the_source_archive_carries_what_a_build_needs_and_no_libraries(
    distributions: Path,
) -> None:
    """The libraries are fetched by each build, never passed on in the sources."""
    with tarfile.open(_archive(distributions)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    licenses = {f"build_support/licenses/{text.name}" for text in LICENSES.iterdir()}
    assert {"setup.py", "pyproject.toml", "LICENSE", "build_support/kernel.py"} | licenses <= names
    assert [name for name in names if "_kernel" in name or ".so" in Path(name).suffixes] == []


def test_the_metadata_say_what_the_package_needs(distributions: Path) -> None:
    """pip learns the Pythons, the dependencies and the extras from the wheel."""
    metadata = _metadata(_wheel(distributions, "any"))

    assert metadata["Name"] == "keras-prov"
    assert metadata["Requires-Python"] == ">=3.11"
    extras = {
        "arrow",
        "bench",
        "crate",
        "demo",
        "dev",
        "docs",
        "documents",
        "keras-tests",
        "libraries",
        "mcp",
        "mlflow",
        "neo4j",
        "openlineage",
        "pandas",
        "peers",
        "plot",
        "polars",
        "prov",
        "service",
        "sign",
        "system",
        "tensorboard",
        "view",
    }
    assert set(metadata.get_all("Provides-Extra", [])) == extras
    assert {"keras>=3.12", "tensorflow>=2.20", "pymonetdb>=1.8"} <= _needed(metadata)
    assert metadata["Version"] == __version__
    assert metadata["Summary"]
    assert metadata.get_all("Classifier")
    assert metadata.get_all("Project-URL")


@pytest.mark.exhaustive
def test_the_core_differs_in_its_name_and_brings_no_tensorflow(all_distributions: Path) -> None:
    """All else that the metadata say is the same, extras and the command among it."""
    whole, core = (
        _metadata(_wheel(all_distributions, "any", name))
        for name in ("keras_prov", "keras_prov_core")
    )

    assert (whole["Name"], core["Name"], CLIENT) == DISTRIBUTIONS == NAMES
    assert _needed(whole) - _needed(core) == {"tensorflow>=2.20"}
    for each in (whole, core):
        del each["Name"]
    lines = [(key, value) for key, value in whole.items() if value != "tensorflow>=2.20"]
    assert lines == core.items()


@pytest.mark.exhaustive
@pytest.mark.parametrize("tag", ["any", *map(_tag, KERNELS)])
def test_the_distributions_hold_the_same_files(all_distributions: Path, tag: str) -> None:
    """Whichever is installed, it is the same package; the client's lacks what needs Keras."""
    whole, core, client = (
        _hashes(_wheel(all_distributions, tag, name))
        for name in ("keras_prov", "keras_prov_core", "dfanalyzer_client")
    )
    assert whole == core
    assert client == {
        name: crc for name, crc in whole.items() if name.startswith("dfanalyzer_client/")
    }


@pytest.mark.exhaustive
def test_the_tests_in_the_source_archive_find_all_that_they_import(
    distributions: Path, tmp_path: Path
) -> None:
    """Whoever has the archive alone, as packagers have, collects every test of the tree."""
    tree = _unpacked(_archive(distributions), tmp_path)
    assert {path.name for path in tree.glob("tests/**/*.py")} == {
        path.name for path in ROOT.glob("tests/**/*.py")
    }

    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    collected = output(command, tree, clean)

    for path in tree.glob("tests/**/test_*.py"):
        assert f"{path.relative_to(tree).as_posix()}::" in collected


@pytest.mark.exhaustive
def test_a_wrong_hash_fails_make_dist_and_leaves_nothing(tampered_sources: Path) -> None:
    """A release is never built from a file that is not the pinned one."""
    result = ran([sys.executable, "-m", "build_support", "dist"], tampered_sources)

    assert result.returncode == 1
    assert "is not the pinned file: its SHA-256 is" in result.stdout + result.stderr
    assert not (tampered_sources / "dist").exists()


@pytest.mark.exhaustive
@on_a_kernel_platform
def test_a_wrong_hash_lets_an_installation_go_on_without_the_libraries(
    tampered_sources: Path,
) -> None:
    """Whoever only installs gets a warning and a package that can use a MonetDB server."""
    _plant_stale_libraries(tampered_sources)

    log = _build_wheel(tampered_sources, "auto")

    assert "building WITHOUT MonetDB's kernel" in log
    with zipfile.ZipFile(_wheel(tampered_sources / "dist", "any")) as wheel:
        assert _kernel_files(wheel) == []


@pytest.mark.exhaustive
def test_libraries_left_in_the_tree_never_reach_a_wheel(copy_sources: Callable[[], Path]) -> None:
    """What an earlier build or an editable install has left there is not packed."""
    tree = copy_sources()
    _plant_stale_libraries(tree)

    _build_wheel(tree, "linux-aarch64")

    with zipfile.ZipFile(_wheel(tree / "dist", _tag("linux-aarch64"))) as wheel:
        files = _kernel_files(wheel)
    assert len([name for name in files if ".so" in name]) == len(LIBRARY_NAMES)
    assert [name for name in files if "stale" in name] == []


@pytest.mark.exhaustive
@on_a_kernel_platform
def test_an_editable_install_has_the_libraries_in_the_source_tree(
    copy_sources: Callable[[], Path], tmp_path: Path
) -> None:
    """Developers run the same kernel, and one who wants none gets rid of it."""
    tree = copy_sources()
    venv.create(tmp_path / "venv", with_pip=True)
    pip = [str(tmp_path / "venv" / "bin" / "python"), "-m", "pip"]
    install = [*pip, "install", "-q", "--no-deps", "--editable", str(tree)]

    output(install, tmp_path, {**os.environ, "KERAS_PROV_KERNEL": "require"})
    assert len(list((tree / KERNEL_DIRECTORY).glob("lib*.so*"))) == len(LIBRARY_NAMES)

    output(install, tmp_path, {**os.environ, "KERAS_PROV_KERNEL": "none"})
    assert not (tree / KERNEL_DIRECTORY).exists()


def test_the_installed_wheel_runs(installed_python: InstalledPython) -> None:
    """pip makes a working installation from the wheel alone, away from the sources."""
    where = installed_python.run("import dfanalyzer_client; print(dfanalyzer_client.__file__)")

    assert Path(where.strip()).is_relative_to(installed_python.directory)


@on_a_kernel_platform
def test_the_installed_libraries_load(installed_python: InstalledPython) -> None:
    """The private server finds its libraries beside itself, and this machine can load them."""
    script = f"""
import ctypes, pathlib, dfanalyzer_client
kernel = pathlib.Path(dfanalyzer_client.__file__).parents[1] / "{KERNEL_DIRECTORY}"
for name in ("pcre", "stream", "mapi", "bat", "monetdb5", "monetdbsql", "monetdbe"):
    (library,) = kernel.glob(f"lib{{name}}-*.so*")
    ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)
print("loaded")
"""
    assert installed_python.run(script) == "loaded\n"


@pytest.mark.parametrize("platform", ["macosx-14.0-arm64", "win-amd64", "linux-riscv64"])
def test_elsewhere_no_kernel_is_taken_in(platform: str) -> None:
    """A platform without a kernel gets a package without one, and an error where it is required."""
    assert choose("auto", platform) == Choice(None, required=False)
    with pytest.raises(KernelUnavailableError, match=platform):
        choose("require", platform)


@pytest.mark.parametrize("platform", KERNELS)
def test_the_setting_says_which_kernel_and_how_badly(platform: str) -> None:
    """auto goes on without, require and a named platform do not, none takes nothing in."""
    assert choose("", platform) == choose("auto", platform) == Choice(KERNELS[platform], False)
    assert choose("require", platform) == Choice(KERNELS[platform], True)
    assert choose(platform, "win-amd64") == Choice(KERNELS[platform], True)
    assert choose("none", platform) == Choice(None, False)


def test_an_unknown_setting_is_an_error_that_names_the_known_ones() -> None:
    """A slip of the pen does not silently mean auto."""
    with pytest.raises(ValueError, match="auto, require, none, linux-x86_64, linux-aarch64"):
        choose("Linux")


def test_the_setting_says_which_distribution_is_built(tmp_path: Path) -> None:
    """TensorFlow comes by default; a slip of the pen does not silently mean that."""
    assert distribution_name(tmp_path, "") == distribution_name(tmp_path, DEFAULT) == DEFAULT
    assert distribution_name(tmp_path, CORE) == CORE
    assert distribution_name(tmp_path, CLIENT) == CLIENT
    with pytest.raises(ValueError, match="may be keras-prov or keras-prov-core or dfanalyzer"):
        distribution_name(tmp_path, "core")


@pytest.mark.exhaustive
def test_a_source_archive_builds_the_distribution_that_it_is_of(
    all_distributions: Path, tmp_path: Path
) -> None:
    """pip, which sets nothing, makes of an archive what its name promises."""
    for number, name in enumerate(DISTRIBUTIONS):
        archive = _archive(all_distributions, name.replace("-", "_"))
        tree = _unpacked(archive, tmp_path / str(number))
        assert distribution_name(tree, "") == name


def test_a_download_that_fails_says_what_pip_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an index there is no kernel, and the message tells whose complaint it is."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(KernelUnavailableError, match="pip download failed: ERROR: No matching"):
        install_kernel(KERNELS["linux-x86_64"], tmp_path / "kernel")

    assert not (tmp_path / "kernel").exists()


def _wheel(directory: Path, tag: str, name: str = "keras_prov") -> Path:
    (path,) = directory.glob(f"{name}-*-py3-none-{tag}.whl")
    return path


def _archive(directory: Path, name: str = "keras_prov") -> Path:
    (path,) = directory.glob(f"{name}-*.tar.gz")
    return path


def _unpacked(archive: Path, directory: Path) -> Path:
    with tarfile.open(archive) as members:
        members.extractall(directory, filter="data")
    (root,) = directory.iterdir()
    return root


def _hashes(wheel: Path) -> dict[str, int]:
    """Of all files but the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            member.filename: member.CRC
            for member in archive.infolist()
            if ".dist-info/" not in member.filename
        }


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def _needed(metadata: Message) -> set[str]:
    """What an installation without extras brings."""
    return {line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}


def _kernel_files(wheel: zipfile.ZipFile) -> list[str]:
    return [name for name in wheel.namelist() if name.startswith(f"{KERNEL_DIRECTORY}/")]


def _plant_stale_libraries(tree: Path) -> None:
    for parent in ("", "build/lib", _platform_build_directory()):
        directory = tree / parent / KERNEL_DIRECTORY
        directory.mkdir(parents=True)
        (directory / "libstale-0.so.1").write_bytes(b"left by another build")


def _platform_build_directory() -> str:
    return f"build/lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}"


def _build_wheel(tree: Path, setting: str) -> str:
    environment = {**os.environ, "KERAS_PROV_KERNEL": setting}
    result = ran([sys.executable, "-m", "build", "--wheel"], tree, environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout + result.stderr


class Shell:
    """Runs command lines as a user does in whose environment the wheel is installed."""

    def __init__(self, python: InstalledPython, folder: Path) -> None:
        self.folder = folder
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        self._environment = {
            **kept,
            "PATH": f"{python.bin}{os.pathsep}{os.environ['PATH']}",
            "KERAS_PROV_HOME": str(folder / "home"),
        }

    def __call__(self, command: str) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self._environment,
            text=True,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def shell(installed_python: InstalledPython, tmp_path: Path) -> Iterator[Shell]:
    """A shell in the empty environment; its private server is stopped at the end."""
    result = Shell(installed_python, tmp_path)
    yield result
    result("keras-prov server stop")


with_a_private_server = pytest.mark.skipif(
    running_platform() not in KERNELS, reason="there is no private server here"
)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


OF_RELEASES = ("clusters.md", "steer.md")
MARKED_PAGES = [
    pytest.param(page, marks=pytest.mark.exhaustive) if page.name in OF_RELEASES else page
    for page in PAGES
]
"""Pages that take long, and whose steps have tests of their own, are run before a release."""


@with_a_private_server
@pytest.mark.parametrize("page", MARKED_PAGES, ids=name_of)
def test_a_page_says_what_happens(page: Path, shell: Shell) -> None:
    """Installed in an empty environment, every session of a page prints what stands there.

    The Python fragments between the examples run after the first of them.
    """
    text = page.read_text()
    for module in needed_modules(text):  # test_how_to.py runs such pages, where it is installed
        if "None" in shell(
            f"python -c 'import importlib.util as u; print(u.find_spec(\"{module}\"))'"
        ):
            pytest.skip(f"{module} is not installed there")
    assert normalized(with_real_output(text, shell.folder, shell)) == normalized(text)
    (first, *_), fragments = _python_blocks(text)
    if fragments:
        (shell.folder / "fragments.py").write_text("\n".join([first, *fragments]))
        shell("python fragments.py")


@with_a_private_server
@pytest.mark.parametrize(
    ("page", "training", "scripts"),
    [
        ("how-to/ask.md", "how-to/ask.md", 2),
        ("how-to/searches.md", "how-to/searches.md", 1),
        ("reference/tables.md", "how-to/ask.md", 4),
    ],
)
def test_the_documented_queries_run(page: str, training: str, scripts: int, shell: Shell) -> None:
    """Each statement of a page is answered with rows, on the training of one of the pages."""
    (first, *_), _ = _python_blocks((DOCS / training).read_text())
    (shell.folder / "train.py").write_text(first)
    shell("python train.py")
    found = re.findall(r"```sql\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    assert len(found) == scripts
    for script in found:
        (shell.folder / "script.sql").write_text(script)
        answers = shell("keras-prov sql --json < script.sql").split("\n]\n")[:-1]
        assert len(answers) == len(split_statements(script)[0]) - script.count("SET SCHEMA"), script
        for answer in answers:
            assert json.loads(f"{answer}]"), script


@with_a_private_server
def test_the_documented_path_query_runs(shell: Shell) -> None:
    """It has the columns that were asked for."""
    (first, *_), _ = _python_blocks((DOCS / "how-to" / "ask.md").read_text())
    _, (query,) = _python_blocks((DOCS / "reference" / "tables.md").read_text())
    (shell.folder / "train.py").write_text(first)
    (shell.folder / "query.py").write_text(f"{query}\nprint(found.columns, len(found.rows))")
    columns = ["itrainingmodel.learning_rate", "otrainingmodel.epoch_id", "otrainingmodel.loss"]
    shell("python train.py")
    assert shell("python query.py").startswith(f"{columns} ")


def _python_blocks(text: str) -> tuple[list[str], list[str]]:
    """A page's examples in Python, and its fragments that are to be run."""
    text = re.sub(r"<!-- not run: [^>]*-->\n```python\n.*?```", "", text, flags=re.DOTALL)
    examples = re.findall(r"<!-- example: \S+\.py -->\n```python\n(.*?)```", text, re.DOTALL)
    every = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return examples, [each for each in every if each not in examples]
