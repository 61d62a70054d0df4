"""What we claim, measured: each module is one command, and `python -m benchmarks` runs them all."""
