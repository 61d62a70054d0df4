"""`keras-prov export`: formats, files, whole dataflows, pictures, and errors in one line."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import rdflib
from click.testing import CliRunner, Result
from prov.model import ProvDocument

import keras_prov as keras
from dfanalyzer_client import prov_document
from dfanalyzer_client.cli import main, passwords
from dfanalyzer_client.cli.export import CRATE, CYPHER, OPENLINEAGE
from dfanalyzer_client.cli.export import FORMATS as OF_COMMAND
from dfanalyzer_client.export.prov import DOT, FORMATS, PICTURES
from dfanalyzer_client.private_server import PrivateServer
from small_models import data, small_model
from w3c_prov.conftest import Trained
from w3c_prov.constraints import violations
from w3c_prov.round_trip import differences, read

BEGINS = {"svg": b"<?xml", "png": b"\x89PNG\r\n", "pdf": b"%PDF-"}
OF_BUNDLES = {
    "provn": "provn",
    "json": "json",
    "jsonld": "jsonld",
    "xml": "xml",
    "trig": "rdf:trig",
}


def run(*arguments: str, code: int = 0) -> Result:
    """Run the command; an expected error is one line and never a traceback."""
    result = CliRunner().invoke(main, ["export", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    if code == 1:
        assert result.stderr.startswith("Error: ")
        assert len(result.stderr.splitlines()) == 1
    return result


def test_the_command_offers_what_there_is() -> None:
    """Its list of formats, spelled without an import, is that of the package."""
    assert sorted(OF_COMMAND) == sorted([*FORMATS, DOT, *PICTURES, CRATE, CYPHER, OPENLINEAGE])


@pytest.mark.parametrize("format_", FORMATS)
def test_a_format_on_standard_output(trained: Trained, format_: str) -> None:
    """The text of `prov_document`, in that format; nothing else is printed."""
    result = run(trained.second, "--format", format_)
    assert result.stdout == FORMATS[format_].text(prov_document(trained.second))
    assert result.stderr == ""


@pytest.mark.thorough
@pytest.mark.parametrize("format_", [*FORMATS, DOT])
def test_the_same_bytes_in_every_process(trained: Trained, format_: str) -> None:
    """Two processes, with other orders of their sets and dictionaries, write the same."""
    command = [sys.executable, "-m", "dfanalyzer_client.cli", "export", trained.first]
    texts = {
        subprocess.run(
            [*command, "--format", format_],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(texts) == 1
    assert b"otrainingmodel" in texts.pop()


@pytest.mark.thorough
@pytest.mark.parametrize(("format_", "name"), OF_BUNDLES.items())
def test_a_dataflow_is_a_bundle_for_each_execution(
    trained: Trained, format_: str, name: str
) -> None:
    """Each holds what the execution's own document holds; what is beside them names them."""
    text = run("--dataflow", trained.dataflow, "--format", format_).stdout
    if format_ == "trig":
        check_graphs(text, trained)
        return
    document = read(text, name)
    bundles = {bundle.identifier.localpart: bundle for bundle in document.bundles}
    tops = {record.label: record for record in document.records}
    assert len(bundles) == 2
    for execution in (trained.first, trained.second):
        top = tops[f"execution {execution}"]
        alone = ProvDocument(records=bundles.pop(top.identifier.localpart).records)
        assert differences(prov_document(execution), alone) == []
    assert violations(document) == []


def check_graphs(text: str, trained: Trained) -> None:
    """The named graphs of a TriG document are those of the executions' Turtle documents."""
    dataset = rdflib.Dataset()
    dataset.parse(data=text, format="trig")
    graphs = {str(graph.identifier): graph for graph in dataset.graphs() if len(graph)}
    for execution in (trained.first, trained.second):
        document = prov_document(execution)
        (run_,) = [each for each in document.records if str(each.label) == f"execution {execution}"]
        alone = rdflib.Graph().parse(data=FORMATS["turtle"].text(document), format="turtle")
        assert set(graphs[f"{run_.identifier.uri}.bundle"]) == set(alone)


@pytest.mark.usefixtures("graphviz")
@pytest.mark.parametrize("format_", PICTURES)
def test_pictures_are_drawn(trained: Trained, tmp_path: Path, format_: str) -> None:
    """By Graphviz, into a file that others may read as the umask says."""
    path = tmp_path / f"picture.{format_}"
    run(trained.first, "--format", format_, "--output", str(path))
    assert path.read_bytes().startswith(BEGINS[format_])
    assert list(tmp_path.iterdir()) == [path]
    mask = os.umask(0o022)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


@pytest.mark.thorough
@pytest.mark.usefixtures("graphviz")
def test_a_picture_has_as_many_nodes_at_100_epochs_as_at_3(tag: str) -> None:
    """Sets and transformations are one node each; the numbers stand in the labels."""
    texts = {}
    for epochs in (3, 100):
        model = small_model()
        model.provenance(f"{tag}-{epochs}", hyps={"LEARNING_RATE": True}, adaptation=True)
        change = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.99)
        model.fit(*data(), epochs=epochs, callbacks=[change], verbose=0)
        assert keras.flush(60)
        texts[epochs] = run(model.get_dataflow().exec_tag, "--format", "svg").stdout
        root = ElementTree.fromstring(texts[epochs])
        texts[epochs] = " ".join(root.itertext())
        nodes = [each for each in root.iter() if each.get("class") == "node"]
        assert len(nodes) == 14
    assert "otrainingmodel, 3 rows, the last:" in texts[3]
    assert "otrainingmodel, 100 rows, the last:" in texts[100]
    assert "adaptation ×100" in texts[100]
    assert "W3C PROV" in texts[100]


@pytest.mark.usefixtures("graphviz")
def test_a_picture_of_a_dataflow_joins_what_executions_share(trained: Trained) -> None:
    """A cluster for each execution; the file that one wrote and the other read is one node."""
    root = ElementTree.fromstring(run("--dataflow", trained.dataflow, "--format", "svg").stdout)
    texts = ["".join(each.itertext()) for each in root.iter() if each.get("class") == "node"]
    assert len([text for text in texts if trained.model.name in text]) == 1
    clusters = ["".join(each.itertext()) for each in root.iter() if each.get("class") == "cluster"]
    assert len(clusters) == 3
    assert any(trained.first in text for text in clusters)


def test_options_change_what_is_said(trained: Trained) -> None:
    """Author, base, design and epochs."""
    text = run(
        trained.second,
        "--format",
        "provn",
        "--author",
        "Ada <ada@example.org>",
        "--base",
        "https://example.org/p/",
        "--prospective",
        "--no-epochs",
    ).stdout
    assert "agent(agent:person.ada_x0040_example_x002E_org" in text
    assert "prefix runs <https://example.org/p/run/>" in text
    assert "kp:SetDefinition" in text
    assert "otrainingmodel.1," not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "No execution 'nosuch'"),
        (["--dataflow", "nosuch"], "No execution of a dataflow 'nosuch'"),
        (["last", "--base", "nosuch"], "ends with /"),
        (["last", "--author", "<>"], "author"),
        (["last", "-o", "/nosuch/file"], "cannot be written"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    trained: Trained, arguments: list[str], words: str
) -> None:
    """With exit code 1."""
    assert words in run(*arguments, code=1).stderr


def test_a_file_is_replaced_as_it_was(trained: Trained, tmp_path: Path) -> None:
    """Behind a link, with its permissions."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.touch(0o600)
    link.symlink_to(file)
    run(trained.second, "-o", str(link))
    assert link.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == run(trained.second).stdout


def test_a_pipe_is_written_to(trained: Trained, tmp_path: Path) -> None:
    """As a device is: neither is replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE, text=True) as reader:
        run(trained.second, "-o", str(pipe))
        assert reader.stdout is not None
        assert reader.stdout.read() == run(trained.second).stdout
    assert pipe.is_fifo()


def test_a_folder_is_no_file(trained: Trained, tmp_path: Path) -> None:
    """It is said in a line, and nothing is left beside it."""
    folder = tmp_path / "folder"
    folder.mkdir()
    assert "cannot be written" in run(trained.second, "-o", str(folder), code=1).stderr
    assert list(tmp_path.iterdir()) == [folder]


def test_a_reader_that_goes_is_no_error_to_tell_of(trained: Trained) -> None:
    """As `head` does."""
    command = [sys.executable, "-m", "dfanalyzer_client.cli", "export", trained.first]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stderr is not None
        writer.stdout.close()
        assert writer.stderr.read() == b""
    assert writer.returncode == 1


def test_a_password_is_asked_for_once(
    trained: Trained, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not at all where an option is wrong."""
    url = PrivateServer(home).ensure()
    asked = ["export", trained.second, "--store", str(url)]
    monkeypatch.setattr(passwords, "has_terminal", lambda: True)  # which is `input` here
    done = CliRunner().invoke(main, asked, input=f"{url.password}\n")
    assert done.exit_code == 0, done.output
    assert done.stderr.count("Password") == 1
    refused = CliRunner().invoke(main, [*asked, "--base", "nosuch"], input="")
    assert refused.exit_code == 1
    assert refused.stderr.startswith("Error: ")


def test_a_store_that_is_away_is_said(trained: Trained, tmp_path: Path) -> None:
    """In a line, and no file is there afterwards; a setting that cannot be is said before."""
    away = ["--store", "monetdb://ada:s3cret@127.0.0.1:9/prov", "-o", str(tmp_path / "file")]
    assert "No MonetDB answers" in run("last", *away, code=1).stderr
    result = CliRunner().invoke(main, ["export", "last", *away], env={"KERAS_PROV_BASE": "ex"})
    assert "KERAS_PROV_BASE" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_", ["turtle", "rdfxml"])
def test_formats_without_bundles_say_so(trained: Trained, format_: str, tmp_path: Path) -> None:
    """They name the format that has them, and leave a file that was there as it was."""
    path = tmp_path / "kept"
    path.write_text("kept")
    result = run("--dataflow", trained.dataflow, "--format", format_, "-o", str(path), code=1)
    assert "--format trig" in result.stderr
    assert path.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("arguments", [[], ["last", "--dataflow", "x"]])
def test_one_thing_is_named(arguments: list[str]) -> None:
    """An execution or a dataflow, not none and not both."""
    assert "Name an EXECUTION" in run(*arguments, code=2).stderr


def test_a_crate_is_written_and_replaced_on_request_alone(trained: Trained, tmp_path: Path) -> None:
    """With the document in it, the author and the licence."""
    path = tmp_path / "crate"
    command = [trained.first, "--format", "ro-crate", "-o", str(path)]
    run(*command, "--author", "Ada Lovelace", "--license", "CC-BY-4.0")
    document = ProvDocument.deserialize(path / "prov.json")
    assert differences(prov_document(trained.first, author="Ada Lovelace"), document) == []
    metadata = (path / "ro-crate-metadata.json").read_text()
    assert "Ada Lovelace" in metadata
    assert "CC-BY-4.0" in metadata
    assert "--force" in run(*command, code=1).stderr
    run(*command, "--force")
    assert "A crate is of one" in run(trained.first, "--format", "ro-crate", code=2).stderr
    assert "licence" in run(*command, "--force", "--license", "nosuch", code=1).stderr


def test_without_graphviz_the_error_says_how_to_get_it(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its text needs no program."""
    monkeypatch.setenv("PATH", "")
    assert "apt-get install graphviz" in run(trained.first, "--format", "svg", code=1).stderr
    assert run(trained.first, "--format", "dot").stdout.startswith("digraph")


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("format_", "module"),
    [("rdfxml", "rdflib"), ("xml", "lxml"), ("dot", "pydot")],
)
def test_without_the_extra_the_error_names_the_pip_line(
    trained: Trained, format_: str, module: str
) -> None:
    """Formats of the core go on working."""
    script = f"import sys; sys.modules[{module!r}] = None; " + (
        "from dfanalyzer_client.cli import main; main()"
    )
    command = [sys.executable, "-c", script, "export", trained.second, "--format"]
    done = subprocess.run([*command, format_], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "pip install 'keras-prov[prov]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    for core in ("provn", "json", "jsonld", "turtle", "trig"):
        assert subprocess.run([*command, core], capture_output=True, check=True).stdout
