"""What events say of a run, the execution: engine, parameters, environment, results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from openlineage.client.facet_v2 import (
    error_message_run,
    execution_parameters_run,
    parent_run,
    processing_engine_run,
    tags_run,
)
from openlineage.client.generated.base import RunFacet

from ...executions.annotations import Tag
from ...executions.environment import Environment
from ...executions.record import ExecutionRecord, SetRecord
from ...executions.summaries import ExecutionSummary
from ...keras_schema import Role
from ...keras_schema import names as tags
from ...support.distribution import installed_version
from ._facets import (
    PRODUCER,
    EnvironmentFacet,
    MetricsFacet,
    TrialFacet,
    plain,
)

__all__ = ["parent_of", "result_facets", "run_facets"]

TIME = tags.TRAINING_STARTED.lower()


def run_facets(
    record: ExecutionRecord, environment: Environment, given: Sequence[Tag]
) -> dict[str, RunFacet]:
    """The facets that are known when a run begins."""
    facets: dict[str, RunFacet] = {}
    keras = environment.first("keras", "version")
    if keras:
        facets["processing_engine"] = processing_engine_run.ProcessingEngineRunFacet(
            keras,
            name="Keras",
            openlineageAdapterVersion=installed_version() or None,
            producer=PRODUCER,
        )
    parameters = list(_parameters(record))
    if parameters:
        facets["executionParameters"] = execution_parameters_run.ExecutionParametersRunFacet(
            parameters, producer=PRODUCER
        )
    if environment:
        facets["kerasProv_environment"] = EnvironmentFacet(environment.as_json(), producer=PRODUCER)
    trial = _trial(record)
    if trial is not None:
        facets["kerasProv_trial"] = trial
    if given:
        facets["tags"] = tags_run.TagsRunFacet(
            [tags_run.TagsRunFacetFields(tag.name, tag.value or "true", "USER") for tag in given],
            producer=PRODUCER,
        )
    return facets


def result_facets(record: ExecutionRecord, summary: ExecutionSummary) -> dict[str, RunFacet]:
    """The facets that are known when a run has ended."""
    measured = {name: plain(value) for name, value in summary.metrics.items()}
    facets: dict[str, RunFacet] = {
        "kerasProv_metrics": MetricsFacet(
            summary.epochs, measured, _last_test(record), producer=PRODUCER
        )
    }
    errors = [task.error for task in record.tasks if task.error]
    if summary.status == "FAILED" and errors:
        first, _, rest = errors[-1].partition("\n")
        facets["errorMessage"] = error_message_run.ErrorMessageRunFacet(
            first, "Python", stackTrace=rest or None, producer=PRODUCER
        )
    return facets


def parent_of(record: ExecutionRecord, namespace: str) -> parent_run.ParentRunFacet | None:
    """The search that an execution is a trial of, as a parent run; None if it is none."""
    row = next(iter(record.rows_of(tags.TRIAL)), None)
    if row is None:
        return None
    study = f"{record.dataflow.tag}/{row.get('study') or 'search'}"
    id_ = str(uuid5(NAMESPACE_URL, f"urn:keras-prov:study:{namespace}:{study}"))
    return parent_run.ParentRunFacet(
        parent_run.Run(id_), parent_run.Job(namespace, study), producer=PRODUCER
    )


def _parameters(record: ExecutionRecord) -> Iterator[execution_parameters_run.ExecutionParameter]:
    """Hyperparameters; of several trainings, with the training's number before the name."""
    for content in record.sets:
        if content.is_output or content.layout.role != Role.HYPERPARAMETERS:
            continue
        for place, name, value in _values(content):
            key = f"{place}.{name}" if place else name
            yield execution_parameters_run.ExecutionParameter(key, name=name, value=str(value))


def _values(content: SetRecord) -> Iterator[tuple[str, str, Any]]:
    several = len(content.rows) > 1
    for number, row in enumerate(content.rows, 1):
        for column, value in zip(content.columns, row.values, strict=True):
            if value is not None and column != TIME:
                yield (str(number) if several else ""), column, value


def _trial(record: ExecutionRecord) -> TrialFacet | None:
    begun = next(iter(record.rows_of(tags.TRIAL)), None)
    ended = record.rows_of(tags.TRIAL_END)
    if begun is None and not ended:
        return None
    row, last = begun or ended[-1], ended[-1] if ended else {}
    return TrialFacet(
        framework=_text(row.get("framework")),
        study=_text(row.get("study")),
        trial=_text(row.get("trial")),
        state=_text(last.get("state")),
        objectives={
            str(each["objective"]): plain(each.get("value"))
            for each in ended
            if each.get("objective")
        },
        producer=PRODUCER,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _last_test(record: ExecutionRecord) -> dict[str, Any]:
    rows = record.rows_of(tags.TESTING_OUTPUT)
    if not rows:
        return {}
    ended = tags.TESTED.lower()
    return {
        name.removeprefix(tags.TEST_METRIC_PREFIX): plain(value)
        for name, value in rows[-1].items()
        if name != ended and value is not None
    }
