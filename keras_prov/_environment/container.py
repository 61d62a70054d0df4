"""The image of the container that this process runs in, if anything says which one it is."""

from __future__ import annotations

import os
import re
from pathlib import Path

from dfanalyzer_client.config import settings

from .._secrets import masked

__all__ = ["container_image"]

OF_APPTAINER = ("APPTAINER_CONTAINER", "SINGULARITY_CONTAINER")
OF_PODMAN = Path("/run/.containerenv")
"""Podman writes the image's name into it, in privileged containers."""


def container_image() -> str | None:
    """Its name or file: as set by the user, else as Apptainer or Podman say.

    Docker and Kubernetes do not tell a container what its image is. There it has to be set:
    KERAS_PROV_CONTAINER_IMAGE.
    """
    found = settings.container_image() or _of_apptainer() or _of_podman()
    return masked(found, guess=False) if found else None


def _of_apptainer() -> str:
    return next(filter(None, (os.environ.get(name, "") for name in OF_APPTAINER)), "")


def _of_podman() -> str:
    try:
        text = OF_PODMAN.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    found = re.search(r'(?m)^image="([^"]+)"$', text)
    return found[1] if found else ""
