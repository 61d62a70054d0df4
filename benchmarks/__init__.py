"""Measurements of what we claim; `python -m benchmarks` runs them and writes a report."""
