"""The profiles that a crate can follow: which versions belong together.

RO-Crate 1.3 gave four words of Bioschemas other URLs, so each version of the run profiles goes with
one version of RO-Crate, and with one of Workflow RO-Crate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ...errors import CrateError
from ._parameters import Entity

__all__ = ["DEFAULT_PROFILE", "PROFILES", "RunProfile", "run_profile"]

UNKNOWN = "not recorded"
"""The version of software, which RO-Crate 1.3 requires, where none was captured."""

SOFTWARE = ("SoftwareApplication", "ComputerLanguage")


@dataclass(frozen=True)
class RunProfile:
    """Versions that belong together.

    Attributes:
        version: of Process, Workflow and Provenance Run Crate.
        ro_crate: of RO-Crate.
        workflow_crate: of Workflow RO-Crate.
        is_before_1_2: whether RO-Crate 1.2 had not yet changed how profiles, software and source
            code are described.
    """

    version: str
    ro_crate: str
    workflow_crate: str
    is_before_1_2: bool

    @property
    def ro_crate_url(self) -> str:
        """The specification of RO-Crate."""
        return f"https://w3id.org/ro/crate/{self.ro_crate}"

    @property
    def workflow_crate_url(self) -> str:
        """The profile of crates that have a workflow."""
        return f"https://w3id.org/workflowhub/workflow-ro-crate/{self.workflow_crate}"

    @property
    def of_metadata_file(self) -> list[str]:
        """What the metadata file conforms to: before 1.2 also the kind of crate."""
        return [self.ro_crate_url, *([self.workflow_crate_url] if self.is_before_1_2 else [])]

    @property
    def profile_types(self) -> list[str] | str:
        """What profiles are."""
        return "CreativeWork" if self.is_before_1_2 else ["CreativeWork", "Profile"]

    def described(self, entity: Entity) -> Entity:
        """An entity as this version describes it.

        Since 1.2, software must have a ``version``, and only files are source code.
        """
        kinds = entity.get("@type")
        types = [kinds] if isinstance(kinds, str) else list(kinds or ())
        if self.is_before_1_2:
            return entity
        if types == ["SoftwareSourceCode"]:
            return entity | {"@type": "CreativeWork"}
        if not any(kind in SOFTWARE for kind in types):
            return entity
        version = entity.get("softwareVersion") or entity.get("version") or UNKNOWN
        others = {name: value for name, value in entity.items() if name != "softwareVersion"}
        return others | {"version": version}

    @property
    def parts(self) -> tuple[tuple[str, str, str], ...]:
        """URL, name and version of each profile that the crate conforms to."""
        run = "https://w3id.org/ro/wfrun"
        return (
            (f"{run}/process/{self.version}", "Process Run Crate", self.version),
            (f"{run}/workflow/{self.version}", "Workflow Run Crate", self.version),
            (f"{run}/provenance/{self.version}", "Provenance Run Crate", self.version),
            (self.workflow_crate_url, "Workflow RO-Crate", self.workflow_crate),
        )


PROFILES: Mapping[str, RunProfile] = {
    each.version: each
    for each in (RunProfile("0.5", "1.1", "1.0", True), RunProfile("0.6", "1.3", "1.1", False))
}
"""By the version of the run profiles."""

DEFAULT_PROFILE = "0.5"
"""The newest one whose rules a released validator checks."""


def run_profile(version: str) -> RunProfile:
    """The profile of a version; raises CrateError for an unknown one."""
    if version not in PROFILES:
        raise CrateError(
            f"There is no profile {version!r} of crates. Expected one of: {', '.join(PROFILES)}."
        )
    return PROFILES[version]
