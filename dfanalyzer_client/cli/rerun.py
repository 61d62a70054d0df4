"""`keras-prov rerun`: run an execution again from its crate, and compare."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..errors import DfAnalyzerError
from ..rerun import (
    Difference,
    Part,
    Recipe,
    RerunError,
    RerunOptions,
    State,
    Verdict,
    opened_crate,
    read_recipe,
)
from ..rerun import rerun as run_again
from ..support.terminal import terminal_text
from .common import say
from .forms import json_text
from .strict_command import StrictCommand

__all__ = ["rerun"]

VERDICTS = {
    State.EQUAL: "The re-execution is equal, bit for bit.",
    State.WITHIN: "The re-execution is equal within the tolerance of {tolerance:g}.",
    State.DIFFERS: "The re-execution DIFFERS.",
}


class _CouldNotRunError(click.ClickException):
    exit_code = 2


@click.command(cls=StrictCommand)
@click.argument("crate", type=click.Path(path_type=Path))
@click.option(
    "--here",
    is_flag=True,
    help="Use the packages that are installed here, and list those in other versions.",
)
@click.option(
    "--venv",
    type=click.Path(path_type=Path),
    help="Make the virtual environment in this folder, or use the one there. Default: a temporary "
    "one.",
)
@click.option(
    "--python",
    metavar="PATH",
    help="The interpreter that makes the environment. Default: this command's.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="A folder with the files that the program reads from its working directory.",
)
@click.option(
    "--tolerance",
    type=click.FloatRange(0, max_open=True, max=1),
    default=0.0,
    help="How far apart numbers may be, relative to the larger one, as in 1e-6. Default: they must "
    "be equal, bit for bit.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(0, min_open=True),
    help="How long the program may run. Default: as long as it takes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.option("--yes", is_flag=True, help="Do not ask before code of the crate is run.")
def rerun(
    crate: Path,
    here: bool,
    venv: Path | None,
    python: str | None,
    data: Path | None,
    tolerance: float,
    timeout: float | None,
    as_json: bool,
    yes: bool,
) -> None:
    """Run the execution of CRATE again, and compare it with what was recorded.

    A new environment gets the recorded packages from pip's index. The script runs in a fresh
    folder with its recorded arguments, and is captured into a store of its own. Recorded inputs are
    checked by their SHA-256 first. Metrics, hyperparameters, fingerprints of data and the weights
    of models are compared. CRATE is a folder or a zip file of `keras-prov export`.

    Exit code 0: equal; 1: something differs; 2: it could not be run.

    Example: keras-prov rerun sums.zip --here
    """
    if here and (venv is not None or python is not None):
        raise click.UsageError("--here uses this environment: leave out --venv and --python.")
    try:
        options = RerunOptions(here, python, venv, data, tolerance, timeout)
        with opened_crate(crate) as folder:
            recipe = read_recipe(folder)
        if not recipe.obstacles and not yes:
            _ask(crate, recipe, here)
        verdict = run_again(crate, options)
    except DfAnalyzerError as error:
        raise _CouldNotRunError(terminal_text(error)) from None
    if as_json:
        click.echo(json_text(_as_dict(verdict)))
    else:
        _print(verdict, tolerance)
    if verdict.state is State.DIFFERS:
        raise SystemExit(1)


def _ask(crate: Path, recipe: Recipe, here: bool) -> None:
    """Ask whether code of the crate may run; raises RerunError if nobody can answer."""
    where = (
        "in this environment" if here else f"with {len(recipe.packages)} packages of pip's index"
    )
    words = " ".join([recipe.script, *recipe.arguments])
    question = f"{crate} contains code that is run as you: {words}, {where}. Do you trust it?"
    if not sys.stdin.isatty():
        raise RerunError(f"{question} Nobody can be asked here: --yes answers that you do.")
    if not click.confirm(terminal_text(question), err=True):
        raise RerunError("It was not run.")


def _print(verdict: Verdict, tolerance: float) -> None:
    say(f"Execution {verdict.execution}, run again:")
    for note in verdict.notes:
        say(f"  {note}")
    for part in verdict.parts:
        say(f"  {part.state.value:<7}  {part.name}{_detail(part)}")
    unknown = sum(part.state is State.UNKNOWN for part in verdict.parts)
    rest = f" {unknown} part{'s' * (unknown != 1)} could not be compared." if unknown else ""
    say(VERDICTS[verdict.state].format(tolerance=tolerance) + rest)


def _detail(part: Part) -> str:
    if part.state is State.UNKNOWN:
        return f": {part.note}"
    if part.state is State.DIFFERS:
        return f": {_differences(part)}"
    values = f": {part.compared} value{'s' * (part.compared != 1)}"
    if part.within is not None:
        values += f", relative difference at most {part.within:.3g}"
    return f"{values} ({part.note})" if part.note else values


def _differences(part: Part) -> str:
    """How many there are, the first one, and the largest one if that is another."""
    count, first, largest = len(part.differences), part.differences[0], part.largest
    text = f"{count} of {part.compared} values; first {_difference(first)}"
    if largest is not None and largest is not first:
        text += f"; largest {_difference(largest)}"
    return text


def _difference(each: Difference) -> str:
    apart = "" if each.relative is None else f" (relative difference {each.relative:.3g})"
    return f"{each.name} in {each.place}: {each.recorded} recorded, {each.found} now{apart}"


def _as_dict(verdict: Verdict) -> dict[str, object]:
    return {
        "execution": verdict.execution,
        "state": verdict.state.value,
        "notes": list(verdict.notes),
        "parts": [
            {
                "name": part.name,
                "state": part.state.value,
                "compared": part.compared,
                "within": part.within,
                "note": part.note,
                "differences": [vars(each) for each in part.differences],
            }
            for part in verdict.parts
        ],
    }
