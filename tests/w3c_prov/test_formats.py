"""Every format says what the document says, and a real training's documents pass the judges."""

from __future__ import annotations

import json
import math
import re
import warnings
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
import rdflib
from hypothesis import example, given
from hypothesis import strategies as st
from prov.model import ProvDocument, ProvWarning

import keras_prov as keras
from dfanalyzer_client import (
    Attribute,
    AttributeType,
    Dataflow,
    Set,
    SetType,
    Transformation,
    flush,
    prov_document,
)
from dfanalyzer_client.config import settings
from dfanalyzer_client.export.prov import FORMATS, export_execution, options_for
from dfanalyzer_client.export.prov._identifiers import escaped, printable, unescaped
from dfanalyzer_client.store import reader_connection
from small_models import data, small_model
from w3c_prov.asking import Document, value
from w3c_prov.conftest import EPOCHS, HALVED, Trained
from w3c_prov.constraints import violations
from w3c_prov.prov_o import problems, shortcuts
from w3c_prov.round_trip import FORMATS as NAMES_IN_PROV
from w3c_prov.round_trip import differences, read, same

READERS = {
    "provn": "provn",
    "json": "json",
    "jsonld": "jsonld",
    "xml": "xml",
    "turtle": "rdf:turtle",
    "rdfxml": "rdf:xml",
    "trig": "rdf:trig",
}
OF_PROV_O = ("turtle", "rdfxml", "trig")


def read_back(text: str, format_: str, document: ProvDocument) -> ProvDocument:
    """What `prov` reads; of PROV-O without what we have added to prov's own statements."""
    if format_ not in OF_PROV_O:
        return read(text, READERS[format_])
    dataset = rdflib.Dataset()
    dataset.parse(data=text, format={"rdfxml": "xml"}.get(format_, format_))
    bare = rdflib.Graph().parse(data=document.serialize(format="rdf", rdf_format="turtle"))
    graph = rdflib.Graph()
    for subject, predicate, value_ in dataset.triples((None, None, None)):
        is_place = predicate == rdflib.PROV.atLocation
        value_ = rdflib.Literal(value_, datatype=rdflib.XSD.anyURI) if is_place else value_
        graph.add((subject, predicate, value_))
    for triple in shortcuts(bare):
        graph.remove(triple)
    # as N-Triples, which rdflib writes with all digits of a number, and without prefixes
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The predicate .* declared neither", ProvWarning)
        return ProvDocument.deserialize(
            content=graph.serialize(format="nt"), format="rdf", rdf_format="nt"
        )


@pytest.fixture(scope="module")
def document(trained: Trained) -> ProvDocument:
    """All that a document can have."""
    return prov_document(trained.first, prospective=True)


@pytest.mark.parametrize("format_", FORMATS)
def test_a_format_gives_the_document_back(document: ProvDocument, format_: str) -> None:
    """Every record with every value, of a real training's document with its design."""
    text = FORMATS[format_].text(document)
    assert differences(document, read_back(text, format_, document)) == []


def test_the_formats_are_those_of_prov() -> None:
    """None of them is left out, and none has another reader."""
    assert set(READERS) == set(FORMATS)
    assert set(READERS.values()) == set(NAMES_IN_PROV)


@pytest.mark.parametrize("name", NAMES_IN_PROV)
def test_prov_alone_gives_the_document_back(document: ProvDocument, name: str) -> None:
    """Without our hand in it, as whoever gets the ProvDocument in Python writes it."""
    assert same(document, name) == []


@pytest.mark.thorough
def test_the_turtle_agrees_with_prov_o(trained: Trained) -> None:
    """Its terms are PROV-O's, its closure under OWL RL is consistent, and the shapes hold."""
    for execution in (trained.first, trained.second):
        small = prov_document(execution, prospective=True)
        assert problems(FORMATS["turtle"].text(small)) == []


@pytest.mark.parametrize("room", [1, 7, 100_000])
def test_a_document_of_any_length_is_the_same(
    trained: Trained, document: ProvDocument, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    """However few statements are in memory at once; a short one has each subject in one place."""
    monkeypatch.setattr("dfanalyzer_client.export.prov._statements.MOST_AT_ONCE", room)
    options = options_for(None, prospective=True)
    with reader_connection(None, settings.home()) as connection:
        text = export_execution(connection, trained.first, "turtle", options).decode()
    whole = FORMATS["turtle"].text(document)
    parsed, expected = (rdflib.Graph().parse(data=each) for each in (text, whole))
    assert set(parsed) == set(expected)
    assert (text == whole) is (room > len(document.records))


def test_sparql_follows_the_plain_properties(trained: Trained, document: ProvDocument) -> None:
    """From a model's file to the hashes of the data and to the learning rate, in one path."""
    graph = rdflib.Graph().parse(data=FORMATS["turtle"].text(document), format="turtle")
    asked = """
        SELECT DISTINCT ?hash ?rate WHERE {
          ?model a kp:Model ; prov:wasGeneratedBy/prov:wasInformedBy ?training .
          ?training prov:used ?dataset .
          ?dataset data:hash ?hash .
          ?model prov:wasDerivedFrom+ ?configuration .
          ?configuration data:learning_rate|data:new_lrate ?rate .
          ?configuration a kp:Configuration .
        }"""
    rows = [(str(one), float(other)) for one, other in graph.query(asked)]
    hashes = {value(each, "hash") for each in document.records if value(each, "hash")}
    assert {one for one, _ in rows} == hashes
    assert sorted({other for _, other in rows}, reverse=True) == [0.01, 0.005, 0.0025]


def test_turtle_states_what_qualified_relations_imply(document: ProvDocument) -> None:
    """Nothing that PROV-O concludes of a qualified relation is left to the reader."""
    graph = rdflib.Graph().parse(data=FORMATS["turtle"].text(document), format="turtle")
    assert shortcuts(graph) == set()
    location = rdflib.URIRef("http://www.w3.org/ns/prov#atLocation")
    assert all(isinstance(place, rdflib.URIRef) for place in graph.objects(None, location))


NASTY = [
    "it's",
    'say "no"',
    "C:\\new\ttab",
    "a\nb\r\nc",
    "\x07bell\x1b",
    "\ufffe",
    "𝔘ñï\u2028",
    "<a&b>",
    "{}%s",
    "",
]


def test_any_value_and_name_comes_back(tag: str) -> None:
    """Quotes, controls and Unicode; NaN, infinities and large integers; names of any signs."""
    names = ["index", "a b", "é", "x:y", "1st", "a.b", "__x0020_", "100%", 'q"uote', "<tag>"]
    numbers = [math.nan, math.inf, -math.inf, 0.0, -1e-300, 2**60]
    attributes = [Attribute(name, AttributeType.TEXT) for name in names]
    output = Set(
        "o Nasty/Set", SetType.OUTPUT, [*attributes, Attribute("n", AttributeType.NUMERIC)]
    )
    dataflow = Dataflow(f"{tag} 'x\" é", [Transformation("Do/it now.", [output])])
    dataflow.save()
    with dataflow.task("Do/it now.") as task:
        for number, text in zip([*numbers, 1, 2, 3, 4], NASTY, strict=True):
            task.generated(**dict.fromkeys(names, text), n=number)
    assert flush(30)
    document = prov_document(dataflow.exec_tag, prospective=True)
    assert violations(document) == []
    for format_ in FORMATS:
        text = FORMATS[format_].text(document)
        assert differences(document, read_back(text, format_, document)) == [], format_
    rows = Document(document).of_type("Element")
    assert [value(row, "index") for row in rows] == [printable(text) for text in NASTY]
    found = [value(row, "n") for row in rows]
    assert math.isnan(found[0])
    assert found[1:3] == [math.inf, -math.inf]
    assert [float(each) for each in found[3:6]] == [0.0, -1e-300, float(2**60)]
    assert str(2**60) == str(found[5])
    assert problems(FORMATS["turtle"].text(document)) == []


TEXTS = st.text(st.characters(exclude_characters="\0"))
"""What a tag can be: no text in MonetDB has a NUL, whose name here is that of the empty text."""


@example("_x0020 ", " x0020_")
@given(TEXTS, TEXTS)
def test_names_are_xml_names_in_ascii_and_unique(one: str, other: str) -> None:
    """`escaped` gives names that XML, Turtle and PROV-N write alike, and loses nothing."""
    name = escaped(one)
    assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name)
    assert unescaped(name) == (one or "\0")
    assert (name == escaped(other)) == (one == other)


@pytest.mark.parametrize("format_", ["json", "jsonld", "xml"])
def test_texts_are_well_formed_for_anybody(document: ProvDocument, format_: str) -> None:
    """The standard library reads them; JSON has no NaN."""
    text = FORMATS[format_].text(document)
    if format_ == "xml":
        assert ElementTree.fromstring(text.encode()).tag.endswith("document")
    else:

        def refused(constant: str) -> Any:
            raise AssertionError(constant)

        assert json.loads(text, parse_constant=refused)


def test_a_metric_that_is_nan_is_nan(tag: str) -> None:
    """A loss that diverged stands in the document as Keras gave it."""
    model = small_model(optimizer=keras.optimizers.SGD(1e30))
    model.provenance(tag)
    history = model.fit(*data(), epochs=3, verbose=0).history
    assert not math.isfinite(history["loss"][-1])
    document = keras.prov_document(model)
    losses = [value(each, "loss") for each in Document(document).of_type("Epoch")]
    assert list(map(repr, losses)) == list(map(repr, history["loss"]))
    for format_ in FORMATS:
        text = FORMATS[format_].text(document)
        assert differences(document, read_back(text, format_, document)) == [], format_


def test_without_epochs_the_formats_say_less(trained: Trained) -> None:
    """And the same of all else."""
    whole, less = (prov_document(trained.first, epochs=each) for each in (True, False))
    gone = {each.identifier.uri for each in whole.records if each.identifier} - {
        each.identifier.uri for each in less.records if each.identifier
    }
    left = (*HALVED, EPOCHS)  # each adaptation goes back to the epoch before
    left = (*HALVED, EPOCHS)  # each adaptation goes back to the epoch before
    assert {name.rpartition("set.")[2].partition(".generation")[0] for name in gone} == {
        f"otrainingmodel.{number}" for number in range(1, EPOCHS + 1) if number not in left
    }
