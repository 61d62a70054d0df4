"""Which job of a cluster this process is in, from the variables that the scheduler sets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

__all__ = ["job_facts"]

SCHEDULERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "flux": {  # first, as a Flux instance may run in a job of another scheduler
        "job": ("FLUX_JOB_ID",),
        "array_task": ("FLUX_JOB_CC",),
        "rank": ("FLUX_TASK_RANK",),
    },
    "slurm": {
        "job": ("SLURM_JOB_ID", "SLURM_JOBID"),
        "array_job": ("SLURM_ARRAY_JOB_ID",),
        "array_task": ("SLURM_ARRAY_TASK_ID",),
        "step": ("SLURM_STEP_ID", "SLURM_STEPID"),
        "rank": ("SLURM_PROCID",),
        "node": ("SLURMD_NODENAME",),
    },
    "pbs": {  # the last one is Torque's
        "job": ("PBS_JOBID",),
        "array_job": ("PBS_ARRAY_ID",),
        "array_task": ("PBS_ARRAY_INDEX", "PBS_ARRAYID"),
    },
    "lsf": {"job": ("LSB_JOBID",), "array_task": ("LSB_JOBINDEX",)},
    "sge": {"job": ("JOB_ID",), "array_task": ("SGE_TASK_ID",)},
}
"""For each scheduler, names of facts and the variables that have them, the best ones first."""

ALSO_SET = {"sge": ("SGE_TASK_ID",)}
"""Variables that must be set, too: JOB_ID alone may be anybody's."""

NO_TASK = {"lsf": "0", "sge": "undefined"}
"""The number of a task outside of arrays."""


def job_facts() -> Iterator[tuple[str, str]]:
    """Names and values of what identifies this process' job; none outside of a job."""
    for scheduler, facts in SCHEDULERS.items():
        if _value(facts["job"]) and _value(ALSO_SET.get(scheduler, facts["job"])):
            yield "scheduler", scheduler
            for name, variables in facts.items():
                value = _value(variables)
                if value and not (name == "array_task" and value == NO_TASK.get(scheduler)):
                    yield name, value
            return


def _value(variables: tuple[str, ...]) -> str:
    found = (os.environ.get(name, "") for name in variables)
    return next(filter(None, found), "")
