"""Which job of a cluster a training ran in is a part of its environment, and can be asked for."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import keras_prov as keras
from dfanalyzer_client.cli import main
from dfanalyzer_client.errors import UnknownTagError
from keras_prov._environment.job import SCHEDULERS, job_facts

SLURM = {
    "SLURM_JOB_ID": "4243",
    "SLURM_ARRAY_JOB_ID": "4240",
    "SLURM_ARRAY_TASK_ID": "3",
    "SLURM_STEP_ID": "0",
    "SLURM_PROCID": "1",
    "SLURMD_NODENAME": "node07",
}
IN_SLURM = {
    "scheduler": "slurm",
    "job": "4243",
    "array_job": "4240",
    "array_task": "3",
    "step": "0",
    "rank": "1",
    "node": "node07",
}
PBS = {"PBS_JOBID": "7[2].head", "PBS_ARRAY_ID": "7[].head", "PBS_ARRAY_INDEX": "2"}
JOBS = {
    "slurm": (SLURM, IN_SLURM),
    "slurm_without_array": (
        {"SLURM_JOB_ID": "9", "SLURM_STEPID": "1"},
        {"scheduler": "slurm", "job": "9", "step": "1"},
    ),
    "pbs": (
        PBS,
        {"scheduler": "pbs", "job": "7[2].head", "array_job": "7[].head", "array_task": "2"},
    ),
    "torque": (
        {"PBS_JOBID": "8[5].head", "PBS_ARRAYID": "5"},
        {"scheduler": "pbs", "job": "8[5].head", "array_task": "5"},
    ),
    "flux_in_slurm": (
        {**SLURM, "FLUX_JOB_ID": "ƒ2Nk", "FLUX_JOB_CC": "4", "FLUX_TASK_RANK": "0"},
        {"scheduler": "flux", "job": "ƒ2Nk", "array_task": "4", "rank": "0"},
    ),
    "lsf": ({"LSB_JOBID": "6", "LSB_JOBINDEX": "0"}, {"scheduler": "lsf", "job": "6"}),
    "sge": (
        {"JOB_ID": "5", "SGE_TASK_ID": "undefined"},
        {"scheduler": "sge", "job": "5"},
    ),
    "somebody_elses_job_id": ({"JOB_ID": "5"}, {}),
    "no_job": ({}, {}),
}
X = np.ones((8, 2), "float32")


@pytest.fixture(autouse=True)
def _no_job(monkeypatch):
    """These tests may themselves run in a job."""
    for facts in SCHEDULERS.values():
        for variables in facts.values():
            for name in variables:
                monkeypatch.delenv(name, raising=False)


def train(tag, hyps):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.provenance(tag, hyps=hyps)
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    model.fit(X, X[:, :1], verbose=0)
    return model.exec_tag


@pytest.mark.parametrize("job", JOBS)
def test_facts_have_the_same_names_in_every_scheduler(job, monkeypatch):
    """Job, array, task, step and node, of the scheduler whose variables are set."""
    variables, expected = JOBS[job]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert dict(job_facts()) == expected


def test_an_array_is_shown_and_asked_for(tag, ask, monkeypatch):
    """`show` has the facts of a training's job, and conditions of `runs` name them."""
    tasks = {}
    for number in "23":
        for name, value in {**SLURM, "SLURM_ARRAY_TASK_ID": number}.items():
            monkeypatch.setenv(name, value)
        tasks[number] = train(tag, {"ENVIRONMENT": True})
    outside = train(f"{tag}-plain", {"LEARNING_RATE": True})

    rows = ask.set(tag, "iEnvironment", "kind, name, value")
    assert {name: value for kind, name, value in rows if kind == "job"} == IN_SLURM
    shown = CliRunner().invoke(main, ["show", tasks["3"], "--set", "ienvironment", "--json"])
    assert {"kind": "job", "name": "node", "value": "node07"}.items() <= next(
        row for row in json.loads(shown.output) if (row["kind"], row["name"]) == ("job", "node")
    ).items()
    where = "job.array_job = '4240' AND job.array_task = 3"
    assert [each.execution for each in keras.runs(where, dataflow=tag)] == [tasks["3"]]
    ordered = keras.runs("job.scheduler = 'slurm'", dataflow=tag, order_by="job.array_task")
    assert [each.execution for each in ordered] == list(tasks.values())
    columns = ["runs", "--columns", "job.array_task,job.node", "--csv", "--sort", "job.array_task"]
    listed = CliRunner().invoke(main, [*columns, "--dataflow", tag]).output.splitlines()
    assert listed == ["job.array_task,job.node", "2,node07", "3,node07"]
    wrong = CliRunner().invoke(main, ["runs", "--columns", "job.array"])
    assert "job.array_job" in wrong.output
    found = keras.runs("job.job IS NULL", dataflow=f"{tag}-plain")
    assert [each.execution for each in found] == [outside]
    with pytest.raises(UnknownTagError, match="array_task"):
        keras.runs("job.array = 3")


def test_nothing_is_recorded_where_it_was_not_asked_for(tag, ask, monkeypatch):
    """Without the key ENVIRONMENT, a job leaves no trace."""
    for name, value in SLURM.items():
        monkeypatch.setenv(name, value)
    train(tag, {"LEARNING_RATE": True})

    layout = ask.rows(
        'SELECT s.tag FROM "public".data_set s JOIN "public".dataflow d ON d.id = s.df_id '
        "WHERE d.tag = %s",
        tag,
    )
    assert ("ienvironment",) not in layout
