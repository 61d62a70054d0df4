"""The software: the workflow's tools and steps, the interpreter, the packages, the commit."""

from __future__ import annotations

from urllib.parse import quote

from ...executions.environment import KNOWN_SOFTWARE, Environment, Source
from ...executions.record import ExecutionRecord
from ...keras_schema import TRANSFORMATIONS
from ._labels import spelled
from ._parameters import Entity, Parameters, reference

__all__ = ["PYTHON", "software_of", "source_id", "step_id", "tool_id"]

PYTHON, KERAS, BACKEND = "#python", "#keras", "#backend"


def tool_id(transformation: str) -> str:
    """Id of the tool that performs a transformation."""
    return f"#tool-{quote(transformation, safe='')}"


def step_id(transformation: str) -> str:
    """Id of a transformation's step in the workflow."""
    return f"#step-{quote(transformation, safe='')}"


def source_id(source: Source) -> str:
    """Id of the source code at a commit: its web page, if one is known."""
    return source.commit_url or "#source"


def software_of(
    record: ExecutionRecord, environment: Environment, parameters: Parameters
) -> list[Entity]:
    """All software except the script."""
    entities = [_python(environment)]
    if environment.first("keras", "version"):
        entities += _keras(environment)
    for position, transformation in enumerate(record.transformations, 1):
        entities.append(_tool(transformation, environment, parameters))
        entities.append(_step(transformation, position))
    if environment.source:
        entities.append(_source(environment.source))
    return entities


def _python(environment: Environment) -> Entity:
    version = environment.first("python", "version")
    return {
        "@id": PYTHON,
        "@type": ["ComputerLanguage", "SoftwareApplication"],
        "name": "Python",
        "url": reference("https://www.python.org/"),
        **({"softwareVersion": version} if version else {}),
    }


def _keras(environment: Environment) -> list[Entity]:
    backend = environment.first("keras", "backend") or ""
    version = environment.first("keras", "backend_version")
    name, url = KNOWN_SOFTWARE.get(backend, (backend, ""))
    keras = {
        "@id": KERAS,
        "@type": "SoftwareApplication",
        "name": "Keras",
        "url": reference("https://keras.io/"),
        "softwareVersion": environment.first("keras", "version"),
    }
    if not backend:
        return [keras]
    keras["softwareRequirements"] = reference(BACKEND)
    return [
        keras,
        {
            "@id": BACKEND,
            "@type": "SoftwareApplication",
            "name": name,
            **({"url": reference(url)} if url else {}),
            **({"softwareVersion": version} if version else {}),
        },
    ]


def _tool(transformation: str, environment: Environment, parameters: Parameters) -> Entity:
    name = spelled(transformation)
    tool: Entity = {"@id": tool_id(transformation), "@type": "SoftwareApplication", "name": name}
    version = environment.first("keras", "version")
    if name in TRANSFORMATIONS:
        tool["description"] = TRANSFORMATIONS[name]
        tool["url"] = reference("https://keras.io/")
        if version:
            tool["softwareVersion"] = version
            tool["softwareRequirements"] = reference(KERAS)
    else:
        tool["description"] = f"Transformation {name} of the script."
    for key, ids in (
        ("input", parameters.inputs.get(transformation)),
        ("output", parameters.outputs.get(transformation)),
    ):
        if ids:
            tool[key] = reference(*ids)
    return tool


def _step(transformation: str, position: int) -> Entity:
    return {
        "@id": step_id(transformation),
        "@type": "HowToStep",
        "name": spelled(transformation),
        "position": str(position),
        "workExample": reference(tool_id(transformation)),
    }


def _source(source: Source) -> Entity:
    changes = {
        True: "Tracked files differed from it when the training began.",
        False: "No tracked file differed from it when the training began.",
        None: "Whether files differed from it was not recorded.",
    }[source.is_dirty]
    entity: Entity = {
        "@id": source_id(source),
        "@type": "SoftwareSourceCode",
        "name": "Source code",
        "version": source.commit,
        "description": (
            f"The repository of the script, at commit {source.commit}"
            f"{f' of branch {source.branch}' if source.branch else ''}. {changes}"
        ),
    }
    where = source.url or source.remote
    if where:
        entity["codeRepository"] = reference(where) if source.url else where
    if source.url:
        entity["url"] = reference(source.commit_url or source.url)
    return entity
