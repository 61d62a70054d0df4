"""One execution per trial of Optuna, KerasTuner and scikit-learn's searches, with its study."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import keras_prov as keras
from dfanalyzer_client.cli import main
from small_models import data


def regressor(units: int = 2, rate: float = 0.1) -> Any:
    """A compiled model, as a search builds it."""
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(units), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(rate), "mse")
    return model


def trials_of(ask: Any, tag: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Parameters by execution and trial; each trial that trained is one execution."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    rows = ask.rows(
        f'SELECT e.tag, i."trial", i."name", i."number", i."value" FROM "{tag}"."itrial" i '
        'JOIN "public".task t ON i.trainingmodel_task_id = t.id '
        'JOIN "public".dataflow_execution e ON t.df_exec = e.id'
    )
    for execution, trial, name, number, value in rows:
        into = found.setdefault((execution, trial), {})
        if name is not None:
            into[name] = value if number is None else number
    return found


def ends_of(ask: Any, tag: str) -> list[tuple[Any, ...]]:
    """How trials ended, with the values of their objectives."""
    return sorted(ask.set(tag, "oTrial", "trial, state, objective, value"))


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_trial_of_optuna_is_an_execution(tag: str, ask: Any, jobs: int) -> None:
    """With what the objective had asked for when it trained, in one thread or in two."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)

    def objective(trial: Any) -> float:
        rate = trial.suggest_float("rate", 0.01, 0.1)
        model = regressor(trial.suggest_int("units", 1, 3), rate)
        return float(model.fit(*data(), verbose=0).history["loss"][-1])

    study = optuna.create_study(study_name="rates of ours")
    with keras.capture({"LEARNING_RATE": True}, tag):
        study.optimize(objective, n_trials=3, n_jobs=jobs)

    found = trials_of(ask, tag)
    assert sorted(trial for _, trial in found) == ["0", "1", "2"]
    assert len({execution for execution, _ in found}) == 3
    for (_, number), parameters in found.items():
        assert parameters == study.trials[int(number)].params
    assert set(ask.set(tag, "iTrial", "framework, study")) == {("optuna", "rates of ours")}


def test_a_pruned_and_a_failed_trial_of_optuna_end_as_without_us(tag: str, ask: Any) -> None:
    """Optuna sees its own exceptions; the executions say that they did not finish."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: Any) -> float:
        class Stops(keras.callbacks.Callback):
            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                raise optuna.TrialPruned if trial.number else ValueError("no")

        regressor().fit(*data(), verbose=0, callbacks=[Stops()])
        return 0.0

    study = optuna.create_study()
    with keras.capture({}, tag):
        study.optimize(objective, n_trials=2, catch=(ValueError,))

    assert [each.state.name for each in study.trials] == ["FAIL", "PRUNED"]
    errors = ask.rows(
        'SELECT t.status, t.error_msg FROM "public".task t '
        'JOIN "public".dataflow_execution e ON e.id = t.df_exec '
        'JOIN "public".dataflow d ON d.id = e.df_id WHERE d.tag = %s ORDER BY t.id',
        tag,
    )
    assert errors == [("FAILED", "ValueError: no"), ("PRUNED", "TrialPruned")]
    assert ends_of(ask, tag) == [("0", "FAILED", None, None), ("1", "PRUNED", None, None)]
    assert ask.set(tag, "oTrainingEnd", "stop_reason") == [("exception",), ("pruned",)]
    asked = CliRunner().invoke(main, ["runs", "--columns", "statu"], catch_exceptions=False)
    assert "There is no column 'statu'. Expected" in asked.stderr, "a trial without parameters"


def test_what_a_trial_of_optuna_asks_for_after_its_training_is_kept(tag: str, ask: Any) -> None:
    """With the state and values of the trial, also of one that is pruned or fails after it."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: Any) -> tuple[float, float]:
        regressor(trial.suggest_int("units", 1, 3)).fit(*data(), verbose=0)
        trial.suggest_categorical("late", ["a", "b"])
        if trial.number == 1:
            raise optuna.TrialPruned
        if trial.number == 2:
            raise ValueError("no")
        return 0.5, 0.25

    study = optuna.create_study(directions=["minimize", "minimize"])
    with keras.capture({}, tag):
        study.optimize(objective, n_trials=3, catch=(ValueError,))
    for (_, number), parameters in trials_of(ask, tag).items():
        assert parameters == study.trials[int(number)].params
        assert set(parameters) == {"units", "late"}
    assert ends_of(ask, tag) == [
        ("0", "FINISHED", "value_0", 0.5),
        ("0", "FINISHED", "value_1", 0.25),
        ("1", "PRUNED", None, None),
        ("2", "FAILED", None, None),
    ]


@pytest.mark.thorough
def test_each_trial_of_keras_tuner_is_an_execution(tag: str, ask: Any, tmp_path: Path) -> None:
    """The study is the project; a trial executed twice is two executions of it."""
    keras_tuner = pytest.importorskip("keras_tuner")

    def build(hp: Any) -> Any:
        return regressor(hp.Int("units", 1, 8), hp.Choice("rate", [0.1, 0.01]))

    tuner = keras_tuner.RandomSearch(
        build,
        "loss",
        max_trials=2,
        executions_per_trial=2,
        directory=tmp_path,
        project_name="widths",
        seed=3,
    )
    with keras.capture({"LEARNING_RATE": True}, tag):
        tuner.search(*data(), epochs=1, verbose=0)

    found = trials_of(ask, tag)
    assert len(found) == 4
    best = {each.trial_id: each.hyperparameters.values for each in tuner.oracle.get_best_trials(2)}
    for (_, number), parameters in found.items():
        assert parameters == best[number]
    assert set(ask.set(tag, "iTrial", "framework, study")) == {("keras_tuner", "widths")}
    assert len(ends_of(ask, tag)) == 4
    scores = {each.trial_id: each.score for each in tuner.oracle.get_best_trials(2)}
    for number, state, objective, value in ends_of(ask, tag):
        assert (state, objective, value) == ("FINISHED", "loss", scores[number])


@pytest.mark.thorough
def test_what_a_model_of_keras_tuner_asks_for_is_kept(tag: str, ask: Any, tmp_path: Path) -> None:
    """While it is built and while it is fitted: all that trial.json has; a failed one is FAILED."""
    keras_tuner = pytest.importorskip("keras_tuner")

    trained: list[Any] = []

    class Asking(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> Any:
            units = hp.Int("units", 1, 4)
            if hp.Boolean("big"):
                with hp.conditional_scope("big", [True]):
                    units += hp.Int("more", 1, 4)
            return regressor(units)

        def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
            history = model.fit(*args, batch_size=hp.Choice("batch", [8, 16]), **kwargs)
            trained.append(hp)
            if len(trained) == 1:
                raise keras_tuner.errors.FailedTrialError("no")
            return history

    tuner = keras_tuner.RandomSearch(
        Asking(),
        "loss",
        max_trials=3,
        directory=tmp_path,
        project_name="late",
        seed=4,
    )
    with keras.capture({}, tag):
        tuner.search(*data(), epochs=1, verbose=0)
    told = {
        each.parent.name.removeprefix("trial_"): json.loads(each.read_text())
        for each in (tmp_path / "late").glob("*/trial.json")
    }
    found = {number: values for (_, number), values in trials_of(ask, tag).items()}
    assert found == {number: each["hyperparameters"]["values"] for number, each in told.items()}
    states = {"COMPLETED": "FINISHED", "FAILED": "FAILED"}
    assert [each[:2] for each in ends_of(ask, tag)] == [
        (number, states[each["status"]]) for number, each in sorted(told.items())
    ]
    assert {each["status"] for each in told.values()} == set(states)


@pytest.mark.thorough
@pytest.mark.parametrize("wrapper", ["scikeras", "keras.wrappers"])
def test_each_fit_of_a_grid_search_is_an_execution(tag: str, ask: Any, wrapper: str) -> None:
    """One per candidate and fold, and one for the refit, with the parameters that it used."""
    sklearn = pytest.importorskip("sklearn.model_selection")
    if wrapper == "scikeras":
        scikeras = pytest.importorskip("scikeras.wrappers")
        estimator = scikeras.KerasRegressor(regressor, units=1, verbose=0)
        grid: dict[str, Any] = {"units": [1, 3]}
    else:
        estimator = keras.wrappers.SKLearnRegressor(
            lambda units=1, **_: regressor(units), fit_kwargs={"verbose": 0}
        )
        grid = {"model_kwargs": [{"units": 1}, {"units": 3}]}
    x, y = data()
    search = sklearn.GridSearchCV(estimator, grid, cv=2)
    with keras.capture({}, tag):
        search.fit(x, y[:, 0])

    found = trials_of(ask, tag)
    assert sorted(trial for _, trial in found) == ["0-0", "0-1", "1-0", "1-1", "refit"]
    assert len({execution for execution, _ in found}) == 5
    for (_, trial), parameters in found.items():
        name, values = next(iter(grid.items()))
        chosen = search.best_params_ if trial == "refit" else {name: values[int(trial[0])]}
        assert set(parameters) == {name}
        given = parameters[name]
        assert (json.loads(given) if isinstance(given, str) else given) == chosen[name]
    ((framework, study),) = set(ask.set(tag, "iTrial", "framework, study"))
    assert framework == "scikit-learn"
    assert study.startswith("GridSearchCV-")
    ends = {trial: value for trial, state, _, value in ends_of(ask, tag) if state == "FINISHED"}
    assert set(ends) == {"0-0", "0-1", "1-0", "1-1", "refit"}
    scores = search.cv_results_
    assert ends["1-0"] == scores["split0_test_score"][1]
    assert ends["refit"] == search.best_score_


@pytest.mark.thorough
def test_threads_and_processes_of_a_search(tag: str, ask: Any) -> None:
    """In threads each fit finds its study; in processes the search works, and captures nothing."""
    joblib = pytest.importorskip("joblib")
    sklearn = pytest.importorskip("sklearn.model_selection")
    linear = pytest.importorskip("sklearn.linear_model")
    scikeras = pytest.importorskip("scikeras.wrappers")
    x, y = data()
    search = sklearn.RandomizedSearchCV(
        scikeras.KerasRegressor(regressor, units=1, verbose=0),
        {"units": [1, 2]},
        n_iter=2,
        cv=2,
        n_jobs=2,
        refit=False,
    )
    with keras.capture({}, tag):
        with joblib.parallel_backend("threading"):
            search.fit(x, y[:, 0])
        ridge = sklearn.GridSearchCV(linear.Ridge(), {"alpha": [0.1, 1.0]}, cv=2, n_jobs=2)
        with joblib.parallel_backend("loky"):
            ridge.fit(x, y[:, 0])
    assert set(ridge.best_params_) == {"alpha"}
    assert sorted(trial for _, trial in trials_of(ask, tag)) == ["0-0", "0-1", "1-0", "1-1"]


def test_cross_validation_is_no_search(tag: str, ask: Any) -> None:
    """Its folds are captured as trainings, of no study."""
    sklearn = pytest.importorskip("sklearn.model_selection")
    scikeras = pytest.importorskip("scikeras.wrappers")
    x, y = data()
    with keras.capture({}, tag):
        sklearn.cross_val_score(scikeras.KerasRegressor(regressor, verbose=0), x, y[:, 0], cv=2)
    assert len(ask.set(tag, "oTrainingModel")) == 2
    assert not ask.one(
        "SELECT count(*) FROM sys.tables t JOIN sys.schemas s ON s.id = t.schema_id "
        "WHERE s.name = %s AND t.name = 'itrial'",
        tag,
    )


def test_a_search_by_hand(tag: str, ask: Any) -> None:
    """keras_prov.trial is for those who write their own; one model in two trials is two."""
    model = regressor()
    with keras.capture({}, tag):
        for number, rate in enumerate([0.1, 0.01]):
            with keras.trial("by hand", number, {"rate": rate, "seed": np.int64(3)}) as running:
                model.optimizer.learning_rate = rate
                model.fit(*data(), verbose=0)
                running.report({"score": rate})
    found = trials_of(ask, tag)
    assert sorted((trial, given["rate"]) for (_, trial), given in found.items()) == [
        ("0", 0.1),
        ("1", 0.01),
    ]
    assert all(given["seed"] == 3.0 for given in found.values())
    assert len({execution for execution, _ in found}) == 2
    assert ends_of(ask, tag) == [("0", "FINISHED", "score", 0.1), ("1", "FINISHED", "score", 0.01)]


@pytest.mark.thorough
def test_companions_are_left_as_they_were() -> None:
    """Imported before us or after, they are patched; uninstrument() gives them back."""
    script = """
    import sys
    first, = sys.argv[1:]
    homes = {
        "optuna.study._optimize": ["_run_trial"],
        "sklearn.model_selection._validation": ["_fit_and_score"],
        "sklearn.model_selection._search": ["_fit_and_score", "BaseSearchCV.fit"],
        "keras_tuner.src.engine.base_tuner": [
            "BaseTuner._run_and_update_trial", "BaseTuner.on_trial_end",
        ],
    }

    def states():
        import importlib, operator
        return [
            operator.attrgetter(name)(importlib.import_module(module))
            for module, names in homes.items() for name in names
        ]

    import keras
    if first == "companions":
        before = states()
        import keras_prov
    else:
        import keras_prov
        assert not set(homes) & set(sys.modules)
        keras_prov.uninstrument()
        before = states()
        keras_prov.instrument()
    patched = states()
    assert all(old is not new for old, new in zip(before, patched, strict=True))
    assert patched[1] is patched[2]
    keras_prov.uninstrument()
    assert all(old is new for old, new in zip(before, states(), strict=True))
    keras_prov.instrument()
    assert all(old is not new for old, new in zip(before, states(), strict=True))
    """
    pytest.importorskip("optuna")
    pytest.importorskip("keras_tuner")
    for first in ("companions", "keras_prov"):
        subprocess.run([sys.executable, "-c", textwrap.dedent(script), first], check=True)


def test_another_version_of_a_companion_costs_only_its_trials(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where a function that we wrap is missing, Keras is instrumented all the same."""
    optimize = pytest.importorskip("optuna.study._optimize")
    keras.uninstrument()
    monkeypatch.delattr(optimize, "_run_trial")
    monkeypatch.setenv("KERAS_PROV_STRICT", "0")
    keras.instrument()
    assert hasattr(keras.Model, "provenance")
    assert "Optuna's trials is not recorded" in caplog.text
    keras.uninstrument()
    monkeypatch.undo()
    keras.instrument()
