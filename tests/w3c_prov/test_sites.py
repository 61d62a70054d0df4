"""Documents of several sites are merged without clashes, and every term is in the vocabulary."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prov.constants import PROV_LABEL
from prov.identifier import QualifiedName
from prov.model import ProvDocument

from dfanalyzer_client import prov_document
from dfanalyzer_client.export.prov import CLASSES, PROPERTIES, VOCABULARY
from dfanalyzer_client.export.prov._identifiers import DEFAULT_BASE
from dfanalyzer_client.private_server import PrivateServer
from tools.examples import DOCS, ROOT
from w3c_prov.conftest import Trained
from w3c_prov.constraints import violations

SCRIPT = """
import sys

import dfanalyzer_client as client
import dfanalyzer_client.dataflow as dataflow

if sys.argv[1]:
    dataflow.new_execution = lambda tag: sys.argv[1]
numeric = client.AttributeType.NUMERIC
attributes = [client.Attribute(name, numeric) for name in sys.argv[3:]]
flow = client.Dataflow("shared", [client.Transformation("Step", [
    client.Set("iStep", client.SetType.INPUT, [client.Attribute("X", numeric)]),
    client.Set("oStep", client.SetType.OUTPUT, [client.Attribute("Y", numeric), *attributes]),
])])
with flow.task("Step") as task:
    task.used(X=float(sys.argv[2]))
    task.generated(Y=2 * float(sys.argv[2]))
    task.task.add_file(client.File("same.txt", "same.txt", sha256="ab" * 32))
    task.task.add_file(client.File("own.txt", "own.txt", sha256=sys.argv[2] * 64))
assert client.flush(60)
print(flow.exec_tag)
"""
"""Record an execution of the tag `shared`: its tag or none, a digit, more attributes."""


@dataclass
class Site:
    """A database of its own, with an execution that has the same tag and ids as another site's."""

    home: Path
    execution: str

    def document(self, execution: str | None = None, **options: bool) -> ProvDocument:
        """The document of an execution."""
        return prov_document(execution or self.execution, home=self.home, **options)


def record(home: Path, execution: str, digit: str, *attributes: str) -> str:
    """Record an execution in a database of its own; its tag."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, execution, digit, *attributes],
        env={**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    """Two private servers, each with `run1` of the dataflow `shared`, at id 1."""
    homes = [tmp_path_factory.mktemp(name) for name in ("here", "there")]
    record(homes[0], "run1", "1")
    record(homes[1], "run1", "2", "Z")
    yield Site(homes[0], "run1"), Site(homes[1], "run1")
    for home in homes:
        PrivateServer(home).stop()


def elements(document: ProvDocument) -> dict[str, dict[QualifiedName, set[object]]]:
    """By the IRI of each entity, activity and agent, its attributes."""
    found: dict[str, dict[QualifiedName, set[object]]] = {}
    for each in document.unified().records:
        if each.is_element() and each.identifier is not None:
            values: dict[QualifiedName, set[object]] = {}
            for name, value in each.attributes:
                values.setdefault(name, set()).add(value)
            found[each.identifier.uri] = values
    return found


def test_executions_of_two_sites_stay_two(sites: tuple[Site, Site]) -> None:
    """Of the same tag and ids, after a merge by `prov`; only equal bytes are one entity."""
    one, other = (elements(site.document(prospective=True)) for site in sites)
    merged = sites[0].document(prospective=True)
    merged.update(sites[1].document(prospective=True))
    both = elements(merged)
    shared = {iri.removeprefix(DEFAULT_BASE) for iri in one.keys() & other.keys()}
    assert shared == {f"content/sha256.{'ab' * 32}"}
    assert both == {**one, **other}
    labels = [each[PROV_LABEL] for each in both.values()]
    assert labels.count({"execution run1"}) == len(sites)
    assert violations(merged.unified()) == []


def test_triples_of_two_sites_stay_apart(sites: tuple[Site, Site]) -> None:
    """In a triple store: each row has one value, and each task one pair of times."""
    rdflib = pytest.importorskip("rdflib")
    graph = rdflib.Graph()
    for site in sites:
        turtle = export(site, "turtle")
        graph.parse(data=turtle, format="turtle")
    prov, data = "http://www.w3.org/ns/prov#", f"{DEFAULT_BASE}attribute#"
    for property_ in (f"{data}x", f"{data}y", f"{prov}startedAtTime", f"{prov}endedAtTime"):
        subjects = [subject for subject, _ in graph.subject_objects(rdflib.URIRef(property_))]
        assert len(subjects) == len(set(subjects)), property_
        assert subjects
    assert {float(value) for value in graph.objects(predicate=rdflib.URIRef(f"{data}x"))} == {1, 2}
    specialized = rdflib.URIRef(f"{prov}specializationOf")
    same = rdflib.URIRef(f"{DEFAULT_BASE}content/sha256.{'ab' * 32}")
    assert len(list(graph.subjects(specialized, same))) == len(sites)


def export(site: Site, format_: str) -> str:
    """What the command writes."""
    done = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "export", "run1", "--format", format_],
        env={**os.environ, "KERAS_PROV_HOME": str(site.home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_an_execution_in_two_databases_is_one(
    sites: tuple[Site, Site], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Gathered by its journal: both say the same of it, and the merged document is valid."""
    here, central = sites[0], Site(tmp_path_factory.mktemp("central"), "")
    tag = record(here.home, "", "3")
    try:
        gather(here.home, central.home)
        one, other = (site.document(tag) for site in (here, central))
        known, found = elements(one), elements(other)
        own = {iri for iri in known if "/run/" in iri}
        assert own == {iri for iri in found if "/run/" in iri}
        assert all(known[iri] == found[iri] for iri in own)
        assert not {iri for iri in known if "/dataflow/" in iri} & found.keys()
        one.update(other)
        assert violations(one.unified()) == []
    finally:
        PrivateServer(central.home).stop()


def gather(home: Path, central: Path) -> None:
    """Copy the journals of a data folder into another one, and store them there."""
    shutil.copytree(home / "journals", central / "journals")
    (central / "journals").chmod(0o700)
    subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "sync", "--again", "--elsewhere"],
        env={**os.environ, "KERAS_PROV_HOME": str(central), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )


def test_every_term_is_in_the_vocabulary(trained: Trained) -> None:
    """Classes and properties of documents with everything in them, and their values' attributes."""
    used = set()
    for execution in (trained.first, trained.second):
        text = prov_document(execution, prospective=True).serialize(format="provn")
        used |= set(re.findall(r"\bkp:(\w+)", text))
    assert len(used) > 20
    assert used <= VOCABULARY.keys()


def test_every_term_that_the_code_spells_is_in_the_vocabulary() -> None:
    """Also of what this test's execution does not have: requests, machines, DLProv's facts."""
    folder = ROOT / "dfanalyzer_client" / "export" / "prov"
    classes = {
        name
        for path in folder.glob("*.py")
        for name in re.findall(r'\.term\("(\w+)"\)', path.read_text("utf-8"))
    }
    assert classes
    assert classes <= {term.name for term in CLASSES}


@pytest.mark.parametrize("page", ["namespace.md", "vocabulary.ttl"])
def test_the_page_defines_every_term(page: str) -> None:
    """With an anchor of the term's name, which a browser keeps when it is redirected."""
    text = (DOCS / "reference" / page).read_text("utf-8")
    for term in (*CLASSES, *PROPERTIES):
        spelled = f'<a id="{term.name}"></a>' if page.endswith(".md") else f"kp:{term.name} a "
        assert text.count(spelled) == 1, term.name


def test_the_vocabulary_is_turtle() -> None:
    """Every term is a class or a property with a comment."""
    rdflib = pytest.importorskip("rdflib")
    graph = rdflib.Graph().parse(DOCS / "reference" / "vocabulary.ttl", format="turtle")
    comments = set(graph.subjects(rdflib.RDFS.comment))
    assert comments == {rdflib.URIRef(f"{DEFAULT_BASE}ns#{name}") for name in VOCABULARY}


def test_every_identifier_is_redirected_to_a_page(trained: Trained) -> None:
    """Of a document with everything: a rule matches, and its page and anchor exist."""
    rules = re.findall(r"(?m)^RewriteRule (\S+) SITE/(\S+) ", _redirect())
    document = prov_document(trained.first, prospective=True)
    names = {
        name.uri
        for each in document.records
        for name in [each.identifier, *[key for key, _ in each.attributes]]
        if name is not None and name.uri.startswith(DEFAULT_BASE)
    }
    paths = {re.sub("#.*", "", name.removeprefix(DEFAULT_BASE)) for name in names}
    kinds = {path.split("/")[0] for path in paths}
    assert kinds == {"ns", "attribute", "run", "dataflow", "agent", "content"}
    for path in paths:
        targets = [target for pattern, target in rules if re.search(pattern, path)]
        assert targets, path
        for target in targets:
            page, _, anchor = target.partition("#")
            source = DOCS / page.replace(".html", ".md")
            assert source.is_file()
            heading = f"\n## {anchor.capitalize()}\n"
            assert not anchor or heading in source.read_text("utf-8")


def _redirect() -> str:
    return (ROOT / "tools" / "w3id" / "htaccess").read_text("utf-8")
