"""Shell completion: commands, options and names, without starting a server."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import dfanalyzer_client
from dfanalyzer_client import Attribute, AttributeType, Dataflow, Set, SetType, Transformation
from dfanalyzer_client.private_server import PrivateServer
from dfanalyzer_client.questions import remove_question, save_question

ROOT = Path(__file__).parents[2]
COMMAND = "from dfanalyzer_client.cli import main; main(prog_name='keras-prov')"


def completed(words: str, **environment: str) -> list[str]:
    """What fish is offered for the last of `words`."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from dfanalyzer_client.cli import main; main(prog_name='keras-prov')",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={
            **os.environ,
            "COMP_WORDS": words,
            "COMP_CWORD": words.rpartition(" ")[2],
            "_KERAS_PROV_COMPLETE": "fish_complete",
            **environment,
        },
    )
    assert done.stderr == ""
    return [line.partition(",")[2].partition("\t")[0] for line in done.stdout.splitlines() if line]


def test_commands_and_options_are_completed(home: Path) -> None:
    """By their beginning."""
    assert completed("keras-prov ru") == ["run", "runs"]
    assert completed("keras-prov runs --li") == ["--limit"]


def test_names_are_completed(home: Path, tag: str) -> None:
    """Executions by tag, dataflows; bash gets ids, because it would split the tags."""
    flow = Dataflow(tag, [Transformation("step")])
    flow.save()
    assert dfanalyzer_client.flush(30)
    assert completed(f"keras-prov show {tag}") == [flow.exec_tag]
    assert completed(f"keras-prov runs --dataflow {tag[:-2]}") == [tag]
    assert completed("keras-prov show la") == ["last"]
    ids = completed("keras-prov show ", _KERAS_PROV_COMPLETE="bash_complete", COMP_CWORD="2")
    assert ids[0] == "last"
    assert all(name.isdigit() for name in ids[1:])
    assert len(ids) > 1


@pytest.mark.thorough
def test_what_belongs_to_an_execution_is_completed(home: Path, tag: str) -> None:
    """Its metrics for `curve`, and its tags where one is removed."""
    numeric = AttributeType.NUMERIC
    output = Set(
        "oTrainingModel", SetType.OUTPUT, [Attribute(n, numeric) for n in ("EPOCH_ID", "acc")]
    )
    flow = Dataflow(tag, [Transformation("TrainingModel", [output])])
    with flow.task("TrainingModel") as task:
        task.generated(EPOCH_ID=0, acc=1)
    dfanalyzer_client.tag(flow.exec_tag, "good")
    assert dfanalyzer_client.flush(30)
    assert completed("keras-prov curve last ") == ["acc"]
    assert completed("keras-prov curve last acc lo") == []
    assert completed("keras-prov curve nosuch ") == []
    assert completed("keras-prov tag last --remove ") == ["good"]


@pytest.mark.thorough
def test_commands_that_name_executions_or_questions_complete_them(home: Path, tag: str) -> None:
    """Wherever one may stand; only saved questions can be removed."""
    flow = Dataflow(tag, [Transformation("step")])
    flow.save()
    assert dfanalyzer_client.flush(30)
    for words in ("forget", "compare last", "diff last", "tag", "note"):
        assert completed(f"keras-prov {words} {tag}") == [flow.exec_tag], words
    for words in ("forget", "sql", "questions"):
        assert completed(f"keras-prov {words} --dataflow {tag[:-2]}") == [tag], words
    assert completed("keras-prov questions curr") == ["current_loss"]
    save_question(home, "current_mine", "SELECT 1")
    assert completed("keras-prov questions curr") == ["current_loss", "current_mine"]
    assert completed("keras-prov questions --remove curr") == ["current_mine"]
    remove_question(home, "current_mine")


def test_completing_starts_no_server(tmp_path: Path) -> None:
    """Where none runs, only `last` is offered."""
    assert completed("keras-prov show ", KERAS_PROV_HOME=str(tmp_path / "new")) == ["last"]
    assert not PrivateServer(tmp_path / "new").status().running


def in_bash(script: Path, word: str) -> str:
    """What bash puts in the place of `word`, as a value, for a dataflow."""
    quote = word[0] if word[0] in "'\"" else ""
    lines = (
        f"source {script}",
        f"COMP_WORDS=(keras-prov runs --dataflow {shlex.quote(word)}) COMP_CWORD=3",
        "_keras_prov_completion keras-prov",
        r"""eval "printf '%s\n' $QUOTE${COMPREPLY[0]}$QUOTE" """,
    )
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PATH": path, "QUOTE": quote},
    )
    assert done.stderr == ""
    return done.stdout.removesuffix("\n")


def test_bash_gets_names_quoted(home: Path, tag: str, tmp_path: Path) -> None:
    """With spaces, quotes and marks of the shell, also where the user has opened a quote."""
    odd = f'{tag} it\'s * $home `x` "q" \\ a,'
    Dataflow(odd, [Transformation("step")]).save()
    assert dfanalyzer_client.flush(30)
    program, script = tmp_path / "keras-prov", tmp_path / "completion.bash"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{COMMAND}" "$@"\n')
    program.chmod(0o755)
    done = subprocess.run([program, "completion", "bash"], capture_output=True, check=True)
    script.write_bytes(done.stdout)
    for word in (tag, f"'{tag}", f'"{tag}', f"{tag}\\ it"):
        assert in_bash(script, word) == odd, word


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(shell: str) -> None:
    """It asks the command what to offer, as this shell."""
    done = subprocess.run(
        [sys.executable, "-m", "dfanalyzer_client.cli", "completion", shell],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert f"_KERAS_PROV_COMPLETE={shell}_complete" in done.stdout
