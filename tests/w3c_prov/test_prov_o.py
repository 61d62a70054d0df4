"""Each look at an RDF graph finds what it looks for, and nothing in a good graph."""

import warnings

import pytest
from prov.constants import PROV
from prov.model import ProvDocument
from rdflib import OWL, RDF, RDFS, Graph, URIRef

from w3c_prov.prov_o import (
    contradictions,
    ontology,
    problems,
    shape_violations,
    shortcuts,
    unknown_terms,
)
from w3c_prov.round_trip import written

PREFIXES = """
@prefix : <http://example.org/> .
@prefix prov: <http://www.w3.org/ns/prov#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
GOOD = """
:a a prov:Activity ; prov:startedAtTime "2024-01-01T00:00:00+00:00"^^xsd:dateTime ;
    prov:endedAtTime "2024-01-02T00:00:00+00:00"^^xsd:dateTime ;
    prov:qualifiedUsage :u ; prov:used :e ; prov:qualifiedAssociation :w .
:b a prov:Activity ; prov:wasInformedBy :a .
:e a prov:Entity ; prov:value 0.1e0 .
:f a prov:Entity ; prov:qualifiedGeneration :g ; prov:qualifiedRevision :d .
:c a prov:Entity, prov:Collection ; prov:hadMember :e, :f .
:p a prov:Entity, prov:Plan .
:ag a prov:Agent, prov:SoftwareAgent ; prov:actedOnBehalfOf :boss .
:boss a prov:Agent .
:u a prov:Usage ; prov:entity :e ; prov:atTime "2024-01-01T00:00:00Z"^^xsd:dateTime .
:g a prov:Generation ; prov:activity :a .
:d a prov:Revision ; prov:entity :e ; prov:hadActivity :a ; prov:hadUsage :u ;
    prov:hadGeneration :g .
:w a prov:Association ; prov:agent :ag ; prov:hadPlan :p ; prov:hadRole :trainer .
"""
UNKNOWN = {
    "property": (":e prov:wasMadeBy :a .", "PROV-O has no property prov:wasMadeBy"),
    "class": (":x a prov:Thing .", "PROV-O has no class prov:Thing"),
    "class as a property": (":x prov:Entity :e .", "PROV-O has no property prov:Entity"),
    "property as a class": (":x a prov:used .", "PROV-O has no class prov:used"),
    "individual": (":e :of prov:nothing .", "PROV-O has no name prov:nothing"),
}
CONTRADICTORY = {
    "an entity is no activity": (":a a prov:Entity .", "http://example.org/a"),
    "by domain": (":a prov:wasGeneratedBy :b .", "http://example.org/a"),
    "by range": (":b prov:used :a .", "http://example.org/a"),
    "by a qualified relation": (":b prov:qualifiedUsage [ prov:entity :a ] .", "example.org/a"),
    "an entity is no event": (":u a prov:Entity .", "http://example.org/u"),
    "an agent is no event": (":boss prov:qualifiedStart :x . :x a prov:Agent .", "example.org/x"),
    "a usage is no generation": (":u a prov:Generation .", "http://example.org/u"),
    "literal role": (':u prov:hadRole "input" .', "a literal where a thing belongs: <http://exa"),
    "literal type": (':e a "Dataset" .', "a literal where a thing belongs: <http://example.org/e>"),
    "literal entity": (':b prov:used "file.h5" .', "a literal where a thing belongs"),
    "time as a thing": (":g prov:atTime :noon .", "a thing where a literal belongs"),
    "date": (':g prov:atTime "2024-01-01"^^xsd:date .', "not xsd:dateTime: <http://example.org/g>"),
    "text": (':b prov:startedAtTime "2024-01-01T00:00:00Z" .', "not xsd:dateTime"),
    "no time": (':b prov:endedAtTime "yesterday"^^xsd:dateTime .', "not xsd:dateTime"),
}
INCOMPLETE = {
    "usage of nothing": (":b prov:qualifiedUsage :x . :x a prov:Usage .", "prov:entity: Less"),
    "usage of two": (":u prov:entity :f .", "/u> prov:entity: More"),
    "usage by nobody": (":x a prov:Usage ; prov:entity :e .", "/x> "),
    "usage by two": (":b prov:qualifiedUsage :u .", "/u> "),
    "usage of an unknown": (
        ":x a prov:Usage ; prov:entity :undeclared .",
        "/x> prov:entity: Value",
    ),
    "generation by nobody": (
        ":e prov:qualifiedGeneration :x . :x a prov:Generation .",
        "prov:activity: Less",
    ),
    "generation by two": (":g prov:activity :b .", "/g> prov:activity: More"),
    "invalidation by two": (
        ":e prov:qualifiedInvalidation :x . :x a prov:Invalidation ; prov:activity :a, :b .",
        "prov:activity: More",
    ),
    "start by two": (
        ":b prov:qualifiedStart :x . :x a prov:Start ; prov:entity :e, :f .",
        "prov:entity: More",
    ),
    "end of nothing": (":x a prov:End ; prov:entity :e .", "/x> "),
    "informed by nobody": (
        ":b prov:qualifiedCommunication :x . :x a prov:Communication .",
        "prov:activity: Less",
    ),
    "no agent": (":b prov:qualifiedAssociation :x . :x a prov:Association .", "prov:agent: Less"),
    "two agents": (":w prov:agent :boss .", "/w> prov:agent: More"),
    "plan that is none": (":w prov:hadPlan :e .", "/w> prov:hadPlan: "),
    "attribution to nobody": (
        ":e prov:qualifiedAttribution :x . :x a prov:Attribution .",
        "prov:agent: Less",
    ),
    "delegation to nobody": (
        ":ag prov:qualifiedDelegation :x . :x a prov:Delegation .",
        "prov:agent: Less",
    ),
    "two starts": (
        ':a prov:startedAtTime "2024-01-01T12:00:00Z"^^xsd:dateTime .',
        "/a> prov:startedAtTime: More",
    ),
    "two ends": (
        ':a prov:endedAtTime "2024-01-03T00:00:00Z"^^xsd:dateTime .',
        "/a> prov:endedAtTime: More",
    ),
    "end before start": (
        ':b prov:startedAtTime "2024-01-02T00:00:00Z"^^xsd:dateTime ;'
        ' prov:endedAtTime "2024-01-01T00:00:00Z"^^xsd:dateTime .',
        "/b> prov:startedAtTime: ",
    ),
    "two times": (':u prov:atTime "2024-01-01T12:00:00Z"^^xsd:dateTime .', "/u> prov:atTime: More"),
    "member of no collection": (":e prov:hadMember :f .", "/e> "),
    "member of an empty one": (":c a prov:EmptyCollection .", "/c> "),
    "revision of nothing": (
        ":e prov:qualifiedRevision :x . :x a prov:Revision .",
        "prov:entity: Less",
    ),
    "revision without activity": (
        ":e prov:qualifiedRevision :x . :x a prov:Revision ; prov:entity :f ; prov:hadUsage :u .",
        "/x> -: ",
    ),
    "derivation from two": (":d prov:entity :p .", "/d> prov:entity: More"),
    "undeclared entity": (":b prov:used :undeclared .", "/undeclared> "),
    "undeclared activity": (":e prov:wasGeneratedBy :undeclared .", "/undeclared> "),
    "undeclared agent": (":b prov:wasAssociatedWith :undeclared .", "/undeclared> "),
    "two values": (":e prov:value 2 .", "/e> prov:value: More"),
}


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The deprecations of rdflib that prov's RDF writer meets are not ours."""
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="rdflib|prov")


def graph(statements: str) -> Graph:
    """The Turtle `statements` as a graph."""
    return Graph().parse(data=PREFIXES + statements, format="turtle")


def test_the_ontology_is_whole() -> None:
    """W3C's file has its classes, properties, domains, ranges, chains and disjoint classes."""
    prov_o = ontology()
    activity, entity = URIRef(PROV["Activity"].uri), URIRef(PROV["Entity"].uri)

    assert len(set(prov_o.subjects(RDF.type, OWL.Class)) - set(blank(prov_o))) == 30
    assert len(set(prov_o.subjects(RDF.type, OWL.ObjectProperty))) == 44
    assert len(set(prov_o.subjects(RDF.type, OWL.DatatypeProperty))) == 6
    assert len(set(prov_o.subjects(OWL.propertyChainAxiom))) == 13
    assert (activity, OWL.disjointWith, entity) in prov_o
    assert len(list(prov_o.subject_objects(OWL.disjointWith))) == 4
    assert (URIRef(PROV["used"].uri), RDFS.domain, activity) in prov_o
    assert (URIRef(PROV["used"].uri), RDFS.range, entity) in prov_o


def blank(prov_o: Graph) -> set[object]:
    """The classes without a name: unions and restrictions."""
    return {subject for subject in prov_o.subjects() if not isinstance(subject, URIRef)}


def test_nothing_is_wrong_with_a_good_graph() -> None:
    """A graph with each kind of statement has no problem, as Turtle or as a graph."""
    assert problems(PREFIXES + GOOD) == []
    assert problems(graph(GOOD)) == []


@pytest.mark.parametrize(("statement", "message"), UNKNOWN.values(), ids=UNKNOWN)
def test_names_that_are_not_prov_os(statement: str, message: str) -> None:
    """A name of PROV's namespace that PROV-O does not define, or not so, is reported."""
    assert unknown_terms(graph(GOOD)) == []
    assert unknown_terms(graph(GOOD + statement)) == [message]


@pytest.mark.parametrize(("statement", "message"), CONTRADICTORY.values(), ids=CONTRADICTORY)
def test_contradictions_to_the_ontology(statement: str, message: str) -> None:
    """What cannot be by the ontology is reported with the thing it is said of."""
    assert any(message in line for line in contradictions(graph(GOOD + statement)))


@pytest.mark.parametrize(("statement", "message"), INCOMPLETE.values(), ids=INCOMPLETE)
def test_statements_that_lack_something_or_say_too_much(statement: str, message: str) -> None:
    """A statement that its shape does not allow is reported with its thing and property."""
    assert shape_violations(graph(GOOD)) == []
    assert any(message in line for line in shape_violations(graph(GOOD + statement)))


def test_qualified_relations_imply_unqualified_ones() -> None:
    """What PROV-O concludes from qualified relations is listed, unless it is stated."""
    implied = {
        f"{subject}|{predicate}|{object_}".replace("http://example.org/", "").replace(PROV.uri, "")
        for subject, predicate, object_ in shortcuts(graph(GOOD))
    }

    assert implied == {
        "f|wasGeneratedBy|a",
        "f|wasRevisionOf|e",
        "f|wasDerivedFrom|e",
        "a|wasAssociatedWith|ag",
    }


def test_what_prov_writes_is_prov_o() -> None:
    """A document with each identified relation, as prov writes it in Turtle, has no problem."""
    document = ProvDocument()
    document.add_namespace("ex", "http://example.org/")
    document.entity("ex:e")
    document.entity("ex:f")
    document.entity("ex:plan", {"prov:type": PROV["Plan"]})
    document.agent("ex:ag", {"prov:type": PROV["SoftwareAgent"]})
    document.agent("ex:boss")
    document.activity("ex:a", "2024-01-01T00:00:00+00:00", "2024-01-02T00:00:00+00:00")
    document.activity("ex:b")
    document.usage("ex:a", "ex:e", "2024-01-01T01:00:00+00:00", "ex:u")
    document.generation("ex:f", "ex:a", "2024-01-01T02:00:00+00:00", "ex:g")
    document.derivation(
        "ex:f", "ex:e", "ex:a", "ex:g", "ex:u", "ex:d", {"prov:type": PROV["Revision"]}
    )
    document.communication("ex:b", "ex:a", "ex:c")
    document.association("ex:a", "ex:ag", "ex:plan", "ex:w")
    document.attribution("ex:f", "ex:ag", "ex:t")
    document.delegation("ex:ag", "ex:boss", "ex:a", "ex:del")
    document.invalidation("ex:e", "ex:b", None, "ex:i")
    document.collection("ex:all")
    document.membership("ex:all", "ex:e")
    document.specialization("ex:f", "ex:e")

    assert problems(written(document, "rdf:turtle")) == []
