"""`python -m keras_prov`: the `keras-prov` command."""

from __future__ import annotations

from dfanalyzer_client.cli import main

main(prog_name="keras-prov")
