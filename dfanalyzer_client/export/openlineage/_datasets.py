"""Data and files of an execution as datasets of OpenLineage.

A dataset's name stays the same from run to run, and its version is its content. The content is also
among its symlinks, so that the same bytes are known under other names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    data_quality_metrics_input_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    output_statistics_output_dataset,
    symlinks_dataset,
)
from openlineage.client.generated.base import (
    DatasetFacet,
    InputDatasetFacet,
    OutputDatasetFacet,
)

from ...executions.record import ExecutionRecord, FileRecord
from ...file import WRITTEN
from ...keras_schema import names as tags
from ..file_locations import URL, published_location
from ._facets import PRODUCER, DataFacet, FileFacet

__all__ = ["data_read", "files_read", "files_written"]

CONTENT = "content"
SHA256 = "sha256"
MODELS = frozenset({"model", "weights", "checkpoint"})
"""Kinds of files that are models."""


def data_read(record: ExecutionRecord, namespace: str) -> Iterator[InputDataset]:
    """What was trained and tested on, where its fingerprints were captured (key DATASET)."""
    known: dict[str, list[str | None]] = {}
    for tag in (tags.DATASET, tags.TESTING_DATASET):
        for row in record.rows_of(tag):
            name = "/".join(map(str, (record.dataflow.tag, row.get("role"), row.get("name"))))
            versions = known.setdefault(name, [])
            if row.get("hash") in versions:
                continue
            versions.append(row.get("hash"))
            place = f"#{len(versions)}" if versions[1:] else ""
            yield _data(namespace, name + place, row)


def files_read(record: ExecutionRecord, host: str | None) -> Iterator[InputDataset]:
    """The files that were read, or of which nobody knows whether they were."""
    kinds = _kinds(record)
    for file in _newest(record, is_written=False):
        location = _location(file, host)
        yield InputDataset(*location, facets=_of_file(file, kinds.get(file.path)))


def files_written(record: ExecutionRecord, host: str | None) -> Iterator[OutputDataset]:
    """The files that were written; of one that was written several times, the last content."""
    kinds = _kinds(record)
    for file in _newest(record, is_written=True):
        statistics: dict[str, OutputDatasetFacet] = {}
        if file.size is not None:
            statistics["outputStatistics"] = (
                output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
                    size=int(file.size), fileCount=1, producer=PRODUCER
                )
            )
        location = _location(file, host)
        yield OutputDataset(
            *location, facets=_of_file(file, kinds.get(file.path)), outputFacets=statistics
        )


def _data(namespace: str, name: str, row: dict[str, Any]) -> InputDataset:
    samples = row.get("samples")
    quality: dict[str, InputDatasetFacet] = {}
    if samples is not None:
        quality["dataQualityMetrics"] = (
            data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
                rowCount=int(samples), columnMetrics={}, producer=PRODUCER
            )
        )
    facets: dict[str, DatasetFacet] = {
        "kerasProv_data": DataFacet(
            role=_text(row.get("role")),
            kind=_text(row.get("kind")),
            shape=_text(row.get("shape")),
            dtype=_text(row.get("dtype")),
            hash=_text(row.get("hash")),
            hashKind=_text(row.get("hash_kind")),
            producer=PRODUCER,
        )
    }
    if row.get("hash"):
        facets |= _of_content(str(row["hash"]))
    return InputDataset(namespace, name, facets=facets, inputFacets=quality)


def _of_file(file: FileRecord, kind: str | None) -> dict[str, DatasetFacet]:
    facets: dict[str, DatasetFacet] = {
        "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet(
            "MODEL" if kind in MODELS else "FILE", subType=kind, producer=PRODUCER
        ),
        "kerasProv_file": FileFacet(
            kind, None if file.size is None else int(file.size), file.sha256, producer=PRODUCER
        ),
    }
    return facets | (_of_content(f"{SHA256}:{file.sha256}") if file.sha256 else {})


def _of_content(hash_: str) -> dict[str, DatasetFacet]:
    algorithm, _, digest = hash_.rpartition(":")
    return {
        "version": dataset_version_dataset.DatasetVersionDatasetFacet(hash_, producer=PRODUCER),
        "symlinks": symlinks_dataset.SymlinksDatasetFacet(
            [symlinks_dataset.Identifier(algorithm or SHA256, digest, CONTENT)], producer=PRODUCER
        ),
    }


def _newest(record: ExecutionRecord, *, is_written: bool) -> list[FileRecord]:
    """The last record of each file that was written, or of each that was not."""
    found = {file.path: file for file in record.files if (file.mode == WRITTEN) == is_written}
    return list(found.values())


def _kinds(record: ExecutionRecord) -> dict[str, str]:
    """What files are, by their paths, as Keras' patches recorded it."""
    rows = [row for tag in (tags.SAVED_FILE, tags.LOADED_FILE) for row in record.rows_of(tag)]
    return {str(row.get("path")): str(row["kind"]) for row in rows if row.get("kind")}


def _location(file: FileRecord, host: str | None) -> tuple[str, str]:
    """Namespace and name of a file, as OpenLineage's naming has them."""
    published = published_location(file.path)
    url = URL.match(published)
    if url is not None:
        scheme, authority, path = url.groups()
        return f"{scheme}://{authority}", path.lstrip("/") or "/"
    return (f"file://{host}" if host else "file"), published


def _text(value: object) -> str | None:
    return None if value is None else str(value)
