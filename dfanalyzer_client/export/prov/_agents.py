"""The agents of an execution: persons, programs and machines, as far as they are known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prov.constants import PROV
from prov.identifier import QualifiedName

from ...executions.environment import KNOWN_SOFTWARE, Environment, environment_of
from ...executions.record import ExecutionRecord
from ...keras_schema import TRANSFORMATIONS
from ...support.distribution import NAMES
from ._options import Options
from ._statements import Statements

__all__ = ["Agents", "state_agents", "state_program_agents"]

KERAS_PROV = "keras-prov"
OF_KERAS = frozenset(tag.lower() for tag in TRANSFORMATIONS)
PERSON, SOFTWARE = PROV["Person"], PROV["SoftwareAgent"]


@dataclass(frozen=True)
class Agents:
    """The agents of an execution; None for those that are not known."""

    person: QualifiedName | None = None
    keras: QualifiedName | None = None
    keras_prov: QualifiedName | None = None
    backend: QualifiedName | None = None
    machine: QualifiedName | None = None


def state_agents(
    statements: Statements,
    record: ExecutionRecord,
    options: Options,
    run: QualifiedName,
    plan: QualifiedName,
) -> Agents:
    """State agents, what they are responsible for, and on whose behalf they act."""
    environment = environment_of(record)
    agents = Agents(
        _person(statements, record, environment, options),
        *_programs(statements, record, environment),
        _machine(statements, record, environment),
    )
    for agent in (agents.person, agents.keras_prov, agents.machine):
        if agent is not None:
            statements.associated(run, agent, plan if agent == agents.person else None)
    _delegate(statements, agents, run)
    names, flow = statements.names, record.dataflow.tag
    for task in record.tasks:
        activity = names.task(task)
        plan = names.flow(flow, "transformation", task.transformation)
        for agent in _doing(statements, record, agents, task.transformation):
            statements.associated(activity, agent, plan)
    return agents


def state_program_agents(
    statements: Statements, record: ExecutionRecord, options: Options
) -> list[tuple[str, QualifiedName]]:
    """State persons and programs, and who performs which transformation."""
    environment = environment_of(record)
    agents = Agents(
        _person(statements, record, environment, options),
        *_programs(statements, record, environment),
    )
    done = dict.fromkeys(task.transformation for task in record.tasks)
    _delegate(statements, agents, None)
    return [(tag, agent) for tag in done for agent in _doing(statements, record, agents, tag)]


def _delegate(statements: Statements, agents: Agents, run: QualifiedName | None) -> None:
    for agent, responsible in (
        (agents.keras_prov, agents.person),
        (agents.keras, agents.person),
        (agents.backend, agents.keras),
    ):
        if agent is not None and responsible is not None:
            statements.delegated(agent, responsible, run)


def _person(
    statements: Statements, record: ExecutionRecord, environment: Environment, options: Options
) -> QualifiedName | None:
    """The author, else the scientist that its client named, else the user that ran it."""
    names, author = statements.names, options.author
    user, host = environment.latest("process", "user"), environment.latest("process", "host")
    if author is not None:
        terms: dict[str, Any] = {"orcid": author.orcid_url, "email": author.email}
        known = author.orcid or author.email
        name = names.agent("person", known) if known else names.local("person", author.label)
        return statements.agent(name, author.label, [PERSON], terms)
    email = record.association.email
    if email is not None:
        known_terms = {"email": email, "user": user, "host": host}
        return statements.agent(names.agent("person", email), email, [PERSON], known_terms)
    if user is not None:
        account = f"{user}@{host}" if host else user
        return statements.agent(
            names.local("person", account), user, [PERSON], {"user": user, "host": host}
        )
    if options.user is not None and not record.association.is_relayed:
        own = names.local("person", options.user)
        return statements.agent(own, options.user, [PERSON], {"user": options.user})
    return None


def _programs(
    statements: Statements, record: ExecutionRecord, environment: Environment
) -> tuple[QualifiedName | None, QualifiedName | None, QualifiedName | None]:
    """Keras, Keras-Prov and the backend, if the execution ran Keras."""
    if not any(task.transformation in OF_KERAS for task in record.tasks):
        return None, None, None
    keras = _software(statements, "keras", environment.latest("keras", "version"))
    installed = (environment.latest("package", name) for name in NAMES)
    ours = _software(statements, KERAS_PROV, next(filter(None, installed), None))
    backend = environment.latest("keras", "backend")
    if backend is None:
        return keras, ours, None
    version = environment.latest("keras", "backend_version")
    return keras, ours, _software(statements, backend, version)


def _software(statements: Statements, name: str, version: str | None) -> QualifiedName:
    title, _ = KNOWN_SOFTWARE.get(name, ("Keras-Prov" if name == KERAS_PROV else name, ""))
    label = title if version is None else f"{title} {version}"
    agent = statements.names.agent("software", name, version)
    return statements.agent(agent, label, [SOFTWARE], {"name": name, "version": version})


def _machine(
    statements: Statements, record: ExecutionRecord, environment: Environment
) -> QualifiedName | None:
    """The machine, as its environment says, else as its client said."""
    host = environment.latest("process", "host")
    terms: dict[str, Any] = {
        name: environment.latest("platform", name)
        for name in ("system", "release", "machine", "cpus")
    }
    if host is None:
        terms = dict(record.association.hardware)
        host = terms.pop("hostname", None)
    if host is None:
        return None
    name, kind = statements.names.local("machine", host), statements.names.term("Machine")
    return statements.agent(name, host, [kind], {"host": host, **terms})


def _doing(
    statements: Statements, record: ExecutionRecord, agents: Agents, transformation: str
) -> list[QualifiedName]:
    """Who performs a transformation: Keras and the programs declared for it, else the person."""
    found = [_program(statements, *program) for program in record.programs.get(transformation, [])]
    if agents.keras is not None and transformation in OF_KERAS:
        found.append(agents.keras)
    return found or ([] if agents.person is None else [agents.person])


def _program(statements: Statements, name: str, path: str) -> QualifiedName:
    agent = statements.names.local("program", f"{name} {path}")
    return statements.agent(agent, name, [SOFTWARE], {"name": name, "path": path})
