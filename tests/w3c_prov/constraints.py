"""Whether a PROV document is valid by W3C's PROV-CONSTRAINTS.

    for line in violations(document):
        print(line)

Checked are constraints 22-56 (https://www.w3.org/TR/prov-constraints/), the document's top level
and each bundle by itself, as section 7.2 has it. Each line names the constraint and the statements.
"""

from collections.abc import Iterator

from prov.model import ProvBundle, ProvDocument

from w3c_prov.event_order import contradicting_times, event_order, strict_cycles
from w3c_prov.instance import lacking, read_instance
from w3c_prov.keys import merge
from w3c_prov.kinds import impossible, kinds


def violations(document: ProvDocument, *, times: bool = True) -> list[str]:
    """What is wrong with `document`, a line each; an empty list says that it is valid.

    Args:
        document: What to check.
        times: Whether the times said must agree with the order of events, too. PROV-CONSTRAINTS
            itself orders events only, since clocks may disagree.
    """
    found = list(_of_instance(document, times))
    for bundle in document.bundles:
        found += [f"bundle {bundle.identifier}: {line}" for line in _of_instance(bundle, times)]
    return found


def _of_instance(bundle: ProvBundle, times: bool) -> Iterator[str]:
    instance = read_instance(bundle)
    yield from merge(instance)
    yield from lacking(instance)
    things = kinds(instance)
    yield from impossible(instance, things)
    order = event_order(instance, things)
    yield from strict_cycles(order)
    if times:
        yield from contradicting_times(order)
