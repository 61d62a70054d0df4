"""An SPDX 3.0.1 document with the profiles AI and Dataset, in JSON-LD.

It needs the package spdx-python-model, the bindings that the SPDX project generates from its model:
they refuse what the model does not allow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from ...executions.record import FileRecord
from ..file_locations import published_location
from ._facts import Data, Facts
from ._package_url import package_url
from ._publisher import Publisher
from ._texts import json_document, plain

__all__ = ["spdx"]

VERSION = "3.0.1"
SHA256 = re.compile("[0-9a-f]{64}")


def spdx(facts: Facts, publisher: Publisher) -> str:
    """The SPDX document; raises ImportError if the bindings are missing."""
    from spdx_python_model import v3_0_1

    written = _Written(v3_0_1, facts, publisher)
    written.fill()
    return written.text()


class _Written:
    """An SPDX document that is being written.

    Args:
        model: the bindings.
        facts: the execution.
        publisher: who publishes it.
    """

    def __init__(self, model: ModuleType, facts: Facts, publisher: Publisher) -> None:
        self._model: Any = model
        self._facts, self._publisher = facts, publisher
        self._objects: list[Any] = []
        time = facts.moment or datetime(1970, 1, 1, tzinfo=UTC)
        self._info = model.CreationInfo(
            _id="_:creation",
            specVersion=VERSION,
            created=time.astimezone(UTC).replace(microsecond=0),
        )
        if facts.moment is None:
            self._info.comment = "No time was recorded."

    def fill(self) -> None:
        """Add everything that is known of the execution."""
        self._info.createdBy.append(self._creator())
        tool = self._add("Tool", "spdx-tool", name="Keras-Prov")
        self._info.createdUsing.append(tool)
        ai = self._ai()
        parts = [*self._data(ai), *self._files(ai), *self._packages(ai)]
        document = self._add("SpdxDocument", "spdx-document", name=f"{plain(self._facts.tag)}")
        kinds = self._model.ProfileIdentifierType
        for profile in ("core", "software", "ai", "dataset"):
            document.profileConformance.append(getattr(kinds, profile))
        document.rootElement.append(ai)
        document.element.extend([ai, *parts])
        document.comment = self._comment()

    def text(self) -> str:
        """The document's JSON-LD, in a fixed order."""
        objects = self._model.SHACLObjectSet([self._info, *self._objects])
        content = self._model.JSONLDSerializer().serialize_data(objects, force_at_graph=True)
        content = json.loads(json.dumps(content))
        content["@graph"].sort(key=lambda each: (each.get("type"), each.get("spdxId", "")))
        return json_document(content)

    def _add(self, kind: str, part: str, **values: object) -> Any:
        given = {name: value for name, value in values.items() if value is not None}
        made = getattr(self._model, kind)(
            _id=f"{self._publisher.iri(part)}", creationInfo=self._info, **given
        )
        self._objects.append(made)
        return made

    def _creator(self) -> Any:
        author = self._publisher.author
        if author is None:
            return self._add("SoftwareAgent", "spdx-agent", name="Keras-Prov")
        person = self._add("Person", "spdx-author", name=plain(author.label))
        kinds = self._model.ExternalIdentifierType
        for kind, value in ((kinds.email, author.email), (kinds.other, author.orcid_url)):
            if value:
                person.externalIdentifier.append(
                    self._model.ExternalIdentifier(externalIdentifierType=kind, identifier=value)
                )
        return person

    def _comment(self) -> str:
        facts = self._facts
        notes = [
            f"Execution {plain(facts.tag)}, {plain(facts.summary.status)}, as Keras-Prov recorded "
            "it. What is not in its rows is left out, or asserted nothing about."
        ]
        if not facts.is_over:
            notes.append("The execution had not ended when this was written.")
        for task in facts.unfinished:
            error = f": {plain(task.error)}" if task.error else ""
            notes.append(f"{task.transformation} {task.name} is {plain(task.status)}{error}.")
        return " ".join(notes)

    def _entry(self, key: str, value: object) -> Any:
        return self._model.DictionaryEntry(key=plain(key), value=plain(value))

    def _ai(self) -> Any:
        facts = self._facts
        ai = self._add(
            "ai_AIPackage",
            "spdx-model",
            name=plain(facts.dataflow),
            software_packageVersion=plain(facts.tag),
            software_primaryPurpose=self._model.software_SoftwarePurpose.model,
            ai_informationAboutTraining=(
                f"{len(facts.trainings)} trainings, {len(facts.changes)} adaptations; "
                f"the PROV document calls it {self._publisher.iri()}."
            ),
        )
        for training in facts.trainings:
            prefix = f"training {training.number}: " if len(facts.trainings) > 1 else ""
            for name, value in training.configuration.items():
                ai.ai_hyperparameter.append(self._entry(f"{prefix}{name}", value))
            for name, value in training.metrics.items():
                ai.ai_metric.append(
                    self._entry(f"last epoch of training {training.number}: {name}", value)
                )
        for test in facts.tests:
            for name, value in test.metrics.items():
                ai.ai_metric.append(self._entry(f"test {test.number}: {name}", value))
        if self._publisher.licence is not None:
            self._licence(ai, self._publisher.licence)
        return ai

    def _licence(self, ai: Any, licence: str) -> None:
        """The declared licence; a URL is no expression, so it is named in a comment."""
        if "://" in licence:
            ai.comment = f"Licence: {licence}"
            return
        expression = self._add(
            "simplelicensing_LicenseExpression",
            "spdx-licence",
            simplelicensing_licenseExpression=licence,
        )
        self._relate("spdx-has-licence", ai, "hasDeclaredLicense", [expression])

    def _relate(self, part: str, from_: Any, kind: str, to: list[Any]) -> None:
        relation = self._add(
            "Relationship",
            part,
            from_=from_,
            relationshipType=getattr(self._model.RelationshipType, kind),
        )
        relation.to.extend(to)

    def _data(self, ai: Any) -> Iterator[Any]:
        """A package for each part of the data, which the model was trained or tested on."""
        for number, each in enumerate(self._facts.data, 1):
            made = self._dataset(number, each)
            yield made
            kind = "trainedOn" if each.role == "training" else "testedOn"
            self._relate(f"spdx-data-{number}-used", ai, kind, [made])

    def _dataset(self, number: int, each: Data) -> Any:
        samples = each.values.get("samples")
        size = int(samples) if isinstance(samples, (int, float)) and samples >= 0 else None
        made = self._add(
            "dataset_DatasetPackage",
            f"spdx-data-{number}",
            name=plain(f"{each.role} {each.name}".strip() or "data"),
            description=", ".join(
                f"{key} {plain(each.values[key])}"
                for key in ("kind", "shape", "dtype", "hash", "hash_kind", "spec")
                if key in each.values
            ),
            dataset_datasetSize=size,
        )
        made.dataset_datasetType.append(self._model.dataset_DatasetType.noAssertion)
        return made

    def _files(self, ai: Any) -> Iterator[Any]:
        for file in self._facts.written:
            made = self._file(file)
            yield made
            kind = "hasDistributionArtifact" if file in self._facts.models else "generates"
            self._relate(f"spdx-file-{file.number}-of", ai, kind, [made])

    def _file(self, file: FileRecord) -> Any:
        made = self._add(
            "software_File",
            f"spdx-file-{file.number}",
            name=plain(file.name or published_location(file.path)),
        )
        if file.sha256 is not None and SHA256.fullmatch(file.sha256):
            made.verifiedUsing.append(
                self._model.Hash(algorithm=self._model.HashAlgorithm.sha256, hashValue=file.sha256)
            )
        return made

    def _packages(self, ai: Any) -> Iterator[Any]:
        packages = self._facts.environment.last("package")
        found = []
        for number, (name, version) in enumerate(packages.items(), 1):
            made = self._add(
                "software_Package",
                f"spdx-package-{number}",
                name=plain(name),
                software_packageVersion=plain(version) or None,
                software_packageUrl=package_url(name, version),
            )
            found.append(made)
            yield made
        if found:
            self._relate("spdx-depends-on", ai, "dependsOn", found)
