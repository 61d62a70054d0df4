"""What a training ran in is recorded as it is, and no secret with it."""

from __future__ import annotations

import getpass
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import keras
import pytest

from dfanalyzer_client.support.digest import file_digest
from keras_prov._environment import collect
from keras_prov._environment import git as git_module
from keras_prov._environment import packages as _packages
from keras_prov._environment.collect import environment
from keras_prov._environment.git import git_state
from keras_prov._secrets import is_secret_name, masked, masked_arguments

ROOT = Path(__file__).parents[2]
PRINTS_ENVIRONMENT = """
    import json
    from keras_prov._environment.collect import environment
    print(json.dumps(environment()))
"""


def of(kind: str, rows=None) -> dict[str, str]:
    """The rows of a kind, by name."""
    return {name: value for each, name, value in rows or environment() if each == kind}


def run(*command, cwd: Path, **variables: str) -> str:
    """What a process prints."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2", **variables}
    result = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout


def rows_of(path: Path, *arguments: str, cwd: Path, **variables: str) -> list[list[str]]:
    """The environment as a script of its own sees it."""
    return json.loads(run(sys.executable, str(path), *arguments, cwd=cwd, **variables))


def git(folder: Path, *command: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    return run("git", *identity, *command, cwd=folder).strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit, and a script in it that prints its environment."""
    folder = tmp_path / "work" / "experiment"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text(textwrap.dedent(PRINTS_ENVIRONMENT))
    git(folder, "init", "--quiet", "--initial-branch=trunk")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=first")
    return folder


def test_rows_are_texts_without_repetition():
    """Each is a kind, a name and a value; together kind and name occur once."""
    keras.ops.ones(1)  # from here on the backend has devices to tell
    rows = environment()

    assert all(isinstance(part, str) for row in rows for part in row)
    assert len({row[:2] for row in rows}) == len(rows)
    kinds = ["python", "platform", "process", "keras", "device", "package"]
    assert list(dict.fromkeys(kind for kind, _, _ in rows))[:6] == kinds


def test_it_says_what_runs_here():
    """Python, machine, host, user and folder are those of this process."""
    rows = environment()

    assert of("python", rows) == {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
    }
    assert of("platform", rows)["machine"] == platform.machine()
    process = of("process", rows)
    assert (process["host"], process["user"]) == (platform.node(), getpass.getuser())
    assert process["working_directory"] == str(Path.cwd())
    assert "python" in process["command_line"]


def test_keras_and_its_backend():
    """Versions of both, and the devices of a backend that the program has used."""
    import tensorflow as tf

    tf.constant(1.0)
    rows = environment()

    assert of("keras", rows) == {
        "version": keras.__version__,
        "backend": "tensorflow",
        "backend_version": tf.__version__,
    }
    assert of("device", rows)["cpu:0"] == "CPU"


@pytest.mark.thorough
@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_asking_for_devices_initializes_no_backend(backend, tmp_path):
    """Before the program has used it, a backend has no devices to tell, and stays untouched."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    script = """
        import keras, sys
        from keras_prov._environment.collect import environment
        modules = set(sys.modules)
        rows = environment()
        others = {"tensorflow", "jax", "torch"} & (set(sys.modules) - modules)
        if keras.config.backend() == "tensorflow":
            from tensorflow.python.eager import context
            touched = getattr(context.context_safe(), "_initialized", False)
        elif keras.config.backend() == "jax":
            from jax._src import xla_bridge
            touched = bool(xla_bridge._backends)
        else:
            import torch
            touched = torch.cuda.is_initialized()
        before = [name for kind, name, _ in rows if kind == "device"]
        keras.Sequential([keras.layers.Input([1]), keras.layers.Dense(1)])
        after = [name for kind, name, _ in environment() if kind == "device"]
        print(touched, before, after[0], sorted(others))
    """
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script))

    printed = run(sys.executable, str(path), cwd=tmp_path, KERAS_BACKEND=backend).split(maxsplit=1)

    before = "['cpu:0']" if backend == "torch" else "[]"
    assert printed == ["False", f"{before} cpu:0 []\n"]


def is_of(distribution: str, module: str) -> bool:
    """Whether a module was imported from there: Devito, too, installs a module `benchmarks`."""
    folder = importlib.metadata.distribution(distribution).locate_file("")
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is None or Path(file).is_relative_to(folder)


def test_imported_packages_are_those_of_importlib():
    """Names and versions are what `importlib.metadata` says of the imported modules."""
    import scipy.stats  # noqa: F401
    import sklearn  # noqa: F401

    packages = of("package")
    known = importlib.metadata.packages_distributions()
    names = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names

    assert {"keras", "numpy", "pytest", "scikit-learn", "tensorflow"} <= set(packages)
    for name, version in packages.items():
        if name != "keras-prov":  # whose metadata may stand in the clone
            assert importlib.metadata.version(name) == version
    certain = {
        known[name][0]
        for name in names
        if len(known.get(name, [])) == 1 and is_of(*known[name], name)
    }
    certain = {re.sub("[-_.]+", "-", name).lower() for name in certain}
    without_file = {"google", "_distutils_hack"}
    assert certain - set(packages) <= without_file | {"keras-prov"}


def test_a_later_import_is_found_and_a_namesake_is_not(tmp_path, monkeypatch):
    """What is remembered grows; a user's file that has a distribution's name is not that one."""
    site, own = tmp_path / "site", tmp_path / "own"
    for name in ("late_one", "late_two"):
        (site / f"{name}-1.2.3.dist-info").mkdir(parents=True)
    (site / "late_one-1.2.3.dist-info" / "RECORD").write_text("lateone/__init__.py,,\n")
    (site / "lateone").mkdir()
    (site / "lateone" / "__init__.py").touch()
    own.mkdir()
    (own / "late_two.py").touch()
    assert "late-one" not in _packages.imported_packages()
    monkeypatch.syspath_prepend(site)
    monkeypatch.syspath_prepend(own)

    import late_two  # noqa: F401
    import lateone  # noqa: F401

    packages = _packages.imported_packages()
    assert packages["late-one"] == "1.2.3"
    assert "late-two" not in packages


def test_packages_stay_the_same_once_the_exporter_stores(tmp_path):
    """What its thread imports is listed before it is imported, and is not imported for that."""
    script = tmp_path / "train.py"
    script.write_text(
        textwrap.dedent("""
            import json, sys
            import keras_prov
            from keras_prov._environment.packages import imported_packages
            before, is_imported = imported_packages(), "pymonetdb" in sys.modules
            import dfanalyzer_client.store.writer
            print(json.dumps([before, imported_packages(), is_imported]))
        """)
    )
    before, after, is_imported = json.loads(run(sys.executable, str(script), cwd=tmp_path))

    assert not is_imported
    assert before == after
    assert {"pymonetdb", "tenacity"} <= set(before)


def test_modules_that_load_on_first_use_stay_unloaded(tmp_path, monkeypatch):
    """A lazy module is not loaded by being looked at."""
    import importlib.util

    (tmp_path / "lazy_one.py").write_text("raise AssertionError('loaded')")
    monkeypatch.syspath_prepend(tmp_path)
    spec = importlib.util.find_spec("lazy_one")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "lazy_one", module)
    spec.loader.exec_module(module)

    assert _packages.imported_packages()


@pytest.mark.thorough
def test_the_commit_of_the_scripts_folder(repository, tmp_path):
    """Wherever it was started from, a script has the commit of its own folder."""
    rows = rows_of(repository / "train.py", cwd=tmp_path)

    assert of("git", rows) == {
        "repository": str(repository.resolve()),
        "commit": git(repository, "rev-parse", "HEAD"),
        "branch": "trunk",
        "dirty": "false",
    }


def test_a_change_is_dirty_and_a_detached_head_has_no_branch(repository):
    """A file that is not in git does not count, a changed one does."""
    (repository / "notes.txt").write_text("new")
    assert git_state(repository)["dirty"] == "false"

    (repository / "train.py").write_text("changed")
    git(repository, "checkout", "--quiet", "--detach")
    state = git_state(repository)

    assert state["dirty"] == "true"
    assert "branch" not in state


@pytest.mark.parametrize(
    ("url", "recorded"),
    [
        ("https://example.org/ada/digits.git", "https://example.org/ada/digits.git"),
        ("git@example.org:ada/digits.git", "git@example.org:ada/digits.git"),
        ("https://ada:hunter2@example.org/digits", "https://…@example.org/digits"),
    ],
)
def test_where_the_repository_was_cloned_from(repository, url, recorded):
    """The URL of origin, where there is one, and no password in it."""
    assert "remote" not in git_state(repository)
    git(repository, "remote", "add", "origin", url)
    assert git_state(repository)["remote"] == recorded


def test_git_changes_nothing_in_the_repository(repository):
    """Not even the index is refreshed, and nothing waits for its lock."""
    index = repository / ".git" / "index"
    os.utime(repository / "train.py", (1, 1))
    before = index.read_bytes()
    (repository / ".git" / "index.lock").touch()

    assert git_state(repository)["dirty"] == "false"
    assert index.read_bytes() == before


def test_git_runs_nothing_that_a_repository_names(repository, tmp_path):
    """No content filter, monitor, hook or transport of it; Git LFS' filters are kept."""
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $0 >> {ran}\ncat\n")
    script.chmod(0o755)
    (repository / ".gitattributes").write_text("train.py filter=evil\n*.h5 filter=lfs\n")
    git(repository, "config", "filter.evil.clean", str(script))
    git(repository, "config", "filter.evil.process", str(script))
    git(repository, "config", "filter.evil.required", "true")
    git(repository, "config", "core.fsmonitor", str(script))
    git(repository, "config", "core.sshCommand", str(script))
    (repository / ".git" / "hooks" / "post-index-change").symlink_to(script)
    os.utime(repository / "train.py")  # so that its content is compared
    state = git_state(repository)
    assert state["dirty"] == "false"
    assert not ran.exists()
    assert git_module._without_filters(repository)["GIT_CONFIG_KEY_0"] == "filter.evil.clean"
    git(repository, "config", "filter.evil.clean", "git-lfs clean -- %f")
    git(repository, "config", "filter.evil.process", "git-lfs filter-process")
    assert git_module._without_filters(repository) == {}


def test_no_commit_without_repository_without_commits_and_without_git(
    repository, tmp_path, monkeypatch
):
    """Each leaves the rows out and raises nothing."""
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet")

    assert git_state(empty) == {}
    assert git_state(tmp_path / "not there") == {}
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_state(tmp_path) == {}
    monkeypatch.setenv("PATH", str(empty))
    assert git_state(repository) == {}


def test_a_git_that_does_not_answer_is_given_up(repository, tmp_path, monkeypatch):
    """After the time that it has, there are no rows."""
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o700)
    monkeypatch.setenv("PATH", str(slow.parent), prepend=os.pathsep)
    monkeypatch.setattr("keras_prov._environment.git.TIMEOUT_SECONDS", 0.05)

    assert git_state(repository) == {}


@pytest.mark.thorough
def test_the_command_line_is_that_of_the_process_with_secrets_masked(repository):
    """Arguments stand as they were given, quoted, but for what is secret."""
    arguments = ["--epochs", "3", "--password", "hunter2", "--name", "two words", "--token=abc"]

    rows = rows_of(repository / "train.py", *arguments, cwd=repository)

    line = of("process", rows)["command_line"]
    assert line.endswith("train.py --epochs 3 --password … --name 'two words' --token=…")
    assert sys.executable in line


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ("--password hunter2 --lr 0.1", "--password … --lr 0.1"),
        ("--token --api-key hunter2", "--token … …"),
        ("--api-key=hunter2", "--api-key=…"),
        ("--db.secret hunter2", "--db.secret …"),
        ("-password hunter2", "-password …"),
        ("API_KEY=hunter2 lr=0.1", "API_KEY=… lr=0.1"),
        ("+db.password=hunter2,hunter2", "+db.password=…"),
        ("MYSQL_PWD=hunter2 PGPASSWORD=hunter2", "MYSQL_PWD=… PGPASSWORD=…"),
        ("monetdb://ada:hunter2@db:50000/p", "monetdb://…@db:50000/p"),
        ("--store=monetdb://ada:hun@ter2@db/p", "--store=monetdb://…@db/p"),
        ("https://example.org/x?token=hunter2&y=1", "https://example.org/x?token=…&y=1"),
        ("--max-tokens 512 --tokenizer bert", "--max-tokens 512 --tokenizer bert"),
        ("--sort-key size --monkey 1", "--sort-key size --monkey 1"),
        ("--data /data/0123456789abcdef0123456789abcdef/x", None),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "…"),
        ("--wandb 0123456789abcdef0123456789abcdef01234567", "--wandb …"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "…"),
        ("--run resnet50-imagenet-2026-01-01-augmented-Run", None),
    ],
)
def test_secrets_in_arguments(arguments, shown):
    """What says or looks that it is one is masked, and other words are not."""
    given = arguments.split()

    assert " ".join(masked_arguments(given)) == (arguments if shown is None else shown)


def test_secrets_within_an_argument():
    """In JSON, headers and texts of programs they are masked where they stand."""
    assert masked('{"api_key": "hunter2", "lr": 0.1}') == '{"api_key": …, "lr": 0.1}'
    assert "hunter2" not in masked('{"a": "password=hunter2"}')
    assert "hunter2" not in masked("Authorization: Bearer hunter2")
    assert masked_arguments(["password=a b, c"]) == ["password=…"]


def test_long_arguments_take_no_long_time():
    """A program of some hundred thousand characters is masked in linear time."""
    for text in ("a" * 300_000, "a." * 150_000, "a=" * 400, "k:/" * 100_000, "-" * 300_000):
        assert masked(text)


@pytest.mark.parametrize("name", ["WANDB_API_KEY", "dbPassword", "accesstoken", "X-Auth", "secret"])
def test_names_of_secrets(name):
    """In any spelling."""
    assert is_secret_name(name)


def test_variables_are_those_of_the_list_alone(monkeypatch):
    """Nothing else of the environment is read, and a secret among them is masked."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "7")
    monkeypatch.setenv("TF_GPU_ALLOCATOR", "cuda_malloc_async")
    monkeypatch.setenv("XLA_FLAGS", "--xla_dump_to=gs://me:hunter2@bucket/x")
    monkeypatch.setenv("TF_TOKEN_app_terraform_io", "hunter2")
    monkeypatch.setenv("WANDB_API_KEY", "hunter2")

    variables = of("variable")

    assert variables["CUDA_VISIBLE_DEVICES"] == ""
    assert variables["SLURM_ARRAY_TASK_ID"] == "7"
    assert variables["TF_GPU_ALLOCATOR"] == "cuda_malloc_async"
    assert variables["XLA_FLAGS"] == "--xla_dump_to=gs://…@bucket/x"
    assert not {"TF_TOKEN_app_terraform_io", "WANDB_API_KEY", "PATH", "HOME"} & set(variables)


@pytest.mark.exhaustive
@pytest.mark.thorough
def test_a_kernel_tells_its_notebook(tmp_path):
    """Without a script, the front end's name of the notebook and the working directory's commit."""
    code = f"__session__ = '/home/ada/trial.ipynb'\n{textwrap.dedent(PRINTS_ENVIRONMENT)}"
    session = {"JPY_SESSION_NAME": "/home/ada/other.ipynb"}

    told = json.loads(run(sys.executable, "-c", code, cwd=tmp_path))
    code = textwrap.dedent(PRINTS_ENVIRONMENT)
    inherited = json.loads(run(sys.executable, "-c", code, cwd=tmp_path, **session))

    assert of("process", told)["notebook"] == "/home/ada/trial.ipynb"
    assert of("process", inherited)["notebook"] == "/home/ada/other.ipynb"


@pytest.mark.exhaustive
@pytest.mark.thorough
def test_a_script_started_from_a_notebook_is_no_notebook(repository):
    """The variable that it inherits names somebody else's notebook."""
    rows = rows_of(repository / "train.py", cwd=repository, JPY_SESSION_NAME="other.ipynb")

    assert "notebook" not in of("process", rows)


def test_a_part_that_fails_costs_itself_alone(monkeypatch):
    """The other kinds are recorded."""
    monkeypatch.delenv("KERAS_PROV_STRICT", raising=False)

    def fail():
        raise OSError("gone")

    monkeypatch.setattr(collect, "_platform", fail)

    kinds = {kind for kind, _, _ in environment()}
    assert "platform" not in kinds
    assert {"python", "process", "package"} <= kinds


def test_a_user_without_a_name_is_a_number(monkeypatch):
    """As in a container that runs as somebody who is in no list."""

    def fail():
        raise OSError("No username set in the environment")

    monkeypatch.setattr(getpass, "getuser", fail)

    assert of("process")["user"] == str(os.getuid())


def test_the_programs_own_files_are_recorded(tmp_path):
    """The script and the modules beside it that it imports, by SHA-256; installed ones are not."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "part.py").write_text("ONE = 1")
    (tmp_path / "unused.py").write_text("")
    script = tmp_path / "train.py"
    script.write_text("import package.part, numpy" + textwrap.dedent(PRINTS_ENVIRONMENT))
    rows = rows_of(script, cwd=tmp_path.parent)
    found, process = of("source", rows), of("process", rows)

    files = {each: file_digest(tmp_path / each)[1] for each in ("train.py", "package/part.py")}
    assert found == files
    assert process["source_folder"] == str(tmp_path)
    assert "container_image" not in process


def test_a_source_that_is_imported_later_is_recorded(tmp_path):
    """So is one that takes the place of another module with its name."""
    own, installed = tmp_path / "own", tmp_path / "elsewhere"
    for folder in (own, installed):
        folder.mkdir()
        (folder / "twice.py").write_text("")
    (own / "late.py").write_text("")
    script = own / "train.py"
    script.write_text(
        textwrap.dedent(f"""
            import json, sys
            from keras_prov._environment.sources import source_files
            own = sys.path.pop(0)
            sys.path.append({str(installed)!r})
            import twice
            found = [dict(source_files())]
            sys.path.insert(0, own)
            import late
            found.append(dict(source_files()))
            del sys.modules["twice"]
            import twice
            print(json.dumps([*found, dict(source_files())]))
        """)
    )
    first, second, third = json.loads(run(sys.executable, str(script), cwd=tmp_path))

    assert set(first) == {"train.py"}
    assert set(second) == {"train.py", "late.py"}
    assert set(third) == {"train.py", "late.py", "twice.py"}


def test_of_a_module_the_packages_folder_is_recorded(tmp_path):
    """As with python -m, whose modules are imported from the working directory."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("")
    (tmp_path / "package" / "train.py").write_text(textwrap.dedent(PRINTS_ENVIRONMENT))
    rows = json.loads(run(sys.executable, "-m", "package.train", cwd=tmp_path))

    assert set(of("source", rows)) == {"package/__init__.py", "package/train.py"}
    assert of("process", rows)["source_folder"] == str(tmp_path)


def test_the_container_is_the_one_that_is_said(monkeypatch):
    """By the user's setting, else by Apptainer; of its login nothing is recorded."""
    monkeypatch.setenv("APPTAINER_CONTAINER", "/images/keras.sif")
    assert of("process")["container_image"] == "/images/keras.sif"
    image = "https://ada:secret@example.org/ada/train:1.2"
    monkeypatch.setenv("KERAS_PROV_CONTAINER_IMAGE", image)
    assert of("process")["container_image"] == "https://…@example.org/ada/train:1.2"
