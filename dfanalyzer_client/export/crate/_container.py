"""The image of the container that an execution ran in, as the run profiles describe it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from ...executions.environment import Environment
from ._parameters import Entity, reference

__all__ = ["IMAGE", "image_of"]

IMAGE = "#container-image"
TERMS = "https://w3id.org/ro/terms/workflow-run#"
DIGEST = re.compile(r"@sha256:([0-9a-f]{64})$")


def image_of(environment: Environment) -> Entity | None:
    """The image as an entity; None if none was recorded."""
    named = environment.first("process", "container_image")
    if not named:
        return None
    image: Entity = {"@id": IMAGE, "@type": "ContainerImage", "description": named}
    if named.endswith((".sif", ".img")) or named.startswith("/"):
        return image | {
            "additionalType": reference(f"{TERMS}SIFImage"),
            "name": PurePosixPath(named).name,
        }
    found = DIGEST.search(named)
    rest = DIGEST.sub("", re.sub(r"^[a-z+]+://", "", named))
    registry, name = _registry(rest)
    name, _, tag = name.partition(":")
    return image | {
        "additionalType": reference(f"{TERMS}DockerImage"),
        "registry": registry,
        "name": name,
        **({"tag": tag} if tag else {}),
        **({"sha256": found[1]} if found else {}),
    }


def _registry(name: str) -> tuple[str, str]:
    """The registry of a name, which is Docker's own if it names none, and the rest."""
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first, rest
    return "docker.io", name
