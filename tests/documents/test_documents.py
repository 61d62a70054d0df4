"""Documents say what the rows of an execution say, are valid, and leave open what is not known."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import uuid
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

import dfanalyzer_client
from dfanalyzer_client import Dataflow, Transformation, prov_document
from dfanalyzer_client.cli.document import FORMS
from dfanalyzer_client.export import documents
from dfanalyzer_client.export.documents._annex_iv import FIELDS, OPEN
from documents.conftest import AUTHOR, EPOCHS, HOSTILE, Trained, command, written

INSTALLED = [form for form in FORMS if form != "spdx" or find_spec("spdx_python_model")]
"""SPDX needs an extra."""

JSON_FORMS = [form for form in INSTALLED if form not in ("model-card", "annex-iv")]
PAGES = ("model-card", "annex-iv")


def test_the_command_has_the_forms_that_there_are() -> None:
    """They are listed twice, so that --help needs no import."""
    assert tuple(documents.FORMS) == FORMS


def test_the_same_rows_give_the_same_bytes(trained: Trained, home: Path) -> None:
    """Also in another process, whose hashes are others."""
    script = (
        "import hashlib, sys; from click.testing import CliRunner; "
        "from dfanalyzer_client.cli import main\n"
        "for form in sys.argv[2:]:\n"
        "    done = CliRunner().invoke(main, ['document', sys.argv[1], '--as', form])\n"
        "    print(hashlib.sha256(done.stdout_bytes).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, trained.execution, *INSTALLED],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = [
        hashlib.sha256(written(trained.execution, form).encode()).hexdigest() for form in INSTALLED
    ]
    assert done.stdout.split() == here


def test_a_model_card_is_one_of_hugging_faces(trained: Trained) -> None:
    """Its library reads the metadata; the values are Keras' own, the licence is the named one."""
    hub = pytest.importorskip("huggingface_hub")
    text = written(trained.execution, "model-card", "--author", AUTHOR, "--license", "Apache-2.0")
    card = hub.ModelCard(text, ignore_metadata_errors=False)
    metadata = card.data
    assert (metadata.library_name, metadata.license) == ("keras", "apache-2.0")
    assert metadata.model_name == trained.dataflow
    assert set(metadata.metrics) == {"loss", "mae", "val_loss", "val_mae"}
    found = {(each.dataset_name, each.metric_type): each for each in metadata.eval_results}
    assert found["test 1", "loss"].metric_value == pytest.approx(trained.tested)
    assert found["last epoch of training 2", "loss"].metric_value == pytest.approx(trained.loss)
    assert hub.ModelCardData(**metadata.to_dict(), ignore_metadata_errors=False)
    for known in ("Ada Lovelace", trained.sha256, "| `learning_rate` | 0.01 | 1 |", "0.005"):
        assert known in card.text
    assert "```mermaid\nflowchart LR\n" in card.text
    for row in ("| training | x |", "| test | x |"):
        assert card.text.count(row) == 1  # although two trainings had these data


def test_what_a_card_does_not_know_it_says(trained: Trained) -> None:
    """Without an author and a licence, none is in it; intended use and risks are never guessed."""
    text = written(trained.execution, "model-card")
    assert "license" not in yaml.safe_load(text.split("---\n")[1])
    for section in ("Intended use", "Bias, risks and limitations", "Environmental impact"):
        assert f"## {section}\n\n*Not recorded.*" in text
    assert "- **Author:** *Not recorded.*" in text
    assert "- **Licence:** *Not recorded.*" in text


def test_another_licence_has_a_name_and_a_link(trained: Trained) -> None:
    """One that the Hub has no id for."""
    text = written(trained.execution, "model-card", "--license", "https://example.org/terms")
    metadata = yaml.safe_load(text.split("---\n")[1])
    assert metadata["license"] == "other"
    assert metadata["license_link"] == "https://example.org/terms"


def test_a_continued_model_names_what_it_goes_on_from(trained: Trained) -> None:
    """The execution and the file, by its content, in all documents that have a place for it."""
    card = written(trained.continued, "model-card")
    assert f"- execution `{trained.execution}`" in card
    assert trained.sha256 in card
    assert "base_model" not in card.split("---\n")[1]  # it is no model of the Hub
    assert trained.execution in written(trained.continued, "ml-bom")
    assert trained.sha256 in written(trained.continued, "annex-iv")


def test_a_bill_of_materials_is_valid(trained: Trained) -> None:
    """By CycloneDX' strict validator; its components are the data, the file and the packages."""
    pytest.importorskip("cyclonedx")
    text = written(trained.execution, "ml-bom", "--author", AUTHOR, "--license", "MIT")
    _check_bom(text)
    bom = json.loads(text)
    model = bom["metadata"]["component"]
    assert model["type"] == "machine-learning-model"
    assert model["licenses"] == [{"expression": "MIT"}]
    parts = {part["name"]: part for part in bom["components"]}
    (digest,) = parts["trained model.keras"]["hashes"]
    assert digest == {"alg": "SHA-256", "content": trained.sha256}
    assert parts["keras"]["purl"].startswith("pkg:pypi/keras@")
    metrics = model["modelCard"]["quantitativeAnalysis"]["performanceMetrics"]
    (tested,) = [each for each in metrics if (each["slice"], each["type"]) == ("test 1", "loss")]
    assert float(tested["value"]) == pytest.approx(trained.tested)
    references = {each["ref"] for each in model["modelCard"]["modelParameters"]["datasets"]}
    assert references <= {part["bom-ref"] for part in bom["components"]}
    uuid.UUID(bom["serialNumber"].removeprefix("urn:uuid:"), version=5)


def test_two_executions_have_two_serial_numbers(trained: Trained) -> None:
    """They come of the executions' identifiers."""
    found = [
        json.loads(written(each, "ml-bom"))["serialNumber"]
        for each in (trained.execution, trained.continued)
    ]
    assert len(set(found)) == len(found)


def test_an_spdx_document_is_read_by_its_bindings(trained: Trained) -> None:
    """With the AI package, the data that it was trained on, the file and the packages."""
    bindings = pytest.importorskip("spdx_python_model")
    text = written(trained.execution, "spdx", "--author", AUTHOR, "--license", "Apache-2.0")
    model, found = bindings.load_data(json.loads(text))
    (ai,) = found.foreach_type(model.ai_AIPackage)
    known = {each.key: each.value for each in ai.ai_hyperparameter}
    assert known["training 1: learning_rate"] == "0.01"
    (document,) = found.foreach_type(model.SpdxDocument)
    assert len(document.profileConformance) == 4
    relations = list(found.foreach_type(model.Relationship))
    kinds = {each.relationshipType.rpartition("/")[2] for each in relations}
    assert kinds == {
        "trainedOn",
        "testedOn",
        "dependsOn",
        "hasDistributionArtifact",
        "hasDeclaredLicense",
    }
    (file,) = found.foreach_type(model.software_File)
    assert [each.hashValue for each in file.verifiedUsing] == [trained.sha256]


def test_a_description_of_the_data_is_valid(trained: Trained) -> None:
    """By mlcroissant, which reads its records; it is derived from what the PROV document names."""
    croissant = pytest.importorskip("mlcroissant")
    content = json.loads(written(trained.execution, "croissant", "--license", "CC-BY-4.0"))
    dataset = croissant.Dataset(jsonld=content)
    assert not dataset.metadata.ctx.issues.errors
    records = list(dataset.records("fingerprints"))
    roles = {each["fingerprints/role"] for each in records}
    assert {role.decode() if isinstance(role, bytes) else role for role in roles} == {
        "training",
        "test",
    }
    origins = {each["@id"] for each in content["prov:wasDerivedFrom"]}
    document = prov_document(trained.execution)
    names = {record.identifier.uri for record in document.records if record.identifier}
    assert origins
    assert origins <= names


def test_each_field_of_annex_iv_is_filled_or_open(trained: Trained) -> None:
    """Of all points of section 2; a filled one names the set and the execution that filled it."""
    text = written(trained.execution, "annex-iv")
    for point in "abcdefgh":
        assert f"\n## 2({point}) " in text
    parts = re.split(r"\n### ", text)[1:]
    assert [part.split("\n")[0] for part in parts] == [field.asks for field in FIELDS]
    states = [(OPEN in part, f"`{trained.execution}`*" in part) for part in parts]
    assert all(is_open != is_filled for is_open, is_filled in states)
    filled = sum(is_filled for _, is_filled in states)
    assert f"{filled} of {len(FIELDS)} fields are filled" in text
    assert 10 < filled < len(FIELDS)
    for field, (is_open, _) in zip(FIELDS, states, strict=True):
        assert field.source or is_open


@pytest.mark.parametrize("form", PAGES)
def test_texts_of_users_stay_texts_in_markdown(hostile: str, form: str) -> None:
    """No link, no picture, no HTML, no heading or fence comes of them, and no metadata."""
    text = written(hostile, form)
    tokens = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .parse(text.split("---\n", 2)[2] if form == "model-card" else text)
    )
    inside = [child for token in tokens for child in token.children or []]
    kinds = {token.type for token in (*tokens, *inside)}
    assert kinds.isdisjoint({"link_open", "image", "html_inline", "html_block"})
    headings = [tokens[i + 1].content for i, each in enumerate(tokens) if each.tag == "h1"]
    assert "heading" not in headings
    assert "\x1b" not in text
    assert "\u202e" not in text
    if form == "model-card":
        metadata = yaml.safe_load(text.split("---\n")[1])
        assert set(metadata) <= {"library_name", "tags", "metrics", "model-index"}
        assert "z" * 299 + "…" in text
        assert "z" * 300 not in text


@pytest.mark.parametrize("form", INSTALLED)
def test_a_failed_training_is_said(hostile: str, form: str) -> None:
    """Every document says so."""
    text = written(hostile, form)
    assert "FAILED" in text
    assert "out of memory" in text or form == "croissant"
    assert "not ended" not in text


def test_a_training_that_still_runs_is_said(home: Path, tag: str) -> None:
    """Every document says that the execution had not ended when it was written."""
    flow = Dataflow(tag, [Transformation("TrainingModel")])
    with flow.task("TrainingModel"):
        assert dfanalyzer_client.flush(60)
        for form in INSTALLED:
            text = written(flow.exec_tag, form)
            assert "RUNNING" in text
            assert "not ended" in text or "not when this was written" in text
            if form == "ml-bom":
                _check_bom(text)


@pytest.mark.parametrize("form", JSON_FORMS)
def test_what_json_cannot_hold_is_a_text(hostile: str, form: str) -> None:
    """NaN and infinities are texts, and every document is strict JSON that its validator takes."""
    text = written(hostile, form)
    json.loads(text, parse_constant=lambda name: pytest.fail(name))
    if form == "ml-bom":
        _check_bom(text)
        assert '"value": "NaN"' in text
        assert '"value": "Infinity"' in text
    if form == "spdx":
        pytest.importorskip("spdx_python_model").load_data(json.loads(text))
    if form == "croissant":
        pytest.importorskip("mlcroissant").Dataset(jsonld=json.loads(text))


def test_metrics_that_are_no_numbers_are_not_in_the_metadata(hostile: str) -> None:
    """Of a card: the Hub refuses them; the text has them."""
    text = written(hostile, "model-card")
    (name,) = yaml.safe_load(text.split("---\n")[1])["metrics"]
    assert name == "top"
    assert "| loss | NaN |" in text


def test_a_trial_says_what_its_search_chose(hostile: str) -> None:
    """In the card and among the design choices."""
    for form in PAGES:
        assert "| 7 | rate | 0.1 |" in written(hostile, form)


def test_errors_are_said_in_words(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown execution, a file that exists, a base that is none, a missing package."""
    assert "nothing-like-it" in command("nothing-like-it", "--as", "spdx", code=1).stderr
    path = tmp_path / "card.md"
    path.write_text("mine")
    asked = (trained.execution, "--as", "model-card", "-o", str(path))
    assert "card.md exists" in command(*asked, code=1).stderr
    assert path.read_text() == "mine"
    command(*asked, "--force")
    assert path.read_text() == written(trained.execution, "model-card")
    assert "IRI" in command(trained.execution, "--as", "spdx", "--base", "x", code=1).stderr
    assert "--as" in command(trained.execution, code=2).stderr
    monkeypatch.setitem(sys.modules, "spdx_python_model", None)
    assert "[documents]'" in command(trained.execution, "--as", "spdx", code=1).stderr


def test_an_execution_without_tasks_has_no_document(home: Path, tag: str, ask: Any) -> None:
    """There is nothing to say of it."""
    flow = Dataflow(tag, [])
    flow.save()
    ask.rows("SELECT 1")
    assert "has no tasks" in command(flow.exec_tag, "--as", "annex-iv", code=1).stderr


def test_a_card_shows_each_hostile_text(hostile: str) -> None:
    """Escaped, but there."""
    text = written(hostile, "model-card")
    assert len([line for line in text.splitlines() if re.match(r"\| `h\d` ", line)]) == len(HOSTILE)
    assert EPOCHS


def _check_bom(text: str) -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
