"""``keras-prov run``: capture the trainings of an unchanged script.

Keras is not imported here, because the script may set KERAS_BACKEND before it imports Keras. As
soon as the script imports Keras, keras_prov is imported, too, and capture begins.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from types import ModuleType

import click

from ..config import settings
from ..declarations.names import checked_dataflow_tag, storable_tag
from ..errors import DfAnalyzerError
from ..support.safe_home import check_home
from .common import store_option
from .script import Program, load_module, load_script
from .strict_command import StrictCommand

__all__ = ["run"]


@click.command(
    cls=StrictCommand,
    context_settings={"allow_interspersed_args": False},
    no_args_is_help=True,
)
@click.option(
    "--capture",
    metavar="all|KEY,…",
    help="What to capture: all, or keys as in LEARNING_RATE,BATCH_METRICS=10. Default: "
    "KERAS_PROV_CAPTURE, the project's settings, else all but MODEL, BATCH_METRICS and "
    "SYSTEM_METRICS, which have a cost (all,MODEL adds MODEL).",
)
@click.option("--tag", metavar="NAME", help="The dataflow's name. Default: the script's.")
@click.option(
    "--adaptation/--no-adaptation",
    default=None,
    help="Whether to capture changes of the learning rate. Default: if LEARNING_RATE is captured.",
)
@click.option(
    "--steering/--no-steering",
    default=None,
    help="Whether the trainings may be steered while they run, by keras-prov steer. Default: "
    "KERAS_PROV_STEERING, which may also list what may be asked of them, else not.",
)
@store_option
@click.option("-m", "is_module", is_flag=True, help="SCRIPT is a module, as for python -m.")
@click.argument("script")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENTS]…")
def run(
    capture: str | None,
    tag: str | None,
    adaptation: bool | None,
    steering: bool | None,
    store: str | None,
    is_module: bool,
    script: str,
    arguments: tuple[str, ...],
) -> None:
    """Run a Python SCRIPT unchanged, and capture the trainings of all its Keras models.

    The script gets its ARGUMENTS and ends as with python. Options come before SCRIPT.

    Example: keras-prov run --capture all,MODEL --tag digits train.py --epochs 30
    """
    try:
        _check_installed()
        settings.check()
        settings.store_url(store)
        check_home(settings.home(), "journals")
        if tag is None:
            tag = settings.dataflow_tag() or (storable_tag(script) if is_module else None)
        if tag is not None:
            checked_dataflow_tag(tag)
    except (DfAnalyzerError, TypeError, ValueError) as error:
        raise click.UsageError(str(error)) from None

    def capture_all(_: ModuleType) -> None:
        # by name, because this package never imports keras_prov
        ours = importlib.import_module("keras_prov._run_command")
        ours.capture_all(capture, tag, adaptation, store, steering)

    import wrapt  # here, as dfanalyzer-client comes without it

    # before the module is found: that imports its package, which may import Keras
    wrapt.register_post_import_hook(_import_ours, "keras")
    wrapt.register_post_import_hook(capture_all, "keras_prov")
    program, process = _program(script, arguments, is_module), os.getpid()
    try:
        program.run(arguments)
    except SystemExit as ended:
        if os.getpid() == process:
            _close(program, _failure(ended))
        raise
    if os.getpid() == process:  # not in a child that the script forked
        _close(program, None)


def _check_installed() -> None:
    """Raise DfAnalyzerError where only the client is installed, which captures no trainings."""
    if importlib.util.find_spec("keras_prov") is None:
        raise DfAnalyzerError(
            "keras-prov run captures trainings of Keras, for which dfanalyzer-client alone has "
            "nothing: pip uninstall dfanalyzer-client, then pip install keras-prov, or "
            "keras-prov-core with a backend."
        )


def _import_ours(_: ModuleType) -> None:
    importlib.import_module("keras_prov")


def _failure(ended: SystemExit) -> BaseException | str | None:
    """Why a program failed; `Program.run` hides its exception behind an exit code."""
    if ended.__suppress_context__ and ended.__context__ is not None:
        return ended.__context__
    return None if ended.code in (None, 0) else f"SystemExit: {ended.code}"


def _close(program: Program, error: BaseException | str | None) -> None:
    """Print what the user should know if the program imported Keras but trained nothing."""
    ours = sys.modules.get("keras_prov._run_command")
    line = ours.script_ended(program.path, error) if ours is not None else None
    if line is not None:
        click.echo(line, err=True)


def _program(script: str, arguments: Sequence[str], is_module: bool) -> Program:
    sys.argv[:] = ["-m" if is_module else script, *arguments]
    try:
        return load_module(script) if is_module else load_script(script)
    except SyntaxError as error:
        raise click.UsageError(f"{script} is not valid Python: {error}") from None
    except ImportError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"{script} cannot be read: {error.strerror}.") from None
