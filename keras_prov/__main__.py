"""`python -m keras_prov`: the `keras-prov` command."""

from __future__ import annotations

import os
import sys

from dfanalyzer_client.cli import main


def _without_keras(given: list[str]) -> list[str] | None:
    """The same command line without Keras, for ``run``; None for other commands.

    ``python -m keras_prov`` imports Keras before the script that it runs could choose a backend.
    """
    place = next((i for i, word in enumerate(given) if word == "keras_prov"), 0)
    is_run = given[place - 1 : place] == ["-m"] and given[place + 1 : place + 2] == ["run"]
    if not is_run or not sys.executable:
        return None
    return [sys.executable, *given[1:place], "dfanalyzer_client.cli", *given[place + 1 :]]


if __name__ == "__main__":
    if command := _without_keras(sys.orig_argv):
        os.execv(command[0], command)  # noqa: S606  # ourselves, without a shell
    main(prog_name="keras-prov")
