"""Pictures of results, drawn by matplotlib, which is imported only here and only when asked for.

Every function returns the figure; a notebook shows it. Given `ax`, it draws there instead. Nothing
of matplotlib's own state is changed: neither its backend, nor its settings, nor pyplot's figures.
"""

from .curves import plot_curves, plot_run
from .importance import plot_importance
from .parallel import plot_parallel
from .runs import plot_comparison, plot_runs

__all__ = [
    "plot_comparison",
    "plot_curves",
    "plot_importance",
    "plot_parallel",
    "plot_run",
    "plot_runs",
]
