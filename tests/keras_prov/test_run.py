"""``keras-prov run``: a script that knows nothing of us is captured, and runs as with python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

TRAIN = """
import sys
{first}
x = np.ones((8, 2), "float32")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile(keras.optimizers.SGD(0.25), "mse")
model.fit(x, x[:, :1], verbose=0)
print(sys.argv[1:])
"""
ROOT = str(Path(__file__).parents[2])
THOROUGH = pytest.mark.thorough
COMMAND = ("-m", "dfanalyzer_client.cli", "run")
OURS = ("-m", "keras_prov", "run")


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Any:
    """Runs `python …` in a folder of its own, and gives what came of it."""

    def run_python(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
            env={**os.environ, "KERAS_PROV_HOME": str(home), "PYTHONPATH": ROOT, **environment},
        )

    return run_python


def written(folder: Path, name: str, text: str) -> Path:
    """A file of the user's."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


@pytest.mark.parametrize(
    "first",
    [
        "import numpy as np; import keras",
        pytest.param("import numpy as np; from tensorflow import keras", marks=THOROUGH),
        pytest.param("import numpy as np; import keras_prov as keras", marks=THOROUGH),
    ],
)
def test_an_unmodified_script_is_captured(
    first: str, run: Any, tag: str, ask: Any, tmp_path: Path
) -> None:
    """However it imports Keras; with everything that costs nothing, under its own name."""
    written(tmp_path, f"{tag}.py", TRAIN.format(first=first))
    done = run(*COMMAND, f"{tag}.py", "--epochs", "3", "--", "-m", "--tag", "x")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['--epochs', '3', '--', '-m', '--tag', 'x']\n"
    assert ask.set(tag, "iTrainingModel", "optimizer_name, learning_rate, backend, loss") == [
        ("SGD", 0.25, "tensorflow", "mse")
    ]
    assert len(ask.set(tag, "iDataset")) == 2


@THOROUGH
def test_options_before_the_script_are_ours(run: Any, tag: str, ask: Any, tmp_path: Path) -> None:
    """What to capture, under which name; LEARNING_RATE without its adaptations."""
    written(tmp_path, "train.py", TRAIN.format(first="import keras, numpy as np"))
    done = run(
        *COMMAND,
        "--capture",
        "LEARNING_RATE,BATCH_METRICS=1",
        "--no-adaptation",
        "--tag",
        tag,
        "train.py",
    )
    assert done.returncode == 0, done.stderr
    assert ask.set(tag, "iTrainingModel", "learning_rate") == [(0.25,)]
    assert len(ask.set(tag, "oBatches")) == 1
    columns = ask.rows(
        "SELECT c.name FROM sys.columns c JOIN sys.tables t ON t.id = c.table_id "
        "JOIN sys.schemas s ON s.id = t.schema_id WHERE s.name = %s",
        tag,
    )
    assert ("loss",) in columns


@pytest.mark.exhaustive
@THOROUGH
def test_a_module_of_a_package_whose_init_imports_keras(
    run: Any, tag: str, ask: Any, tmp_path: Path
) -> None:
    """As `python -m`: the working directory is on the path; the package names the dataflow."""
    package = tag.replace("-", "_")
    written(tmp_path, f"{package}/__init__.py", "import keras\nimport numpy as np\n")
    written(
        tmp_path,
        f"{package}/__main__.py",
        TRAIN.format(first=f"from {package} import keras, np\nassert __package__"),
    )
    done = run(*OURS, "-m", package, "-m")
    assert (done.returncode, done.stdout) == (0, "['-m']\n"), done.stderr
    assert len(ask.set(package, "oTrainingModel")) == 1


@pytest.mark.exhaustive
@THOROUGH
@pytest.mark.parametrize("command", [COMMAND, OURS])
def test_the_script_chooses_its_backend(
    command: tuple[str, ...], run: Any, tag: str, ask: Any, tmp_path: Path
) -> None:
    """Keras is not imported before the script does, by neither name of the command."""
    pytest.importorskip("jax")
    first = "import os\nassert 'keras' not in sys.modules\nos.environ['KERAS_BACKEND'] = 'jax'\n"
    written(tmp_path, "train.py", TRAIN.format(first=f"{first}import keras, numpy as np"))
    done = run(*command, "--capture", "BACKEND", "--tag", tag, "train.py")
    assert done.returncode == 0, done.stderr
    assert ask.set(tag, "iTrainingModel", "backend") == [("jax",)]


@THOROUGH
def test_a_script_whose_training_is_not_seen(run: Any, tag: str, ask: Any, tmp_path: Path) -> None:
    """It leaves an execution: environment, files, how it ended; one line names what is captured."""
    step = "w = model.trainable_weights; model.optimizer.apply([v * 0 for v in w], w)"
    loop = TRAIN.replace("model.fit(x, x[:, :1], verbose=0)", step)
    end = "model.save('own.keras')\nraise ValueError('the end')\n"
    written(tmp_path, "loop.py", loop.format(first="import numpy as np; import keras") + end)
    done = run(*COMMAND, "--tag", tag, "loop.py", "--secret", "a")
    assert (done.returncode, done.stdout) == (1, "['--secret', 'a']\n")
    said = [each for each in done.stderr.splitlines() if "storing the last messages" not in each]
    *_, error, line = said
    assert error == "ValueError: the end"
    assert "with keras_prov.training(model) as run:" in line
    assert "loop.py" in line
    tasks = ask.rows(
        'SELECT x.tag, t.status, t.error_msg FROM "public".task t '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s ORDER BY t.id',
        tag,
    )
    assert [each[:2] for each in tasks] == [
        ("savingmodel", "FINISHED"),
        ("runningscript", "FAILED"),
    ]
    assert tasks[-1][2] == "ValueError: the end"
    environment = dict(ask.set(tag, "iEnvironment", "name, value"))
    assert "loop.py" in environment["command_line"]
    files = ask.rows(
        'SELECT f.name, f.mode FROM "public".file f JOIN "public".task t ON t.id = f.task_id '
        'JOIN "public".data_transformation x ON x.id = t.dt_id '
        'JOIN "public".dataflow d ON d.id = x.df_id WHERE d.tag = %s ORDER BY f.id',
        tag,
    )
    assert files == [("own.keras", "written"), ("loop.py", "read")]


@THOROUGH
def test_a_script_that_trains_on_batches(run: Any, tag: str, ask: Any, tmp_path: Path) -> None:
    """Its calls are a training, which ends with what the script ends with."""
    loop = TRAIN.replace("model.fit(x, x[:, :1], verbose=0)", "model.train_on_batch(x, x[:, :1])")
    end = "raise ValueError('the end')\n"
    written(tmp_path, "loop.py", loop.format(first="import numpy as np; import keras") + end)
    done = run(*COMMAND, "--tag", tag, "loop.py")
    assert done.returncode == 1
    assert len(ask.set(tag, "oTrainingModel", "loss")) == 1
    found = ask.set(tag, "oTrainingEnd", "steps, stop_reason, stop_detail")
    assert found == [(1, "exception", "ValueError")]


LOOK = """
    import json, pickle, sys, __main__
    class Mine: pass
    pickle.loads(pickle.dumps(Mine()))
    print(json.dumps([
        __name__, __file__, sys.argv, sys.path[0], __spec__ and __spec__.name,
        __package__, __main__.Mine is Mine, sorted(vars(__main__))
    ]))
"""


@THOROUGH
@pytest.mark.parametrize("as_module", [False, True])
def test_the_program_sees_what_python_would_show_it(
    run: Any, tmp_path: Path, as_module: bool
) -> None:
    """`__main__`, `sys.argv`, `sys.path`; pickling finds its classes."""
    written(tmp_path, "sub/look.py", LOOK)
    program = ["-m", "sub.look"] if as_module else ["sub/look.py"]
    plain, ours = run(*program, "a", "-b"), run(*COMMAND, *program, "a", "-b")
    assert ours.returncode == 0, ours.stderr
    assert json.loads(ours.stdout) == json.loads(plain.stdout)


@pytest.mark.parametrize(
    "body", ["sys.exit(7)", "sys.exit('no')", "raise ValueError('no')", "1 / 0", "sys.exit()"]
)
def test_the_program_ends_as_with_python(body: str, run: Any, tmp_path: Path) -> None:
    """Exit code, output and traceback are the same."""
    written(tmp_path, "ends.py", f"import sys\n\ndef f():\n    {body}\n\nprint(1)\nf()\n")
    plain, ours = run("ends.py"), run(*COMMAND, "ends.py")
    assert (ours.returncode, ours.stdout) == (plain.returncode, plain.stdout)
    assert ours.stderr == plain.stderr


@THOROUGH
def test_processes_that_the_program_spawns(run: Any, tmp_path: Path) -> None:
    """multiprocessing finds the script's functions by its file."""
    script = """
    import multiprocessing

    def square(x):
        return x * x

    if __name__ == "__main__":
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.map(square, [3]))
    """
    written(tmp_path, "spawns.py", script)
    done = run(*COMMAND, "spawns.py")
    assert (done.returncode, done.stdout) == (0, "[9]\n"), done.stderr


@THOROUGH
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["missing.py"], "missing.py cannot be read: No such file"),
        (["-m", "no.such"], "No module named 'no'"),
        (["broken.py"], "broken.py is not valid Python: "),
        (["--tag", "", "ok.py"], "tag"),
        (["--store", "mysql://x", "ok.py"], "mysql"),
        (["--nonsense", "ok.py"], "--nonsense"),
        (["--capture", "LR", "ok.py"], "Did you mean 'LEARNING_RATE'?"),
        (["--capture", "MODEL=maybe", "ok.py"], "Received: MODEL=maybe"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(
    options: list[str], said: str, run: Any, tmp_path: Path
) -> None:
    """Exit code 2, before the script does anything with Keras."""
    written(tmp_path, "broken.py", "def f(:")
    written(tmp_path, "ok.py", "import keras\nprint('ran')\n")
    done = run(*COMMAND, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.exhaustive
@THOROUGH
def test_the_project_and_the_environment_say_what_is_captured(
    run: Any, tag: str, ask: Any, tmp_path: Path
) -> None:
    """The variable before the project; importing keras_prov alone captures nothing."""
    written(
        tmp_path,
        "pyproject.toml",
        f"""
        [tool.keras_prov]
        capture = ["LEARNING_RATE", "LOSS"]
        tag = "{tag}"
    """,
    )
    script = written(tmp_path, "train.py", TRAIN.format(first="import numpy as np\nimport keras"))
    assert run(*COMMAND, "train.py").returncode == 0
    assert ask.set(tag, "iTrainingModel", "learning_rate, loss") == [(0.25, "mse")]

    assert run(*COMMAND, "train.py", KERAS_PROV_CAPTURE="BATCH_SIZE", KERAS_PROV_TAG=f"{tag}2")
    assert ask.set(f"{tag}2", "iTrainingModel", "batch_size") == [(32.0,)]

    plain = "import numpy as np\nimport keras_prov as keras"
    script.write_text(TRAIN.format(first=plain))
    assert run("train.py").returncode == 0
    assert len(ask.set(tag, "iTrainingModel")) == 1

    script.write_text(TRAIN.format(first=f"{plain}\nkeras.capture()"))
    assert run("train.py").returncode == 0
    assert len(ask.set(tag, "iTrainingModel", "loss")) == 2


@pytest.mark.exhaustive
@THOROUGH
def test_a_wrong_key_in_a_setting_names_where_it_stands(run: Any, tmp_path: Path) -> None:
    """The file and its key, or the variable, before the script trains anything."""
    written(tmp_path, "pyproject.toml", "[tool.keras_prov]\ncapture = ['LR']\n")
    written(tmp_path, "ok.py", "import keras\nprint('ran')\n")
    of_file, of_variable = run(*COMMAND, "ok.py"), run(*COMMAND, "ok.py", KERAS_PROV_CAPTURE="XY=a")
    assert (of_file.returncode, of_variable.returncode) == (2, 2)
    place = f"capture of [tool.keras_prov] in {tmp_path / 'pyproject.toml'}"
    assert f"{place}: Unknown hyperparameter 'LR'" in of_file.stderr
    assert "KERAS_PROV_CAPTURE: What to capture is" in of_variable.stderr
    assert of_file.stdout == of_variable.stdout == ""
