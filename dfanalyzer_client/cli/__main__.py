"""`python -m dfanalyzer_client.cli`: the command where its script is not on the path."""

from __future__ import annotations

from . import main

main(prog_name="keras-prov")
