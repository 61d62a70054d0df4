"""Whether an RDF graph is well-formed PROV-O.

    for line in problems(turtle):
        print(line)

Three looks at it: its terms are PROV-O's own, its statements contradict nothing in the ontology,
and each statement is complete, as `prov-shapes.ttl` has it. The closure takes 2-4 ms a triple,
so graphs of some thousand triples are what to check; the other looks are ten times as fast.
"""

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import owlrl  # type: ignore[import-untyped]
import pyshacl
from rdflib import OWL, RDF, RDFS, XSD, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

PROV = Namespace("http://www.w3.org/ns/prov#")
SH = Namespace("http://www.w3.org/ns/shacl#")
HERE = Path(__file__).parent

Triple: TypeAlias = tuple[Node, Node, Node]


@functools.cache
def ontology() -> Graph:
    """PROV-O as W3C publishes it."""
    return Graph().parse(HERE / "prov-o.ttl")


@functools.cache
def _axioms() -> Graph:
    """PROV-O without what it says to people, which would only make the closure slow."""
    notes = set(ontology().subjects(RDF.type, OWL.AnnotationProperty))
    notes |= {RDFS.label, RDFS.comment, RDFS.seeAlso, RDFS.isDefinedBy}
    axioms = Graph()
    for triple in ontology():
        if triple[1] not in notes:
            axioms.add(triple)
    return axioms


def problems(data: str | Graph) -> list[str]:
    """What is wrong with `data`, a graph or one in Turtle, a line each."""
    graph = Graph().parse(data=data, format="turtle") if isinstance(data, str) else data
    return [*unknown_terms(graph), *contradictions(graph), *shape_violations(graph)]


def unknown_terms(graph: Graph) -> list[str]:
    """Names of the prov: namespace that PROV-O does not define, or not as what they stand for."""
    used = {(predicate, "property") for predicate in graph.predicates()}
    used |= {
        (object_, "class" if predicate == RDF.type else "name")
        for predicate, object_ in graph.predicate_objects()
    }
    known = {
        "class": set(ontology().subjects(RDF.type, OWL.Class)),
        "property": {
            property_
            for kind in (OWL.ObjectProperty, OWL.DatatypeProperty, OWL.AnnotationProperty)
            for property_ in ontology().subjects(RDF.type, kind)
        },
        "name": set(ontology().subjects()),
    }
    return sorted(
        f"PROV-O has no {kind} {_name(term)}"
        for term, kind in used
        if isinstance(term, URIRef) and term.startswith(PROV) and term not in known[kind]
    )


def contradictions(graph: Graph) -> list[str]:
    """What does not go together with the ontology, after all that OWL RL concludes from both."""
    return sorted({*_literals(graph), *_inconsistencies(graph)})


def _literals(graph: Graph) -> Iterator[str]:
    """Literals where PROV-O wants things, and the other way round, and of a wrong datatype."""
    objects = set(ontology().subjects(RDF.type, OWL.ObjectProperty)) | {RDF.type}
    data = set(ontology().subjects(RDF.type, OWL.DatatypeProperty))
    for subject, predicate, value in graph:
        said = f"{_name(subject)} {_name(predicate)} {value.n3()}"
        if predicate in objects and isinstance(value, Literal):
            yield f"a literal where a thing belongs: {said}"
        if isinstance(value, Literal) and value.ill_typed:
            yield f"not {_name(value.datatype)}: {said}"
        if predicate in data and not isinstance(value, Literal):
            yield f"a thing where a literal belongs: {said}"
        if predicate in data and isinstance(value, Literal):
            ranges = set(ontology().objects(predicate, RDFS.range)) - {RDFS.Literal}
            if ranges - {value.datatype}:
                wanted = ", ".join(map(_name, ranges)) or "a value of its datatype"
                yield f"not {wanted}: {said}"


def _inconsistencies(graph: Graph) -> Iterator[str]:
    """What owlrl finds inconsistent: things in two disjoint classes above all."""
    closure = Graph()
    for triple in (*graph, *_axioms()):
        # As a type or the like, a literal is reported above, and owlrl trips over it.
        if not (triple[1] == RDF.type and isinstance(triple[2], Literal)):
            closure.add(triple)
    reasoner = owlrl.OWLRL_Semantics(closure, False, False, False)
    reasoner.closure()
    for message in reasoner.error_messages:
        # owlrl 7.6 takes 0.0, NaN and INF for no doubles: `_literals` asks rdflib instead.
        if not message.startswith("Lexical value of the literal"):
            yield f"OWL: {message}"
    for thing in closure.subjects(RDF.type, OWL.Nothing):
        yield f"OWL: {_name(thing)} cannot exist"


def shape_violations(graph: Graph) -> list[str]:
    """Statements that lack something or say too much, by `prov-shapes.ttl`."""
    _, report, text = pyshacl.validate(
        graph, shacl_graph=_shapes(), ont_graph=_axioms(), inference="none"
    )
    if not isinstance(report, Graph):
        raise TypeError(f"pyshacl gave no report. Received: {text}")
    return sorted(
        f"SHACL: {_name(report.value(result, SH.focusNode))} "
        f"{_name(report.value(result, SH.resultPath))}: {report.value(result, SH.resultMessage)}"
        for result in report.subjects(RDF.type, SH.ValidationResult)
    )


@functools.cache
def _shapes() -> Graph:
    return Graph().parse(HERE / "prov-shapes.ttl")


def implied(graph: Graph) -> set[Triple]:
    """The unqualified triples that the qualified relations of `graph` imply, stated or not.

    PROV-O has `:a prov:qualifiedUsage [ prov:entity :e ]` imply `:a prov:used :e`, which is what
    a SPARQL question asks for; a revision is a derivation, too. Mere influence is left out.
    """
    found: set[Triple] = set()
    for unqualified, chain in ontology().subject_objects(OWL.propertyChainAxiom):
        qualified, influencer = Collection(ontology(), chain)
        properties = ontology().transitive_objects(unqualified, RDFS.subPropertyOf)
        wider = {name for name in properties if name and name != PROV.wasInfluencedBy}
        for subject, node in graph.subject_objects(qualified):
            for object_ in graph.objects(node, influencer):
                found |= {(subject, name, object_) for name in wider}
    return found


def shortcuts(graph: Graph) -> set[Triple]:
    """What of `implied` the graph does not state."""
    return {triple for triple in implied(graph) if triple not in graph}


def _name(node: Node | None) -> str:
    if isinstance(node, URIRef):
        for prefix, namespace in (("prov:", str(PROV)), ("xsd:", str(XSD)), ("rdf:", str(RDF))):
            if node.startswith(namespace):
                return prefix + node[len(namespace) :]
        return f"<{node}>"
    return "-" if node is None else node.n3()
