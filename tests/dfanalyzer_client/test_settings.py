"""Where settings come from: the argument, the environment, the project's file, a default."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dfanalyzer_client.config import settings
from dfanalyzer_client.config.author import Author
from dfanalyzer_client.errors import DfAnalyzerError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of a project, which is the working directory; nothing is set outside."""
    for key in (
        "HOME",
        "STORE",
        "SERVER_IDLE",
        "ARTIFACTS",
        "STRICT",
        "FSYNC",
        "EXIT_FLUSH",
        "CAPTURE",
        "TAG",
        "ADAPTATION",
        "AUTHOR",
        "LICENSE",
    ):
        monkeypatch.delenv(f"KERAS_PROV_{key}", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def say(folder: Path, lines: str) -> None:
    """Write the project's table."""
    (folder / "pyproject.toml").write_text(f"[project]\nname = 'x'\n[tool.keras_prov]\n{lines}\n")


def test_the_argument_then_the_environment_then_the_project_then_a_default(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each setting the first that says something counts; an empty variable says nothing."""
    say(project, "server_idle = 7\nexit_flush = 1.5\nstrict = true\nhome = 'here'")
    assert settings.idle_minutes() == 7
    assert settings.exit_flush_seconds() == 1.5
    assert settings.strict()
    assert not settings.fsync()
    assert settings.home() == project / "here"

    monkeypatch.setenv("KERAS_PROV_SERVER_IDLE", "8")
    monkeypatch.setenv("KERAS_PROV_EXIT_FLUSH", "")
    monkeypatch.setenv("KERAS_PROV_STRICT", "0")
    monkeypatch.setenv("KERAS_PROV_HOME", "/elsewhere")
    assert settings.idle_minutes() == 8
    assert settings.idle_minutes(9) == 9
    assert settings.exit_flush_seconds() == 1.5
    assert not settings.strict()
    assert settings.home() == Path("/elsewhere")
    assert settings.home("/there") == Path("/there")
    assert settings.author() is None
    assert settings.licence() is None


def test_the_nearest_file_with_the_table_up_to_the_repository(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file without it does not hide one above; what lies beyond `.git` is not ours."""
    say(project, "tag = 'outer'\nartifacts = 'models'")
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    (project / "a" / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    monkeypatch.chdir(inner)
    assert settings.dataflow_tag() == "outer"
    assert settings.artifacts() == str(project / "models")

    other = project / "repository"
    (other / ".git").mkdir(parents=True)
    monkeypatch.chdir(other)
    assert settings.dataflow_tag() is None


def test_urls_stay_as_they_are(project: Path) -> None:
    """Of a store and of artifacts."""
    say(project, "store = 'monetdb://ada@db:50000/prov'\nartifacts = 's3://models/x'")
    url = settings.store_url()
    assert url is not None
    assert (url.host, url.user) == ("db", "ada")
    assert settings.artifacts() == "s3://models/x"


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("capture = 'all,MODEL'", "all,MODEL"),
        ("capture = ['LOSS', 'BATCH_METRICS=5']", "LOSS,BATCH_METRICS=5"),
        ("[tool.keras_prov.capture]\nLOSS = true\nSEED = false", {"LOSS": True, "SEED": False}),
    ],
)
def test_what_to_capture(
    project: Path, lines: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text, a list or a table; the variable is a text."""
    say(project, lines)
    found, origin = settings.capture()
    assert found == value
    assert str(project / "pyproject.toml") in origin
    monkeypatch.setenv("KERAS_PROV_CAPTURE", "SEED")
    assert settings.capture() == ("SEED", "KERAS_PROV_CAPTURE")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("hoem = 'x'", "Unknown key 'hoem' of [tool.keras_prov] in {file}. Did you mean 'home'?"),
        (
            "home = ['x']",
            "home of [tool.keras_prov] in {file} must be a text, a number, true or false.",
        ),
        ("server_idle = 'soon'", "server_idle of [tool.keras_prov] in {file} must be a number"),
        ("exit_flush = -1", "exit_flush of [tool.keras_prov] in {file} must be a number"),
        ("home = ", "{file} is not valid TOML: "),
    ],
)
def test_a_wrong_setting_names_file_and_key(project: Path, lines: str, said: str) -> None:
    """At the user's call; the question whether we are strict, asked later, does not raise."""
    say(project, lines)
    with pytest.raises(DfAnalyzerError) as caught:
        settings.check()
    assert said.format(file=project / "pyproject.toml") in str(caught.value)
    assert not settings.strict()


@pytest.mark.parametrize(("text", "value"), [("1", True), ("no", False), ("", None)])
def test_adaptation(
    project: Path, text: str, value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On, off, or not said; anything else raises."""
    monkeypatch.setenv("KERAS_PROV_ADAPTATION", text)
    assert settings.adaptation() is value
    monkeypatch.setenv("KERAS_PROV_ADAPTATION", "perhaps")
    with pytest.raises(DfAnalyzerError, match="KERAS_PROV_ADAPTATION must be 1 or 0"):
        settings.adaptation()


def test_author_and_licence(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the argument, the variable, the project's file; none is named by default."""
    say(project, "author = 'Ada Lovelace <ada@example.org>'\nlicense = 'cc-by-4.0'")
    assert settings.author() == Author("Ada Lovelace", "ada@example.org")
    assert settings.licence() == "CC-BY-4.0"

    monkeypatch.setenv("KERAS_PROV_AUTHOR", "0000-0002-1825-0097")
    monkeypatch.setenv("KERAS_PROV_LICENSE", "https://example.org/terms")
    assert settings.author() == Author(orcid="0000-0002-1825-0097")
    assert settings.licence() == "https://example.org/terms"
    assert settings.author("Mary") == Author("Mary")
    assert settings.licence("MIT") == "MIT"


def test_a_wrong_author_or_licence_says_where_it_stands(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By file and key, or by the variable's name."""
    say(project, "author = 7\nlicense = 'my own'")
    with pytest.raises(
        DfAnalyzerError, match=r"author of \[tool.keras_prov\] in .*without letters"
    ):
        settings.author()
    with pytest.raises(DfAnalyzerError, match=r"license of \[tool.keras_prov\] in .*'my own'"):
        settings.licence()
    monkeypatch.setenv("KERAS_PROV_AUTHOR", "Ada <ada>")
    with pytest.raises(
        DfAnalyzerError, match=r"KERAS_PROV_AUTHOR has something that is not a name"
    ):
        settings.author()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_somebody_elses_file_does_not_say_where_captures_go(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may name a tag; a store, a home or artifacts only where its owner is trusted."""
    say(project, "tag = 'theirs'")
    os.chown(project / "pyproject.toml", 65534, 65534)
    assert settings.dataflow_tag() == "theirs"
    inner = project / "inner"
    inner.mkdir()
    say(inner, "store = 'monetdb://u@evil.example.org/x'")
    os.chown(inner / "pyproject.toml", 65534, 65534)
    monkeypatch.chdir(inner)
    with pytest.raises(DfAnalyzerError, match="belongs to nobody"):
        settings.store_url()
    monkeypatch.setenv("KERAS_PROV_TRUST", "65534")
    assert str(settings.store_url()) == "monetdb://u@evil.example.org:50000/x"
