"""Names of the facts of kind ``job`` in ``iEnvironment``: which job of a cluster a process is in.

They are the same for all schedulers, so that a question does not depend on the cluster.
"""

from __future__ import annotations

__all__ = ["JOB", "JOB_FACTS"]

JOB = "job"
"""The kind of these facts."""

JOB_FACTS = {
    "scheduler": "flux, slurm, pbs, lsf or sge",
    "job": "id of the job; of a task of an array, its own",
    "array_job": "id of the array that the job is a task of",
    "array_task": "its number in the array",
    "step": "number of the step in the job, as `srun` starts one",
    "rank": "number of the process in the step",
    "node": "name of the machine, as the scheduler calls it",
}
"""The names, and what their values are."""
