"""What events say of a job, the dataflow: its kind, where its code is, who owns it."""

from __future__ import annotations

from openlineage.client.facet_v2 import job_type_job, ownership_job, source_code_location_job
from openlineage.client.generated.base import JobFacet

from ...executions.environment import Environment
from ...executions.record import ExecutionRecord
from ...keras_schema import names as tags
from ..prov import Options
from ._facets import PRODUCER

__all__ = ["job_facets"]

INTEGRATION = "KERAS"


def job_facets(
    record: ExecutionRecord, environment: Environment, options: Options
) -> dict[str, JobFacet]:
    """The facets of an execution's job, as far as what they say was recorded."""
    trains = tags.TRAINING.lower() in record.transformations
    facets: dict[str, JobFacet] = {
        "jobType": job_type_job.JobTypeJobFacet(
            processingType="BATCH",
            integration=INTEGRATION,
            jobType="TRAINING" if trains else "WORKFLOW",
            producer=PRODUCER,
        )
    }
    source = environment.source
    url = source and (source.commit_url or source.url)
    if source is not None and url:
        facets["sourceCodeLocation"] = source_code_location_job.SourceCodeLocationJobFacet(
            type="git",
            url=url,
            repoUrl=source.remote,
            version=source.commit,
            branch=source.branch,
            producer=PRODUCER,
        )
    owner = options.author.label if options.author else record.association.email
    if owner:
        facets["ownership"] = ownership_job.OwnershipJobFacet(
            [ownership_job.Owner(f"user:{owner}", "AUTHOR")], producer=PRODUCER
        )
    return facets
