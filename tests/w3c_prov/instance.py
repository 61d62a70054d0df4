"""A PROV instance (a document's top level, or one bundle) as statements over terms."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from prov.constants import PROV_ATTRIBUTE_LITERALS, PROV_N_MAP
from prov.model import ProvBundle, ProvRecord

from w3c_prov.terms import NOTHING, Term, Terms, Unknown, term

OBJECTS = ("entity", "activity", "agent")
EVENTS = ("used", "wasGeneratedBy", "wasInvalidatedBy", "wasStartedBy", "wasEndedBy")
# What must be said of a relation; PROV-DM leaves every other argument out at will.
MANDATORY = {
    "used": ("activity",),
    "wasGeneratedBy": ("entity",),
    "wasInvalidatedBy": ("entity",),
    "wasStartedBy": ("activity",),
    "wasEndedBy": ("activity",),
    "wasInformedBy": ("informed", "informant"),
    "wasDerivedFrom": ("generatedEntity", "usedEntity"),
    "wasAttributedTo": ("entity", "agent"),
    "wasAssociatedWith": ("activity",),
    "actedOnBehalfOf": ("delegate", "responsible"),
    "wasInfluencedBy": ("influencee", "influencer"),
    "specializationOf": ("specificEntity", "generalEntity"),
    "alternateOf": ("alternate1", "alternate2"),
    "mentionOf": ("specificEntity", "generalEntity", "bundle"),
    "hadMember": ("collection", "entity"),
}


@dataclass(slots=True, eq=False)
class Statement:
    """One PROV-N expression: its kind in PROV-N's word, its identifier and its arguments."""

    kind: str
    id: Term
    arguments: dict[str, Term]
    text: str
    types: frozenset[str] = frozenset()
    inferred: bool = False

    def __getitem__(self, argument: str) -> Term:
        return self.arguments[argument]


@dataclass(slots=True)
class Instance:
    """The statements of one instance, those that follow by inference among them."""

    statements: list[Statement]
    terms: Terms = field(default_factory=Terms)
    names: dict[str, str] = field(default_factory=dict)

    def of(self, *kinds: str) -> Iterator[Statement]:
        """The statements of these kinds, in their order."""
        return (statement for statement in self.statements if statement.kind in kinds)

    def find(self, term: Term) -> Term:
        """What `term` stands for by now."""
        return self.terms.find(term)

    def name(self, term: Term) -> str:
        """A term as a reader knows it: `ex:e` rather than its URI."""
        known = self.find(term)
        return "?" if isinstance(known, Unknown) else self.names.get(known, known)


def read_instance(bundle: ProvBundle) -> Instance:
    """The instance that `bundle` is, by itself, with what follows by inferences 9-11 and 14."""
    instance = Instance([_statement(record) for record in bundle.get_records()])
    for record in bundle.get_records():
        values = [record.identifier, *(value for _, value in record.formal_attributes)]
        instance.names.update((value.uri, str(value)) for value in values if hasattr(value, "uri"))
    instance.statements += [
        inferred for statement in instance.statements for inferred in _inferred(statement)
    ]
    return instance


def lacking(instance: Instance) -> list[str]:
    """Relations without an argument that PROV-DM demands, and that no merge has supplied."""
    return [
        f"PROV-DM: {statement.text} lacks its {argument}"
        for statement in instance.statements
        for argument in MANDATORY.get(statement.kind, ())
        if not statement.inferred and isinstance(instance.find(statement[argument]), Unknown)
    ]


def _statement(record: ProvRecord) -> Statement:
    kind = PROV_N_MAP[record.get_type()]
    values = {attribute.localpart: value for attribute, value in record.formal_attributes}
    return Statement(
        kind,
        term(record.identifier),
        {
            name: term(value, expandable=_expandable(kind, name, values))
            for name, value in values.items()
        },
        _text(kind, record),
        frozenset(type_.uri for type_ in record.get_asserted_types() if hasattr(type_, "uri")),
    )


def _expandable(kind: str, argument: str, values: dict[str, object]) -> bool:
    """Whether a missing argument is unknown, rather than said not to be (Table 3)."""
    if kind == "wasAssociatedWith":
        return argument != "plan"
    if kind == "wasDerivedFrom" and argument in ("activity", "generation", "usage"):
        return argument != "activity" and values["activity"] is not None
    return True


def _text(kind: str, record: ProvRecord) -> str:
    arguments = ", ".join(
        str(value)
        for attribute, value in record.formal_attributes
        if value is not None and attribute not in PROV_ATTRIBUTE_LITERALS
    )
    if kind in OBJECTS:
        return f"{kind}({record.identifier})"
    return (
        f"{kind}({record.identifier}; {arguments})" if record.identifier else f"{kind}({arguments})"
    )


def _inferred(statement: Statement) -> Iterator[Statement]:
    text = f"what follows from {statement.text}"
    match statement.kind:
        case "wasStartedBy" | "wasEndedBy" if isinstance(statement["trigger"], str):
            other = "starter" if statement.kind == "wasStartedBy" else "ender"
            yield _generation(Unknown(), statement["trigger"], statement[other], text)
        case "wasDerivedFrom" if statement["activity"] != NOTHING:
            activity = statement["activity"]
            yield _generation(statement["generation"], statement["generatedEntity"], activity, text)
            used = {"activity": activity, "entity": statement["usedEntity"], "time": Unknown()}
            yield Statement("used", statement["usage"], used, text, inferred=True)
        case "actedOnBehalfOf":
            for agent in ("delegate", "responsible"):
                arguments = {
                    "activity": statement["activity"],
                    "agent": statement[agent],
                    "plan": Unknown(),
                }
                yield Statement("wasAssociatedWith", Unknown(), arguments, text, inferred=True)


def _generation(id: Term, entity: Term, activity: Term, text: str) -> Statement:
    arguments = {"entity": entity, "activity": activity, "time": Unknown()}
    return Statement("wasGeneratedBy", id, arguments, text, inferred=True)
