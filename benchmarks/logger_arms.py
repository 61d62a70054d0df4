"""Aim, Trackio and Flowcept, on local files, used as their documentation first shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .arm import EXPERIMENT, UNKNOWN, Arm, Found, Records, handed_over, in_every
from .configurations import Configuration
from .stopwatch import Stopwatch

__all__ = ["Aim", "Flowcept", "Trackio"]

BUFFER = "flowcept_buffer.jsonl"


class Aim(Arm):
    """Aim, with its callback for Keras, on a repository in a folder."""

    name = "aim"
    title = "Aim"
    module = distribution = "aim"
    handed_over = True
    shared = ("aim-repository",)

    def switch_on(self, watch: Stopwatch) -> Any:
        """Import it, and measure its callback."""
        import keras
        from aim.keras import AimCallback

        watch.watch_callback(AimCallback)
        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """Its callback, which begins a run; hyperparameters are handed to the run."""
        from aim.keras import AimCallback

        self._callback = AimCallback(repo=str(self._store), experiment=EXPERIMENT)
        self._callback.experiment["hparams"] = handed_over(configuration)
        return [self._callback]

    def finish(self) -> None:
        """Close its run."""
        self._callback.close()

    def found(self) -> Found:
        """Update the repository's index, and query it."""
        run = self._newest()
        losses = self._lengths(run).get(("train", "loss"), 0)
        return Found(losses, "in progress" if run.active else "finished")

    def records(self) -> Records:
        """Query its repository, whose index is up to date."""
        run = self._newest()
        lengths, system = self._lengths(run), run.get("__system_params", {})
        return Records(
            hyperparameters=len(run.get("hparams", {})),
            metrics=sum(n == lengths["train", "loss"] for (subset, _), n in lengths.items()),
            rates=lengths.get(("train", "lr"), 0),
            packages=len(system.get("packages", {})),
            commit=bool(system.get("git_info", {}).get("commit", {}).get("hash")),
        )

    def _newest(self) -> Any:
        from aim import Repo

        aim = str(Path(sys.executable).with_name("aim"))
        command = [aim, "storage", "--repo", str(self._store), "reindex", "--yes"]
        subprocess.run(command, check=True, capture_output=True)
        found = Repo(str(self._store)).query_runs("", report_mode=0)
        return max((each.run for each in found.iter_runs()), key=lambda run: run.creation_time)

    @staticmethod
    def _lengths(run: Any) -> dict[tuple[str, str], int]:
        """How many epochs the sequences of the training and of the validation have."""
        return {
            (metric.context["subset"], metric.name): len(metric.values.sparse_list()[0])
            for metric in run.metrics()
            if "subset" in metric.context.to_dict()
        }

    @property
    def _store(self) -> Path:
        return self.output.parent / "aim-repository"


class Trackio(Arm):
    """Trackio on its local SQLite store: a callback of ours logs the metrics."""

    name = "trackio"
    title = "Trackio"
    module = distribution = "trackio"
    handed_over = True
    shared = ("trackio",)

    def switch_on(self, watch: Stopwatch) -> Any:
        """Import it."""
        import keras

        self._use_store()
        import trackio  # noqa: F401  # as a script does at its top

        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """Begin its run with the hyperparameters; a callback that logs every epoch's metrics."""
        import keras
        import trackio

        class TrackioLogger(keras.callbacks.Callback):
            """Logs Keras' metrics."""

            def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
                """Log the metrics of the epoch."""
                trackio.log(dict(logs or {}), step=epoch)

        settings = handed_over(configuration)
        trackio.init(project=EXPERIMENT, name=self.output.name, config=settings)
        watch.watch_callback(TrackioLogger)
        return [TrackioLogger()]

    def finish(self) -> None:
        """End its run."""
        import trackio

        trackio.finish()

    def found(self) -> Found:
        """Count the epochs in its database."""
        return Found(len(self._epochs()), UNKNOWN)

    def records(self) -> Records:
        """Query its database."""
        settings = self._rows("config", "configs")[0]
        epochs = self._epochs()
        return Records(
            hyperparameters=sum(not name.startswith("_") for name in settings),
            metrics=len(in_every(epochs)),
            sql=len(epochs),
        )

    def _epochs(self) -> list[dict[str, Any]]:
        """The metrics of every epoch with a loss."""
        return [row for row in self._rows("metrics", "metrics") if "loss" in row]

    def _rows(self, column: str, table: str) -> list[dict[str, Any]]:
        """A column of the training's rows, asked with `trackio query`."""
        self._use_store()
        statement = f"SELECT {column} FROM {table} WHERE run_name = '{self.output.name}'"  # noqa: S608  # a name of ours
        command = [sys.executable, "-m", "trackio.cli", "query", "project", "--json"]
        command += ["--project", EXPERIMENT, "--sql", statement]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return [json.loads(row[column]) for row in json.loads(done.stdout)["rows"]]

    def _use_store(self) -> None:
        os.environ.update(TRACKIO_DIR=str(self.output.parent / "trackio"), HF_HUB_OFFLINE="1")


class Flowcept(Arm):
    """Flowcept without a broker: a callback of ours makes a task of every epoch."""

    name = "flowcept"
    title = "Flowcept"
    module = distribution = "flowcept"
    handed_over = True

    def switch_on(self, watch: Stopwatch) -> Any:
        """Import it, with its default settings and a file of this training."""
        import keras

        settings = self.output / "settings.yaml"
        settings.write_text(json.dumps({"project": self._project()}))  # JSON is YAML, too
        os.environ["FLOWCEPT_SETTINGS_PATH"] = str(settings)
        import flowcept  # noqa: F401  # as a script does at its top

        return keras

    def callbacks(self, model: Any, configuration: Configuration, watch: Stopwatch) -> list[Any]:
        """Begin a workflow with the hyperparameters; a callback for its tasks."""
        import keras
        from flowcept import Flowcept as Workflow
        from flowcept import FlowceptTask

        class FlowceptLogger(keras.callbacks.Callback):
            """Makes a task of each epoch, which generates Keras' metrics."""

            def on_epoch_begin(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
                """Begin the task."""
                self.task = FlowceptTask(activity_id="epoch", used={"epoch": epoch})

            def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
                """End it with the metrics of the epoch."""
                self.task.end(generated=dict(logs or {}))

        arguments = handed_over(configuration)
        self._workflow = Workflow(workflow_name=EXPERIMENT, workflow_args=arguments).start()
        watch.watch_callback(FlowceptLogger)
        return [FlowceptLogger()]

    def finish(self) -> None:
        """Stop it, which writes the file."""
        self._workflow.stop()

    def found(self) -> Found:
        """Count the tasks with a loss in its file, and take the state of the workflow."""
        workflows, tasks = self._messages("workflow"), self._messages("task")
        losses = sum("loss" in task.get("generated", {}) for task in tasks)
        return Found(losses, workflows[-1]["status"] if workflows else "no file")

    def records(self) -> Records:
        """Read its file."""
        workflows, tasks = self._messages("workflow"), self._messages("task")
        return Records(
            hyperparameters=len(workflows[-1]["used"]),
            metrics=len(in_every([task["generated"] for task in tasks])),
            commit=bool(workflows[-1].get("code_repository")),
        )

    def _messages(self, kind: str) -> list[dict[str, Any]]:
        """The messages of a kind in its file, if there is one."""
        from flowcept import Flowcept as Workflow

        path = self.output / BUFFER
        read = Workflow.read_buffer_file(str(path)) if path.exists() else []
        return [message for message in read if message["type"] == kind]

    def _project(self) -> dict[str, Any]:
        """Its defaults, with another path."""
        path = str(self.output / BUFFER)
        return {"dump_buffer": {"enabled": True, "path": path}, "enrich_messages": False}
