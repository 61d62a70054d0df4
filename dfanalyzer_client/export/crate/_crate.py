"""Write a crate with the package rocrate: its files, its entities, its root."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.model.dataset import Dataset
from rocrate.model.file import File
from rocrate.rocrate import ROCrate

from ...errors import CrateError
from ...support.digest import file_digest
from ...support.distribution import install_command
from ._parameters import Entity
from ._profiles import RunProfile

__all__ = ["Crate"]

CONTEXT = "https://w3id.org/ro/terms/workflow-run/context"

FORMATS = {
    ".csv": "text/csv",
    ".diff": "text/x-diff",
    ".h5": "application/x-hdf5",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".keras": "application/zip",
    ".md": "text/markdown",
    ".py": "text/x-python",
    ".txt": "text/plain",
}


class Crate:
    """A crate that conforms to the profile Provenance Run Crate.

    Args:
        folder: where its files lie, and where it is written.
        profile: the versions that it follows.

    Raises:
        CrateError: rocrate is older than the version of RO-Crate.
    """

    def __init__(self, folder: Path, profile: RunProfile) -> None:
        self.folder = folder
        try:
            self._crate: Any = ROCrate(version=profile.ro_crate)
        except ValueError:
            raise CrateError(
                f"The package rocrate that is installed is older than RO-Crate {profile.ro_crate}: "
                f"{install_command('crate')} --upgrade"
            ) from None
        self._crate.metadata.extra_contexts.append(CONTEXT)
        self._profile = profile
        self._crate.metadata["conformsTo"] = [{"@id": url} for url in profile.of_metadata_file]
        for id_, name, version in profile.parts:
            types = profile.profile_types
            self.add({"@id": id_, "@type": types, "name": name, "version": version})
        self.set_root(conformsTo=[{"@id": id_} for id_, _, _ in profile.parts])

    def add(self, entity: Entity) -> str:
        """Add an entity that is not a file, and return its id."""
        described = self._profile.described(entity)
        self._crate.add(ContextEntity(self._crate, entity["@id"], properties=described))
        return str(entity["@id"])

    def add_text(self, path: str, text: str, description: str, **properties: Any) -> str:
        """Write a file, add it, and return its id."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
        return self.add_file(path, description=description, **properties)

    def add_file(self, path: str, **properties: Any) -> str:
        """Add a file or folder that is in the crate's folder, and return its id."""
        target = self.folder / path
        size, sha256 = file_digest(target)
        known: Entity = {"name": target.name, "contentSize": str(size)}
        if target.is_dir():
            entity = Dataset(self._crate, dest_path=f"{path}/", properties=known | properties)
        else:
            known |= {"sha256": sha256}
            if target.suffix in FORMATS:
                known["encodingFormat"] = FORMATS[target.suffix]
            entity = File(self._crate, target, path, properties=known | properties)
        self._crate.add(entity)
        return quote(f"{path}/" if target.is_dir() else path)

    def set_root(self, **properties: Any) -> None:
        """Set properties of the crate's root entity; those that are None are left out."""
        for name, value in properties.items():
            if value is not None:
                self._crate.root_dataset[name] = value

    def write(self) -> None:
        """Write the metadata beside the files."""
        self._crate.write(self.folder)
