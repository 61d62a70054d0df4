"""The loops of docs/how-to/own-loops.md, beside the plain scripts that they would be without us."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.examples import DOCS, EXAMPLE

# each starts a backend twice: minutes on a busy machine
pytestmark = [pytest.mark.thorough, pytest.mark.timeout(1200)]

PAGE = (DOCS / "how-to" / "own-loops.md").read_text(encoding="utf-8")
SCRIPTS = {name: body for _, name, body, _ in EXAMPLE.findall(PAGE) if name.endswith(".py")}
BACKENDS = {"jax_loop.py": "jax", "torch_loop.py": "torch"}
LOOPS = ("tape.py", "gan.py", "dqn.py", "jax_loop.py", "torch_loop.py")
MOST = 5
OURS = re.compile(r"^ *(keras\.capture\(|with keras\.training\(|run\.|models = \{)")


def plain(script: str) -> tuple[str, int]:
    """The script without our lines, and how many they were."""
    lines, kept, inside, ours = script.splitlines(), [], False, 0
    for line in lines:
        if OURS.match(line):
            ours, inside = ours + 1, inside or line.startswith("with ")
            continue
        inside = inside and line.startswith("    ")
        kept.append(line.removeprefix("    ") if inside else line)
    return "\n".join(kept).replace("import keras_prov as keras", "import keras"), ours


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_has_few_lines_more(name: str) -> None:
    """At most five."""
    script, ours = plain(SCRIPTS[name])
    assert 3 <= ours <= MOST
    assert "keras_prov" not in script
    compile(script, name, "exec")


@pytest.mark.parametrize("name", LOOPS)
def test_a_recorded_loop_trains_the_same(name: str, home: Path, tmp_path: Path) -> None:
    """Its last losses are those of the plain script, to all digits that are printed."""
    backend = BACKENDS.get(name, "tensorflow")
    pytest.importorskip(backend)

    def printed(script: str) -> str:
        (tmp_path / name).write_text(script)
        done = subprocess.run(
            [sys.executable, name],
            cwd=tmp_path,
            env={**os.environ, "KERAS_BACKEND": backend, "KERAS_PROV_HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert printed(SCRIPTS[name]) == printed(plain(SCRIPTS[name])[0])
