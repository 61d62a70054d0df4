"""Files are stored by their content: once, whole, and for the user alone."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import sys
import textwrap
import uuid
from pathlib import Path

import fsspec
import keras
import numpy as np
import pytest

from dfanalyzer_client.config import settings
from dfanalyzer_client.errors import DfAnalyzerError
from keras_prov._artifacts.store import Artifact, ArtifactError, ArtifactStore, file_digest
from warm import warm_python

CONTENT = b"weights" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def model(tmp_path):
    """A file."""
    path = tmp_path / "model.keras"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(params=["folder", "file", "memory"])
def url(request, tmp_path):
    """A store on the local disk, as a path and as a URL, and behind fsspec."""
    return {
        "folder": str(tmp_path / "store"),
        "file": (tmp_path / "store").as_uri(),
        "memory": f"memory://{uuid.uuid4()}/store",
    }[request.param]


def files(folder: Path) -> list[str]:
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def test_what_is_put_can_be_opened_and_verified(url, model):
    """The artifact says where it is, how big and what; reading gives the content back."""
    store = ArtifactStore(url)

    artifact = store.put(model)

    assert (artifact.size, artifact.sha256) == (len(CONTENT), SHA256)
    assert artifact.url.endswith(f"store/{SHA256[:2]}/{SHA256}.keras")
    with fsspec.open(artifact.url) as file:
        assert file.read() == CONTENT
    with store.open(SHA256) as file:
        assert file.read() == CONTENT
    assert store.verify(SHA256)
    assert model.read_bytes() == CONTENT


def test_the_same_content_is_stored_once(url, model, tmp_path):
    """Whatever its file is called."""
    other = tmp_path / "other.keras"
    other.write_bytes(CONTENT)
    store = ArtifactStore(url)

    assert store.put(model) == store.put(other) == ArtifactStore(url).put(model)
    if (tmp_path / "store").exists():
        assert files(tmp_path / "store") == [f"{SHA256[:2]}/{SHA256}.keras"]


def test_another_content_is_another_artifact(url, model):
    """The old one stays."""
    store = ArtifactStore(url)
    first = store.put(model)
    model.write_bytes(b"other")

    assert store.put(model).sha256 != first.sha256
    assert store.verify(first.sha256)


def test_a_stored_file_is_left_alone(tmp_path, model):
    """Putting it again writes nothing."""
    store = ArtifactStore(tmp_path / "store")
    path = Path(store.put(model).url)
    before = path.stat()

    store.put(model)

    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_a_truncated_file_is_replaced(url, model, tmp_path):
    """A file of the name and of another size is no artifact."""
    store = ArtifactStore(url)
    with fsspec.open(store.put(model).url, "wb") as file:
        file.write(b"half")

    assert not store.verify(SHA256)
    store.put(model)
    assert store.verify(SHA256)


def test_files_are_the_users_alone(tmp_path, model):
    """Whatever the umask and the mode of the file that is stored."""
    model.chmod(0o644)
    umask = os.umask(0)
    try:
        artifact = ArtifactStore(tmp_path / "store").put(model)
    finally:
        os.umask(umask)

    path = Path(artifact.url)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parents[1])]
    assert modes == [0o600, 0o700, 0o700]


@pytest.mark.parametrize("already", [False, True])
def test_a_file_may_be_moved_into_the_store(url, model, already):
    """It is gone afterwards, whether its content was there or not."""
    store = ArtifactStore(url)
    if already:
        store.put(model)

    artifact = store.put(model, move=True)

    assert not model.exists()
    assert store.verify(artifact.sha256)


def test_moving_an_artifact_into_its_own_store_keeps_it(tmp_path, model):
    """The stored file itself is not taken away."""
    store = ArtifactStore(tmp_path / "store")
    artifact = store.put(model)

    assert store.put(artifact.url, move=True) == artifact
    assert store.verify(SHA256)


def test_a_saved_model_can_be_loaded_from_the_store(tmp_path):
    """Its suffix is the one that Keras asks for, of weights, too."""
    model = keras.Sequential([keras.layers.Input([3]), keras.layers.Dense(2)])
    model.save(tmp_path / "a.keras")
    model.save_weights(tmp_path / "a.weights.h5")
    store = ArtifactStore(tmp_path / "store")

    loaded = keras.saving.load_model(store.put(tmp_path / "a.keras").url)
    loaded.load_weights(store.put(tmp_path / "a.weights.h5").url)

    assert all(map(np.array_equal, loaded.get_weights(), model.get_weights()))


def test_the_default_is_a_folder_in_the_data_folder(model):
    """As KERAS_PROV_HOME names it."""
    store = ArtifactStore()

    assert store.url == str(settings.home() / "artifacts")
    assert store.put(model).url.startswith(store.url)


def test_an_absent_artifact_is_an_error(url):
    """The message has the digest and the store."""
    store = ArtifactStore(url)

    for ask in (store.open, store.verify):
        with pytest.raises(ArtifactError, match=f"No artifact {SHA256} in .*store"):
            ask(SHA256)


def test_what_is_no_digest_is_an_error(url):
    """No file outside of the store can be named."""
    with pytest.raises(ArtifactError, match="64 hexadecimal digits"):
        ArtifactStore(url).open("../../etc/passwd")


def test_what_is_no_file_is_an_error(tmp_path):
    """A folder or nothing at all."""
    store = ArtifactStore(tmp_path / "store")

    for path in (tmp_path, tmp_path / "not there"):
        with pytest.raises(ArtifactError, match="is not one"):
            store.put(path)


def test_a_disk_that_refuses_is_an_error_of_ours(tmp_path, model):
    """A file stands where the folder should be."""
    (tmp_path / "store").write_text("")

    with pytest.raises(DfAnalyzerError, match=r"Cannot store the artifact .*Error"):
        ArtifactStore(tmp_path / "store").put(model)


def test_a_place_that_refuses_shows_no_credentials(model):
    """Nor does the traceback lead to an error that does."""
    store = ArtifactStore("memory://ada:hunter2@host/store")
    store._storage._fs = fsspec.filesystem("data")  # which can store nothing

    with pytest.raises(ArtifactError) as caught:
        store.put(model)

    assert "memory://…@host/store" in str(caught.value)
    assert "hunter2" not in f"{caught.value}{caught.value.__cause__}"
    assert caught.value.__suppress_context__


def test_a_scheme_whose_library_is_missing_says_how_to_fix_it(monkeypatch):
    """S3 without s3fs."""
    monkeypatch.setitem(sys.modules, "s3fs", None)

    with pytest.raises(ArtifactError, match=r"pip install 'fsspec\[s3\]'"):
        ArtifactStore("s3://key:hunter2@bucket/models")


@pytest.mark.parametrize("url", ["nope://ada:hunter2@host/x", "dir::s3://ada:hunter2@host/x"])
def test_a_url_of_no_known_kind_is_an_error(url):
    """It is shown without credentials."""
    with pytest.raises(ArtifactError, match=r"://…@host/x") as caught:
        ArtifactStore(url)

    assert "hunter2" not in str(caught.value)


@pytest.mark.thorough
def test_processes_that_store_the_same_leave_one_whole_file(tmp_path):
    """Four of them at once, and no temporary file beside it."""
    script = """
        import sys
        from keras_prov._artifacts.store import ArtifactStore
        store = ArtifactStore(sys.argv[1])
        print("ready", flush=True)
        sys.stdin.readline()
        print(store.put(sys.argv[2]).sha256)
    """
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(1 << 20) * 16)
    command = [*warm_python(), "-c", textwrap.dedent(script), str(tmp_path / "store"), str(big)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    for each in processes:
        assert each.stdout.readline() == "ready\n"
    for each in processes:
        each.stdin.write("\n")
        each.stdin.flush()
    said = {each.communicate()[0].strip() for each in processes}

    [sha256] = said
    assert files(tmp_path / "store") == [f"{sha256[:2]}/{sha256}.bin"]
    assert ArtifactStore(tmp_path / "store").verify(sha256)


def test_the_digest_of_a_file(model):
    """Its size and its SHA-256."""
    assert file_digest(model) == (len(CONTENT), SHA256)


def test_the_digest_of_a_folder_is_of_names_and_contents(tmp_path):
    """Renaming or changing a file changes it; when and in which order they were made does not."""
    for folder, names in (("one", "ab"), ("two", "ba")):
        for name in names:
            path = tmp_path / folder / name / "file"
            path.parent.mkdir(parents=True)
            path.write_text(name)

    size, digest = file_digest(tmp_path / "one")
    assert size == 2
    assert file_digest(tmp_path / "two") == (size, digest)
    (tmp_path / "two" / "a" / "file").rename(tmp_path / "two" / "a" / "renamed")
    assert file_digest(tmp_path / "two")[1] != digest
    (tmp_path / "one" / "a" / "file").write_text("b")
    assert file_digest(tmp_path / "one")[1] != digest


def test_the_digest_of_what_is_not_there_is_an_error(tmp_path):
    """The operating system's own."""
    with pytest.raises(FileNotFoundError):
        file_digest(tmp_path / "not there")


def test_an_artifact_is_a_value():
    """Equal when its parts are."""
    assert Artifact("a", 1, SHA256) == Artifact("a", 1, SHA256)
